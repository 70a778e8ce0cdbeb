/* SPDX-License-Identifier: Apache-2.0 */
/* Who need not wait: a callback is offered, agreed, kept through restarts, tried, and ended. */
#include "core/route/setup.h"
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

#include <stdlib.h>

enum { MINUTE_MS = 60000 };

static struct route_setup setup;

/* One queue, with callbacks of every kind: three attempts, ten minutes apart. */
static struct route_queue *begin_at(size_t nodes)
{
    stage_start_nodes(nodes);
    setup = (struct route_setup){.queue_count = 1};
    struct route_queue *queue = &setup.queues[0];
    route_name_set(&queue->name, SLICE_OF(ROUTE_QUEUE_DEFAULT));
    queue->callback = (struct route_callback){.channels = 7,
            .wait_ms = 2 * MINUTE_MS,
            .window_ms = 60 * MINUTE_MS,
            .attempts = 3,
            .retry_ms = 10 * MINUTE_MS,
            .outcome_ms = 20 * MINUTE_MS};
    stage.settings.policy.setup = &setup;
    return queue;
}

static struct route_queue *begin(void)
{
    return begin_at(1);
}

static struct actor *who_waits(struct actor **bot)
{
    *bot = stage_bot("north");
    struct actor *ada = stage_customer("north");
    act_say(ada, "Hello");
    expect(will_hear(*bot, "\"turn\"", 1000));
    act_commit(*bot, "A colleague comes", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(ada, "\"type\":\"queue\"", 2000));
    return ada;
}

static void ask(struct actor *ada, const char *more)
{
    act_ask(ada, "{\"type\":\"ask_callback\",\"id\":\"c\",%s}", more);
}

static void cancel(struct actor *ada)
{
    act_ask(ada, "{\"type\":\"cancel_callback\",\"id\":\"c\"}");
    expect(heard(ada, "\"done\""));
}

static void take_offer(struct actor *anna)
{
    anna->mark = anna->heard_len;
    act_ask(anna, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%s\"}", anna->offer);
    expect(will_hear(anna, "\"assigned\"", 2000));
}

static void record(struct actor *anna, bool is_reached)
{
    act_ask(anna,
            "{\"type\":\"callback_outcome\",\"id\":\"o\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"reached\":%s}",
            anna->conversation, anna->owner, is_reached ? "true" : "false");
    expect(heard(anna, "\"done\""));
}

static bool has_request(const struct actor *ada)
{
    struct team *team = pools_team(stage.node, SLICE_OF("north"));
    struct pool_key key = {slice_of_string(ada->conversation), fold_of(ada)->request};
    struct pool_request_view view;
    return pool_find(team_pool(team), &key, &view);
}

static void it_is_offered_agreed_shown_to_the_agent_and_ended(void)
{
    struct actor *bot;
    begin();
    struct actor *ada = who_waits(&bot);
    expect(will_hear(ada, "\"ways\":[\"chat\",\"phone\",\"email\"]", 2000)); /* nobody is there */
    uint64_t first_ms = fold_of(ada)->first_queued_ms;
    ask(ada, "\"channel\":\"phone\",\"address\":\"+49 (30) 123-456\"");
    expect(heard(ada, "\"done\""));
    expect(heard(ada, "\"agreed\":{\"channel\":\"phone\",\"address\":\"+4930123456\""));
    expect(has_request(ada));
    act_leave(ada);
    struct actor *anna = stage_agent("north", "anna");
    expect(will_hear(anna, "\"offer\"", 2000));
    expect(heard_ever(anna, "\"callback\":{\"channel\":\"phone\",\"address\":\"+4930123456\","
                            "\"attempts_max\":3}"));
    take_offer(anna);
    expect(heard(anna, "\"callback\":{\"channel\":\"phone\""));
    record(anna, true);
    expect(fold_of(ada)->phase == PHASE_ACTIVE);
    expect(!callback_is_agreed(&fold_of(ada)->callback));
    expect_u64(fold_of(ada)->first_queued_ms, first_ms);
    stage_end();
}

