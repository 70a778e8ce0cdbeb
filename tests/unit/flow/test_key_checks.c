/* SPDX-License-Identifier: Apache-2.0 */
/* A node that holds a conversation whose key was destroyed, and whose log does not say so: a
 * failover took ERASED back, or who was at it died in between.
 */
#include "lib/test.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

static struct actor *ada;

static void drop_from_key_store(const char *name)
{
    char key[64];
    size_t len = (size_t)snprintf(key, sizeof key, "k:%s", name);
    expect(fake_server_holds(stage.key_server, slice_make(key, len)));
    fake_server_drop(stage.key_server, slice_make(key, len));
}

/* Ada has said something, and now there is no key. */
static void lose_key(void)
{
    stage_start();
    ada = stage_customer("north");
    act_say(ada, "Hello");
    drop_from_key_store(ada->conversation);
}

static uint64_t key_store_answers(void)
{
    const struct fake_tally *tally = fake_server_tally(stage.key_server);
    uint64_t sum = 0;
    for (size_t verb = 0; verb < FAKE_VERBS; verb++)
        for (size_t outcome = 0; outcome < FAKE_OUTCOMES; outcome++)
            sum += tally->times[verb][outcome];
    return sum;
}

static void a_destroyed_key_is_forgotten_in_the_next_life_of_the_link(void)
{
    lose_key();
    stage_run(5000);
    expect(ada->close_code == 0); /* nobody has reason to ask */
    fake_store_cut(stage.store);
    stage_run(2000);
    expect(heard_ever(ada, "\"conversation_erased\""));
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_REVOKED);
    static const uint8_t none[KEY_SIZE];
    const struct chat *chat = chat_find(stage.node, slice_of_string(ada->conversation));
    expect(chat == NULL || memcmp(chat->key, none, KEY_SIZE) == 0);
    stage_end();
}

static void an_emptied_key_store_erases_nobody(void)
{
    stage_start_nodes(2);
    ada = stage_customer("north");
    act_say(ada, "Hello");
    drop_from_key_store(ada->conversation);
    drop_from_key_store("master-key");
    drop_from_key_store("birth");
    stage_kill(1);
    stage_revive(1); /* and writes both anew */
    stage_run(2000);
    fake_store_cut(stage.store);
    stage_run(5000);
    expect(ada->close_code == 0);
    act_say(ada, "Still there");
    expect(heard(ada, "\"ack\""));
    stage_end();
}

static void a_key_store_that_is_away_holds_nobody_up_and_is_asked_again(void)
{
    lose_key();
    fake_server_kill(stage.key_server);
    fake_store_cut(stage.store);
    stage_run(5000);
    act_say(ada, "Still there");
    expect(heard(ada, "\"ack\"") && ada->close_code == 0);
    fake_server_start(stage.key_server);
    stage_run(5000);
    expect_u64((uint64_t)ada->close_code, PROTO_CLOSE_REVOKED);
    stage_end();
}

static void a_key_that_is_there_is_asked_for_once_a_life(void)
{
    stage_start();
    ada = stage_customer("north");
    act_say(ada, "Hello");
    uint64_t before = key_store_answers();
    for (unsigned life = 1; life <= 3; life++) {
        fake_store_cut(stage.store);
        stage_run(2000);
        act_say(ada, "Hello again");
        stage_run(2000);
        expect_u64(key_store_answers(), before + life);
    }
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_destroyed_key_is_forgotten_in_the_next_life_of_the_link),
                    CASE(an_emptied_key_store_erases_nobody),
                    CASE(a_key_store_that_is_away_holds_nobody_up_and_is_asked_again),
                    CASE(a_key_that_is_there_is_asked_for_once_a_life), {0}});
}
