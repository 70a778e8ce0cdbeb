/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes up a turn: which worker, at which node, and what becomes of it when they go. */
#include "lib/test.h"
#include "stage.h"

#include <string.h>

/* ---- at one node ------------------------------------------------------------------------------
 */

/* Two workers; the one that was chosen leaves so many ms after the words came. Returns whether the
 * turn had reached neither of them by then. */
static bool leave_before_the_turn(unsigned ms)
{
    stage_start();
    stage.settings.bot_absent_ms = 60 * 1000;
    struct actor *bot = stage_bot("north"), *other = stage_bot("north");
    struct actor *ada = stage_customer("north");
    fake_server_faults(stage.server)->delay_ms_max = 20; /* so that to read the input takes time */
    act_later(ada, ms,
            "{\"type\":\"send\",\"id\":\"s\",\"lineage\":\"%s\",\"n\":1,\"body\":{\"kind\":"
            "\"text\","
            "\"text\":\"Hello\"}}",
            ada->lineage);
    bool is_early = !heard_ever(bot, "\"turn\"") && !heard_ever(other, "\"turn\"");
    act_leave(bot);
    test_note("after %u ms", ms);
    expect(will_hear(other, "\"turn\"", 2000) || heard_ever(other, "\"turn\""));
    stage_end();
    return is_early;
}

static void a_turn_whose_worker_leaves_before_it_came_goes_to_another_at_once(void)
{
    unsigned early = 0;
    for (unsigned ms = 0; ms < 300; ms += 2)
        early += leave_before_the_turn(ms);
    expect(early > 0 && early < 150);
}

/* ---- at two nodes -----------------------------------------------------------------------------
 */

static void begin(void)
{
    stage_start_nodes(2);
    stage_silence_bell(); /* nodes hear of each other by hints alone */
}

static void a_bot_at_another_node_serves_a_customer(void)
{
    begin();
    struct actor *bot = stage_bot_at(1), *ada = stage_customer_at(0);
    stage_run(1500);
    act_say(ada, "Where is my parcel?");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 500));
    act_commit(bot, "On its way", "");
    expect(heard(bot, "\"ack\""));
    expect(will_hear(ada, "On its way", 500));
    stage_run(10000);
    expect_u64(times_heard(bot, "\"type\":\"turn\""), 1);
    expect_u64(times_heard(bot, "\"type\":\"cancel\""), 0);
    stage_end();
}

static void a_turn_is_carried_by_one_node_when_both_could(void)
{
    begin();
    struct actor *bot = stage_bot_at(0), *other = stage_bot_at(1), *ada = stage_customer_at(0);
    struct actor *anna = stage_agent_at(1, "anna");
    hand_to_agent(ada, bot, anna);
    act_ask(anna, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            anna->conversation, anna->owner);
    act_ask(anna, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ada->conversation);
    stage_run(1500);
    act_say(ada, "One more thing"); /* both nodes follow the conversation */
    stage_run(3000);
    expect_u64(times_heard(bot, "\"type\":\"turn\""), 2);
    expect_u64(times_heard(other, "\"type\":\"turn\""), 0);
    stage_end();
}

static void a_turn_whose_bots_node_died_goes_to_another_bot(void)
{
    begin();
    struct actor *bot = stage_bot_at(1), *ada = stage_customer_at(0);
    stage_run(1500);
    act_say(ada, "Where is my parcel?");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 500));
    stage_kill(1);
    struct actor *other = stage_bot_at(0);
    expect(will_hear(other, "\"turn\"", stage.settings.turn_lease_ms + 2000));
    act_commit(other, "On its way", "");
    expect(will_hear(ada, "On its way", 500) || heard_ever(ada, "On its way"));
    stage_end();
}

static void a_turn_whose_bots_node_died_goes_to_people(void)
{
    begin();
    struct actor *bot = stage_bot_at(1), *ada = stage_customer_at(0),
                 *anna = stage_agent_at(0, "anna");
    stage_run(1500);
    act_say(ada, "Where is my parcel?");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 500));
    stage_kill(1);
    expect(will_hear(anna, "\"offer\"", stage.settings.turn_lease_ms + 10000));
    stage_end();
}

/* A worker that sends progress keeps its turn, also at another node. */
static void progress_at_another_node_extends_the_lease(void)
{
    begin();
    struct actor *bot = stage_bot_at(1), *ada = stage_customer_at(0);
    stage_run(1500);
    act_say(ada, "Where is my parcel?");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 500));
    for (unsigned i = 0; i < 4; i++)
        act_later(bot, 3000, "{\"type\":\"progress\",\"conversation\":\"%s\",\"turn\":\"%s\"}",
                bot->conversation, bot->turn);
    act_commit(bot, "On its way", "");
    expect(heard(bot, "\"ack\""));
    expect_u64(times_heard(bot, "\"type\":\"turn\""), 1);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){
                    CASE(a_turn_whose_worker_leaves_before_it_came_goes_to_another_at_once),
                    CASE(a_bot_at_another_node_serves_a_customer),
                    CASE(a_turn_is_carried_by_one_node_when_both_could),
                    CASE(a_turn_whose_bots_node_died_goes_to_another_bot),
                    CASE(a_turn_whose_bots_node_died_goes_to_people),
                    CASE(progress_at_another_node_extends_the_lease), {0}});
}