static void who_comes_back_is_told_what_was_agreed_and_may_cancel(void)
{
    struct actor *bot;
    begin();
    struct actor *ada = who_waits(&bot);
    ask(ada, "\"channel\":\"chat\"");
    expect(heard(ada, "\"agreed\":{\"channel\":\"chat\""));
    act_leave(ada);
    ada->mark = ada->heard_len;
    act_enter(ada);
    expect(will_hear(ada, "\"agreed\":{\"channel\":\"chat\"", 2000));
    cancel(ada);
    expect(will_hear(ada, "\"ways\":[\"chat\"", 2000)); /* it is offered again */
    cancel(ada);
    expect(has_request(ada));
    stage_end();
}

/* The next whole hour is offered; before it nobody is asked, and a restart changes nothing. */
static void nobody_is_asked_before_the_window_even_after_a_restart(void)
{
    struct actor *bot;
    char wish[128], due[64];
    begin();
    struct actor *ada = who_waits(&bot);
    uint64_t hour_ms = 60 * MINUTE_MS, first_ms = fold_of(ada)->first_queued_ms;
    uint64_t due_ms = (node_time_ms(stage.node) / hour_ms + 1) * hour_ms;
    if (due_ms - node_time_ms(stage.node) < 5 * MINUTE_MS)
        due_ms += hour_ms;
    snprintf(due, sizeof due, "{\"from_ms\":%llu,\"until_ms\":%llu}", (unsigned long long)due_ms,
            (unsigned long long)(due_ms + hour_ms));
    expect(will_hear(ada, due, 2000));
    snprintf(
            wish, sizeof wish, "\"channel\":\"chat\",\"from_ms\":%llu", (unsigned long long)due_ms);
    ask(ada, wish);
    expect(heard(ada, "\"done\""));
    expect(will_hear(ada, "\"position\":0", 2000)); /* in no line until then */
    expect(!has_request(ada));
    struct actor *anna = stage_agent("north", "anna");
    stage_run(2 * MINUTE_MS);
    expect(!heard_ever(anna, "\"offer\""));
    stage_make_supervisor("north", "anna");
    act_ask(anna, "{\"type\":\"explain\",\"id\":\"e\",\"conversation\":\"%s\"}", ada->conversation);
    expect(heard(anna, "\"type\":\"explained\"") && heard(anna, "\"from_ms\":"));
    stage_kill(0);
    stage_revive(0);
    act_enter(anna);
    act_ask(anna, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"online\"}");
    anna->mark = anna->heard_len;
    stage_run(due_ms - node_time_ms(stage.node) - MINUTE_MS);
    expect(!heard(anna, "\"type\":\"offer\""));
    expect(will_hear(anna, "\"type\":\"offer\"", 2 * MINUTE_MS));
    expect_u64(fold_of(ada)->first_queued_ms, first_ms);
    stage_end();
}

/* ---- as supervisors see it ---- */

static void lists(struct actor *anna)
{
    act_ask(anna, "{\"type\":\"list_cases\",\"id\":\"l\"}");
    expect(will_hear(anna, "\"type\":\"cases\"", 2000));
}

static void count_items(void *user, const struct store_reply *reply)
{
    expect_u64(reply->outcome, STORE_OK);
    *(size_t *)user = reply->item_count;
}

static size_t indexed(void)
{
    size_t count = SIZE_MAX;
    stage.store->ops->zset_range(
            stage.store, SLICE_OF("{p:north}ahead"), 0, UINT64_MAX, 9, count_items, &count);
    stage_run(100);
    return count;
}

/* Two hours from now, at the hour; the number is +4930123456. */
static uint64_t agree_on_a_call(struct actor *ada)
{
    char wish[128];
    uint64_t hour_ms = 60 * MINUTE_MS;
    uint64_t due_ms = (node_time_ms(stage.node) / hour_ms + 2) * hour_ms;
    snprintf(wish, sizeof wish,
            "\"channel\":\"phone\",\"address\":\"+4930123456\",\"from_ms\":%llu",
            (unsigned long long)due_ms);
    ask(ada, wish);
    expect(heard(ada, "\"done\""));
    stage_run(1000);
    return due_ms;
}

