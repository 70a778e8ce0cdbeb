/* SPDX-License-Identifier: Apache-2.0 */
/* From close to wrap-up, from silence to room, from a silent agent to the queue: through both logs
 * and out to the sessions. */
#include "core/route/setup.h"
#include "flow/team.h"
#include "lib/test.h"
#include "stage.h"

#include <stdio.h>

static struct pool_agent_view pool_says(const char *agent)
{
    struct pool_agent_view view = {0};
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    expect(pool_find_agent(team_pool(team), slice_of_string(agent), &view));
    return view;
}

static void closes(struct actor *agent)
{
    act_ask(agent, "{\"type\":\"close\",\"id\":\"c\",\"conversation\":\"%s\",\"owner\":\"%s\"}",
            agent->conversation, agent->owner);
    expect(will_hear(agent, "\"done\"", 1000));
}

static void wrap_up_is_told_and_ends_by_itself_or_early(void)
{
    stage_start();
    stage.settings.policy.wrap_up_ms = 30000;
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    closes(anna);
    expect(will_hear(anna, "\"wrap_up\"", 2000));
    expect_u64(pool_says("anna").wraps, 1);
    act_leave(anna); /* a reload tells it again */
    act_enter(anna);
    expect(will_hear(anna, "\"wrap_up\"", 1000));
    stage_run(31000);
    expect_u64(pool_says("anna").load, 0);
    expect(heard_ever(anna, "\"ends_in_ms\":0"));
    act_say(ada, "One thing more");
    stage_run(2000);
    expect_u64(pool_says("anna").wraps, 0);
    stage_end();
}

static void an_agent_may_be_done_early(void)
{
    stage_start();
    stage.settings.policy.wrap_up_ms = 30000;
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    closes(anna);
    expect(will_hear(anna, "\"wrap_up\"", 2000));
    act_ask(anna, "{\"type\":\"wrapped_up\",\"id\":\"w\",\"conversation\":\"%s\"}",
            anna->conversation);
    expect(will_hear(anna, "\"done\"", 1000));
    stage_run(1000);
    expect_u64(pool_says("anna").load, 0);
    stage_end();
}

static void a_silent_chat_weighs_less_until_somebody_speaks(void)
{
    stage_start();
    stage.settings.policy.idle_ms = 60000;
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    expect_u64(pool_says("anna").weight, 1000);
    stage_run(63000);
    expect_u64(pool_says("anna").weight, 100);
    expect(heard_ever(anna, "\"weight\":100"));
    anna->mark = anna->heard_len;
    act_say(ada, "I am back");
    stage_run(500);
    expect(heard(anna, "\"type\":\"weight\"") && heard(anna, "\"weight\":1000"));
    expect_u64(pool_says("anna").weight, 1000);
    stage_end();
}

/* Chatwoot 13516: the assignee stays silent. */
static void chatwoot_13516_a_silent_agent_loses_the_case_which_keeps_its_age(void)
{
    stage_start();
    stage.settings.policy.silence_ms = 20000;
    struct actor *bot = stage_bot("north"), *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    uint64_t first_ms = fold_of(ada)->first_queued_ms;
    act_say(anna, "How can I help?"); /* answered: nobody waits */
    stage_run(30000);
    expect_u64(fold_of(ada)->phase, PHASE_ACTIVE);
    act_say(ada, "Hello?");
    stage_run(19000);
    expect_u64(fold_of(ada)->phase, PHASE_ACTIVE);
    struct actor *ben = stage_agent("north", "ben");
    expect(will_hear(ben, "\"offer\"", 4000));
    expect_u64(fold_of(ada)->first_queued_ms, first_ms);
    expect(heard_ever(anna, "\"released\""));
    stage_end();
}

static void who_is_not_asked_has_the_chat_at_once(void)
{
    stage_start();
    stage.settings.policy.auto_accept = true;
    struct actor *anna = stage_agent("north", "anna"), *bot = stage_bot("north");
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague comes", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(anna, "\"assigned\"", 2000));
    expect(!heard_ever(anna, "\"type\":\"offer\""));
    expect_u64(fold_of(ada)->phase, PHASE_ACTIVE);
    stage_end();
}

