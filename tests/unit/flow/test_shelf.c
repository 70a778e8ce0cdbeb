/* SPDX-License-Identifier: Apache-2.0 */
/* A fold that rests on the shelf is the fold that it was: whoever comes back notices nothing. */
#include "flow/conversations.h"
#include "lib/test.h"
#include "stage.h"

enum { LONG_MS = 20000 };

static const struct chat *chat_of(const struct actor *actor)
{
    const struct chat *chat = chat_find(stage.node, slice_of_string(actor->conversation));
    expect(chat != NULL);
    return chat;
}

static bool rests(const struct actor *actor)
{
    return chat_of(actor)->fold_in_use == NULL && chat_of(actor)->fold_away.len > 0;
}

static void who_says_nothing_costs_little(void)
{
    stage_start();
    struct actor *ada = stage_customer("north");
    expect(!rests(ada));
    stage_run(LONG_MS);
    expect(rests(ada));
    expect(chat_of(ada)->fold_away.len < 256);
    act_say(ada, "Are you there?");
    expect(heard(ada, "\"ack\"") && !rests(ada));
    stage_end();
}

static void what_was_known_is_known_again(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    act_say(ada, "The blue one");
    uint64_t n = ada->n;
    struct conversation before = *fold_of(ada);
    stage_run(LONG_MS);
    expect(rests(ada));
    const struct conversation *after = fold_of(ada);
    expect(name_equal(&after->tail, &before.tail) && after->phase == before.phase);
    expect(name_equal(&after->owner, &before.owner));
    stage_run(LONG_MS);
    act_ask(ada,
            "{\"type\":\"send\",\"id\":\"r\",\"lineage\":\"%s\",\"n\":%llu,\"body\":{\"kind\":"
            "\"text\",\"text\":\"The blue one\"}}",
            ada->lineage, (unsigned long long)n);
    expect(heard(ada, "\"ack\"")); /* a retry, from the window */
    stage_run(LONG_MS);
    act_say(anna, "It is on its way"); /* with the token of before */
    expect(will_hear(ada, "It is on its way", 1000));
    stage_end();
}

/* More folds than there is room for: who was unused for longest rests before its time. */
static void a_crowd_rests_early(void)
{
    enum { CROWD = 7, ROOM = 3 };
    struct actor *crowd[CROWD];
    stage_start();
    stage.settings.folds_max = ROOM;
    for (size_t i = 0; i < CROWD; i++)
        crowd[i] = stage_customer("north");
    stage_run(1000);
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < CROWD; i++)
            act_say(crowd[i], "One of many");
        stage_run(1000); /* so that no turn is open */
        size_t resting = 0;
        for (size_t i = 0; i < CROWD; i++)
            resting += rests(crowd[i]);
        expect_u64(resting, CROWD - ROOM);
    }
    for (size_t i = 0; i < CROWD; i++)
        expect_u64(fold_of(crowd[i])->lineages.all[0].highest, 3);
    stage_end();
}

static void a_new_life_of_the_link_reads_it_anew(void)
{
    stage_start();
    struct actor *ada = stage_customer("north");
    stage_run(LONG_MS);
    expect(rests(ada));
    fake_store_cut(stage.store);
    stage_run(LONG_MS);
    act_say(ada, "Still here");
    expect(will_hear(ada, "\"ack\"", 5000));
    expect_u64(chat_of(ada)->log.state, LOG_READY);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(who_says_nothing_costs_little),
                    CASE(what_was_known_is_known_again), CASE(a_crowd_rests_early),
                    CASE(a_new_life_of_the_link_reads_it_anew), {0}});
}