static void supervisors_see_when_and_not_where_also_after_a_restart(void)
{
    struct actor *bot;
    char shown[128];
    begin();
    struct actor *ada = who_waits(&bot);
    uint64_t due_ms = agree_on_a_call(ada);
    snprintf(shown, sizeof shown, "\"callback\":{\"channel\":\"phone\",\"from_ms\":%llu",
            (unsigned long long)due_ms);
    act_leave(ada);
    struct actor *anna = stage_agent("north", "anna");
    stage_make_supervisor("north", "anna");
    lists(anna);
    expect(heard(anna, ada->conversation) && heard(anna, shown));
    expect(!heard_ever(anna, "4930123456") && !heard(anna, "\"more\""));
    stage_kill(0);
    stage_revive(0);
    act_enter(anna);
    lists(anna);
    expect(heard(anna, ada->conversation) && heard(anna, shown));
    expect_u64(indexed(), 1);
    act_enter(ada);
    act_say(ada, "I am back");
    stage_run(1000);
    lists(anna);
    expect(heard(anna, ada->conversation) && !heard(anna, "\"callback\":{"));
    expect_u64(indexed(), 0);
    stage_end();
}

/* Due, the pool has it; and nobody needs to make a list for the index to be told. */
static void who_is_due_is_listed_as_any_other_and_leaves_the_index(void)
{
    struct actor *bot;
    begin();
    struct actor *ada = who_waits(&bot);
    uint64_t due_ms = agree_on_a_call(ada);
    act_leave(ada);
    expect_u64(indexed(), 1);
    uint64_t wait_ms = due_ms - node_time_ms(stage.node);
    stage_kill(0); /* nobody here knows that it was ahead */
    stage_run(wait_ms + MINUTE_MS);
    stage_revive(0);
    stage_run(2 * MINUTE_MS);
    expect_u64(indexed(), 0);
    struct actor *anna = stage_agent("north", "anna");
    stage_make_supervisor("north", "anna");
    lists(anna);
    expect(heard(anna, ada->conversation) && !heard(anna, "\"callback\":{"));
    stage_end();
}

/* The index says where to look; what is so, the conversation says. */
static void what_the_index_says_wrongly_is_not_shown_and_goes(void)
{
    struct actor *bot;
    begin();
    struct actor *bob = stage_customer("north"), *eva = stage_customer("south");
    bot = stage_bot("north");
    act_say(bob, "Hello");
    expect(will_hear(bot, "\"turn\"", 1000));
    uint64_t later_ms = node_time_ms(stage.node) + 60 * MINUTE_MS;
    const char *wrong[] = {bob->conversation, eva->conversation, "nobody"};
    for (size_t i = 0; i < 3; i++)
        stage.store->ops->zset_add(stage.store, SLICE_OF("{p:north}ahead"),
                slice_of_string(wrong[i]), later_ms, ZSET_SET, NULL, NULL);
    struct actor *anna = stage_agent("north", "anna");
    stage_make_supervisor("north", "anna");
    lists(anna);
    expect(!heard(anna, bob->conversation) && !heard(anna, eva->conversation));
    expect(!heard(anna, "nobody"));
    expect_u64(indexed(), 0);
    stage_end();
}

/* Whose log cannot be read here may be whose callback stands. */
static void who_cannot_be_read_stays_in_the_index(void)
{
    struct actor *bot;
    char key[64];
    begin();
    struct actor *ada = who_waits(&bot);
    agree_on_a_call(ada);
    uint64_t next_seq = fold_of(ada)->tail.seq + 1;
    act_leave(ada);
    stage_kill(0);
    stage_revive(0);
    size_t len = conversation_log_key(slice_of_string(ada->conversation), key);
    expect(fake_server_append(stage.server, slice_make(key, len), next_seq,
                   SLICE_OF("\x7f of a newer version")) == STORE_OK);
    stage_run(1000);
    struct actor *anna = stage_agent("north", "anna");
    stage_make_supervisor("north", "anna");
    lists(anna);
    expect(heard(anna, "\"more\":true"));
    expect_u64(indexed(), 1);
    stage_end();
}

