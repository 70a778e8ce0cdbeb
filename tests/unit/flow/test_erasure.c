/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation that is erased: here, and on nodes that hear of it later. */
#include "flow/erase.h"
#include "lib/test.h"
#include "stage.h"

static struct actor *ada;

static enum erase_outcome erased;

static void on_erased(void *user, enum erase_outcome outcome)
{
    (void)user;
    erased = outcome;
}

/* By the first node. */
static void act_erase(const struct actor *actor)
{
    erased = ERASE_RETRY;
    erase_conversation(stage.node, slice_of_string(actor->conversation), on_erased, NULL);
    stage_run(500);
    expect(erased == ERASE_DONE);
}

/* On another device, at the same node. */
static void expect_to_begin_anew(const struct actor *erased_one)
{
    struct actor *again = stage_actor();
    again->on = erased_one->on;
    memcpy(again->token, erased_one->token, sizeof again->token);
    act_enter(again);
    expect(will_hear(again, "\"welcome\"", 1000));
    expect(strcmp(again->conversation, erased_one->conversation) != 0);
}

static void who_was_erased_can_come_back_as_somebody_new(void)
{
    stage_start();
    ada = stage_known("north", "ada");
    act_say(ada, "Hello");
    act_erase(ada);
    expect_u64((uint64_t)ada->close_code, 4403);
    expect_to_begin_anew(ada);
    stage_end();
}

static void an_erased_case_leaves_the_queue_and_its_agent(void)
{
    stage_start();
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *bob = stage_customer("north");
    ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    act_erase(ada);
    stage_run(1000);
    expect(heard_ever(anna, "\"released\""));
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    act_say(bob, "My parcel is late");
    act_commit(bot, "A colleague", ",\"handoff\":{\"reason\":\"asked\"}");
    act_erase(bob);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"online\"}");
    stage_run(60000);
    expect(!heard(anna, "\"offer\"") && !heard(anna, "\"cancel\""));
    expect(!heard(anna, "\"away\""));
    stage_end();
}

static void an_erased_turn_gives_the_worker_its_credit_back(void)
{
    stage_start();
    struct actor *bot = stage_bot("north");
    for (unsigned i = 0; i < 5; i++) { /* it has four */
        ada = stage_customer("north");
        bot->mark = bot->heard_len;
        act_say(ada, "Hello");
        expect(will_hear(bot, "\"turn\"", 300));
        act_erase(ada);
    }
    stage_end();
}

static void who_is_erased_leaves_all_nodes(void)
{
    stage_start_nodes(2);
    stage_on(1);
    ada = stage_customer("north");
    stage_run(3000); /* all know of all */
    act_erase(ada);
    expect(heard_ever(ada, "\"conversation_erased\""));
    expect(ada->close_code != 0);
    const struct chat *chat = chat_find(stage.nodes[1].node, slice_of_string(ada->conversation));
    static const uint8_t none[KEY_SIZE];
    expect(chat == NULL || memcmp(chat->key, none, KEY_SIZE) == 0);
    stage_end();
}

/* Ada's node does not know yet that another one erased her conversation. */
static void erase_unheard(void)
{
    stage_start_nodes(2);
    stage_on(1);
    ada = stage_known("north", "crm-1");
    act_say(ada, "Hello");
    stage_run(3000);
    fake_bus_faults(stage.bus)->is_silent = true;
    act_erase(ada);
    expect(ada->close_code == 0);
}

static void who_was_erased_elsewhere_begins_anew_here(void)
{
    erase_unheard();
    expect_to_begin_anew(ada);
    stage_end();
}

static void what_was_read_after_it_was_erased_elsewhere_is_not_kept(void)
{
    char key[64];
    erase_unheard();
    struct slice places =
            slice_make(key, conversation_cursors_key(slice_of_string(ada->conversation), key));
    expect(fake_server_zset_is_empty(stage.server, places));
    act_ask(ada, "{\"type\":\"receipt\",\"read\":\"2-0000000000000000\"}");
    expect(!fake_server_zset_is_empty(stage.server, places));
    fake_bus_faults(stage.bus)->is_silent = false;
    fake_hints_cut(stage.nodes[1].hints);
    stage_run(1000);
    expect(ada->close_code != 0 && fake_server_zset_is_empty(stage.server, places));
    stage_end();
}

int main(int argc, char **argv)
{
    stage_silence_bell();
    return test_main(argc, argv,
            (struct test_case[]){CASE(who_was_erased_can_come_back_as_somebody_new),
                    CASE(an_erased_case_leaves_the_queue_and_its_agent),
                    CASE(an_erased_turn_gives_the_worker_its_credit_back),
                    CASE(who_is_erased_leaves_all_nodes),
                    CASE(who_was_erased_elsewhere_begins_anew_here),
                    CASE(what_was_read_after_it_was_erased_elsewhere_is_not_kept), {0}});
}