/* Tiledesk chatbot 4, Zendesk switchboard: handoff to nobody. It is known at once that nobody can
 * ever take it, so nobody waits for a step. */
static void tiledesk_4_a_case_for_nobody_is_offered_at_once(void)
{
    stage_start();
    stage.settings.policy.relax_unknown_ms = 3600000;
    stage.settings.policy.relax_absent_ms = 3600000;
    struct actor *anna = stage_agent("north", "anna"), *bot = stage_bot("north");
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague comes",
            ",\"handoff\":{\"reason\":\"asked\",\"skills\":[{\"name\":\"astrology\",\"must\":true,"
            "\"level\":900}]}");
    expect(will_hear(anna, "\"offer\"", 2000));
    expect_u64(pools_team(stage.node, SLICE_OF("north"))->metrics.stranded, 1);
    stage_end();
}

/* Outside the hours the customer is told, once; the case waits, and whoever is there may take it.
 */
static void who_comes_outside_the_hours_is_told_and_waits(void)
{
    static struct route_setup setup;
    stage_start();
    setup = (struct route_setup){.queue_count = 1};
    struct route_queue *queue = &setup.queues[0];
    route_name_set(&queue->name, SLICE_OF(ROUTE_QUEUE_DEFAULT));
    queue->has_hours = true; /* and never open */
    queue->offline_len = (uint16_t)snprintf(
            queue->offline_text, sizeof queue->offline_text, "We are back at nine.");
    stage.settings.policy.setup = &setup;
    struct actor *bot = stage_bot("north"), *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague comes", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(ada, "We are back at nine.", 2000));
    uint64_t seq = fold_of(ada)->tail.seq;
    stage_run(20000);
    expect_u64(fold_of(ada)->tail.seq, seq);
    struct actor *anna = stage_agent("north", "anna");
    expect(will_hear(anna, "\"offer\"", 2000));
    stage_end();
}

/* The moment of opening is in the answer and in the frame that tells the place; when it has come,
 * the place is told without it. */
static void the_next_opening_is_told(void)
{
    enum { DAY = 24 * 60 };
    static struct route_setup setup;
    char moment[HOURS_LOCAL_TEXT], sentence[64];
    stage_start();
    uint64_t opens = node_time_ms(stage.node) / 60000 + 2;
    setup = (struct route_setup){.queue_count = 1};
    struct route_queue *queue = &setup.queues[0];
    route_name_set(&queue->name, SLICE_OF(ROUTE_QUEUE_DEFAULT));
    queue->has_hours = true; /* in two minutes; 1970 began on a Thursday */
    queue->hours.spans[0] = (struct hours_span){
            (uint8_t)((opens / DAY + 4) % 7), (uint16_t)(opens % DAY), (uint16_t)DAY};
    queue->hours.span_count = 1;
    queue->offline_len =
            (uint16_t)snprintf(queue->offline_text, sizeof queue->offline_text, "Back at {opens}.");
    stage.settings.policy.setup = &setup;
    uint64_t opens_ms = opens * 60000;
    struct slice text = hours_write_local(&queue->hours, opens_ms, moment);
    snprintf(sentence, sizeof sentence, "Back at %.*s.", SLICE_ARGS(text));
    struct actor *bot = stage_bot("north"), *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague comes", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(ada, sentence, 2000));
    expect(will_hear(ada, "\"opens_in_ms\":", 2000));
    ada->mark = ada->heard_len;
    stage_run(opens_ms + 62000 - node_time_ms(stage.node));
    expect(heard(ada, "\"type\":\"queue\""));
    expect(!heard(ada, "\"opens_in_ms\""));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(wrap_up_is_told_and_ends_by_itself_or_early),
                    CASE(an_agent_may_be_done_early),
                    CASE(a_silent_chat_weighs_less_until_somebody_speaks),
                    CASE(chatwoot_13516_a_silent_agent_loses_the_case_which_keeps_its_age),
                    CASE(who_is_not_asked_has_the_chat_at_once),
                    CASE(tiledesk_4_a_case_for_nobody_is_offered_at_once),
                    CASE(who_comes_outside_the_hours_is_told_and_waits),
                    CASE(the_next_opening_is_told), {0}});
}