/* What a failover took back, or a dying link never did, is done again. */
static void the_index_is_told_anew_in_a_new_life_of_the_link(void)
{
    struct actor *bot;
    begin();
    struct actor *ada = who_waits(&bot);
    agree_on_a_call(ada);
    stage.store->ops->zset_remove(stage.store, SLICE_OF("{p:north}ahead"),
            slice_of_string(ada->conversation), NULL, NULL);
    expect_u64(indexed(), 0);
    fake_store_cut(stage.store);
    stage_run(5000);
    expect_u64(indexed(), 1);
    stage_end();
}

static size_t removals_from_the_index(void)
{
    char *trace = NULL;
    size_t len = 0, count = 0;
    FILE *out = open_memstream(&trace, &len);
    fake_server_trace(stage.server, out);
    fclose(out);
    for (const char *at = trace; (at = strstr(at, "ran zset_remove {p:north}ahead")); at++)
        count++;
    free(trace);
    return count;
}

/* It may be behind: another one may have been agreed since. */
static void who_only_hears_of_the_end_of_a_callback_leaves_the_index_alone(void)
{
    struct actor *bot;
    begin_at(2);
    stage_make_supervisor("north", "ben");
    struct actor *ada = who_waits(&bot), *ben = stage_window("north", "ben", 1);
    act_ask(ben, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ada->conversation);
    expect(will_hear(ben, "\"done\"", 1000));
    agree_on_a_call(ada);
    cancel(ada);
    expect(will_hear(ben, "cancelled", 2000));
    stage_run(1000);
    expect_u64(removals_from_the_index(), 1);
    expect_u64(indexed(), 0);
    stage_end();
}

/* The due index looks at the conversation once more, ten seconds later. */
static void what_could_not_be_noted_in_the_index_is_noted_later(void)
{
    struct actor *bot;
    char wish[128];
    begin();
    struct actor *ada = who_waits(&bot);
    uint64_t hour_ms = 60 * MINUTE_MS;
    snprintf(wish, sizeof wish, "\"channel\":\"chat\",\"from_ms\":%llu",
            (unsigned long long)(node_time_ms(stage.node) / hour_ms + 2) * hour_ms);
    act_later(ada, 0, "{\"type\":\"ask_callback\",\"id\":\"c\",%s}", wish);
    while (!callback_is_agreed(&fold_of(ada)->callback))
        stage_run(1);
    fake_server_faults(stage.server)->full_per_mille = 1000;
    stage_run(1000);
    fake_server_faults(stage.server)->full_per_mille = 0;
    expect_u64(indexed(), 0);
    stage_run(25000);
    expect_u64(indexed(), 1);
    stage_end();
}

/* Its queue says how often and when: only the pool knows which that is. */
static void an_attempt_is_not_counted_before_the_pool_knows_the_case(void)
{
    struct actor *bot;
    char wanted[64];
    struct route_queue *queue = begin();
    queue->callback.attempts = 2;
    struct actor *ada = who_waits(&bot);
    agree_on_a_call(ada);
    struct actor *anna = stage_agent("north", "anna");
    stage_make_supervisor("north", "anna");
    act_later(anna, 0, "{\"type\":\"take_over\",\"id\":\"t\",\"conversation\":\"%s\"}",
            ada->conversation);
    while (fold_of(ada)->phase != PHASE_ACTIVE)
        stage_run(1);
    expect(!has_request(ada));
    snprintf(anna->conversation, sizeof anna->conversation, "%s", ada->conversation);
    char owner[NAME_TEXT_MAX];
    size_t len = name_write(&fold_of(ada)->owner, owner);
    snprintf(anna->owner, sizeof anna->owner, "%.*s", (int)len, owner);
    act_ask(anna,
            "{\"type\":\"callback_outcome\",\"id\":\"o\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"reached\":false}",
            anna->conversation, anna->owner);
    expect(heard(anna, "\"store_unavailable\"") && heard(anna, "\"retry\":\"same\""));
    expect(has_request(ada));
    record(anna, false);
    expect_u64(fold_of(ada)->callback.attempts, 1);
    uint64_t due_ms = fold_of(ada)->callback.due_ms, now_ms = node_time_ms(stage.node);
    snprintf(wanted, sizeof wanted, "due in %llu ms", (unsigned long long)(due_ms - now_ms));
    test_note("%s", wanted);
    expect(due_ms > now_ms && due_ms <= now_ms + 10 * MINUTE_MS);
    stage_end();
}

static void who_writes_meanwhile_waits_as_any_other_at_once(void)
{
    struct actor *bot;
    char wish[128];
    begin();
    struct actor *ada = who_waits(&bot);
    uint64_t hour_ms = 60 * MINUTE_MS, first_ms = fold_of(ada)->first_queued_ms;
    uint64_t due_ms = (node_time_ms(stage.node) / hour_ms + 2) * hour_ms;
    snprintf(wish, sizeof wish, "\"channel\":\"phone\",\"address\":\"030123456\",\"from_ms\":%llu",
            (unsigned long long)due_ms);
    ask(ada, wish);
    stage_run(1000);
    expect(!has_request(ada));
    struct actor *anna = stage_agent("north", "anna");
    act_say(ada, "I am back");
    expect(will_hear(anna, "\"type\":\"offer\"", 2000));
    expect(!heard_ever(anna, "\"callback\":{"));
    expect(!callback_is_agreed(&fold_of(ada)->callback));
    expect_u64(fold_of(ada)->first_queued_ms, first_ms);
    stage_end();
}

static void who_is_never_reached_is_told_and_the_case_is_closed(void)
{
    struct actor *bot;
    begin();
    struct actor *ada = who_waits(&bot);
    ask(ada, "\"channel\":\"phone\",\"address\":\"+4930123456\"");
    struct actor *anna = stage_agent("north", "anna");
    for (int attempt = 1; attempt < 3; attempt++) {
        char shown[32];
        expect(will_hear(anna, "\"type\":\"offer\"", 2000 + 10 * MINUTE_MS));
        take_offer(anna);
        record(anna, false);
        expect(will_hear(anna, "\"released\"", 2000));
        snprintf(shown, sizeof shown, "\"attempts\":%d", attempt);
        expect(will_hear(ada, shown, 2000));
        anna->mark = anna->heard_len;
        stage_run(9 * MINUTE_MS);
        expect(!heard(anna, "\"type\":\"offer\""));
    }
    expect(will_hear(anna, "\"type\":\"offer\"", 2 * MINUTE_MS));
    take_offer(anna);
    ada->mark = ada->heard_len;
    record(anna, false);
    expect(will_hear(ada, "We tried to reach you", 2000));
    expect(heard(ada, "\"case_closed\"") && heard(ada, "\"given_up\""));
    expect_u64(fold_of(ada)->phase, PHASE_IDLE);
    stage_end();
}

/* No state without a deadline: the agent forgets to say what became of it. */
static void a_callback_without_an_outcome_goes_back_to_the_queue(void)
{
    struct actor *bot;
    begin();
    stage.settings.policy.silence_ms = MINUTE_MS; /* which is not for calls */
    struct actor *ada = who_waits(&bot);
    ask(ada, "\"channel\":\"phone\",\"address\":\"+4930123456\"");
    struct actor *anna = stage_agent("north", "anna");
    expect(will_hear(anna, "\"type\":\"offer\"", 2000));
    take_offer(anna);
    stage_run(19 * MINUTE_MS);
    expect_u64(fold_of(ada)->phase, PHASE_ACTIVE);
    expect(will_hear(anna, "\"released\"", 2 * MINUTE_MS));
    expect(callback_is_agreed(&fold_of(ada)->callback));
    expect_u64(fold_of(ada)->callback.attempts, 0);
    stage_end();
}

static void what_cannot_be_agreed_is_refused_by_name(void)
{
    struct actor *bot;
    struct route_queue *queue = begin();
    queue->callback.channels = 2; /* the phone alone */
    queue->callback.window_ms = 0;
    struct actor *ada = stage_customer("north");
    ask(ada, "\"channel\":\"phone\",\"address\":\"+4930123456\"");
    expect(heard(ada, "\"not_waiting\""));
    act_leave(ada);
    ada = who_waits(&bot);
    ask(ada, "\"channel\":\"email\",\"address\":\"ada@example.org\"");
    expect(heard(ada, "\"callback_not_offered\""));
    ask(ada, "\"channel\":\"phone\",\"address\":\"0300-CALL-ME\"");
    expect(heard(ada, "\"callback_bad_address\""));
    ask(ada, "\"channel\":\"phone\"");
    expect(heard(ada, "\"callback_bad_address\""));
    ask(ada, "\"channel\":\"phone\",\"address\":\"+4930123456\",\"from_ms\":99");
    expect(heard(ada, "\"callback_outside_hours\""));
    struct actor *anna = stage_agent("north", "anna");
    expect(will_hear(anna, "\"type\":\"offer\"", 2000));
    take_offer(anna);
    act_ask(anna,
            "{\"type\":\"callback_outcome\",\"id\":\"o\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"reached\":false}",
            anna->conversation, anna->owner);
    expect(heard(anna, "\"no_callback\""));
    act_ask(ada,
            "{\"type\":\"callback_outcome\",\"id\":\"o\",\"conversation\":\"%s\",\"owner\":\"%s\","
            "\"reached\":false}",
            anna->conversation, anna->owner);
    expect(heard(ada, "\"forbidden\""));
    stage_end();
}

/* Somebody is there and the wait is short: no reason to leave. It grows long: there is. */
static void it_is_offered_when_the_wait_is_long(void)
{
    struct actor *bot;
    begin();
    stage.settings.policy.missed_max = 0;
    struct actor *anna = stage_agent("north", "anna"), *ada = who_waits(&bot);
    (void)anna;
    stage_run(MINUTE_MS);
    expect(!heard_ever(ada, "\"ways\""));
    ask(ada, "\"channel\":\"chat\"");
    expect(heard(ada, "\"callback_not_offered\""));
    expect(will_hear(ada, "\"ways\"", 3 * MINUTE_MS));
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(it_is_offered_agreed_shown_to_the_agent_and_ended),
                    CASE(who_comes_back_is_told_what_was_agreed_and_may_cancel),
                    CASE(nobody_is_asked_before_the_window_even_after_a_restart),
                    CASE(supervisors_see_when_and_not_where_also_after_a_restart),
                    CASE(who_is_due_is_listed_as_any_other_and_leaves_the_index),
                    CASE(what_the_index_says_wrongly_is_not_shown_and_goes),
                    CASE(who_cannot_be_read_stays_in_the_index),
                    CASE(the_index_is_told_anew_in_a_new_life_of_the_link),
                    CASE(who_only_hears_of_the_end_of_a_callback_leaves_the_index_alone),
                    CASE(what_could_not_be_noted_in_the_index_is_noted_later),
                    CASE(an_attempt_is_not_counted_before_the_pool_knows_the_case),
                    CASE(who_writes_meanwhile_waits_as_any_other_at_once),
                    CASE(who_is_never_reached_is_told_and_the_case_is_closed),
                    CASE(a_callback_without_an_outcome_goes_back_to_the_queue),
                    CASE(what_cannot_be_agreed_is_refused_by_name),
                    CASE(it_is_offered_when_the_wait_is_long), {0}});
}
