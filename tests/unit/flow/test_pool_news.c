/* SPDX-License-Identifier: Apache-2.0 */
/* What agents are told when it cannot be told at once: they come while the pool, or a conversation,
 * cannot be read. */
#include "flow/pools.h"
#include "lib/test.h"
#include "stage.h"

static struct actor *ada, *anna, *ben;

/* The first node's link to the store is down from now on, for so long. */
static void cut_for(uint64_t ms)
{
    fake_store_cut_for(stage.store, ms);
    stage_run(20);
    expect(!team_is_read(pools_team(stage.node, SLICE_OF("north"))));
}

static void begin_apart(void)
{
    stage_silence_bell(); /* nodes hear of each other by hints alone */
    stage_start_nodes(2);
}

/* The node has told Anna's desk of her chat already, in a session that is over. */
static void who_came_while_the_pool_could_not_be_read_is_told_what_others_were(void)
{
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    cut_for(1500);
    act_leave(anna);
    struct actor *window = stage_window("north", "anna", 0);
    expect(!heard(window, "\"assigned\"") && !heard(window, "\"presence\""));
    expect(will_hear(window, "\"assigned\"", 4000));
    expect(will_hear(window, "\"agent\":\"ben\"", 1000));
    expect(will_hear(window, "My parcel is late", 1000));
    stage_run(3000);
    expect_u64(times_heard(window, "\"type\":\"assigned\""), 1);
    expect_u64(times_heard(window, "\"weight\",\"conversation\""), 1);
    expect_u64(times_heard(window, "\"presence\",\"agent\":\"ben\""), 1);
    expect_u64(times_heard(ben, "\"assigned\""), 0);
    stage_end();
}

/* Ada is here, so the node follows her chat and has seen its owner, when nobody was at a desk. */
static void who_was_not_there_when_the_owner_was_seen_is_told(void)
{
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_leave(ben);
    act_leave(anna);
    cut_for(1500);
    struct actor *window = stage_window("north", "anna", 0);
    expect(will_hear(window, "\"assigned\"", 4000));
    stage_run(3000);
    expect_u64(times_heard(window, "\"type\":\"assigned\""), 1);
    stage_end();
}

/* The pool has been read again, and no barrier has held yet, so the first window knows nothing of
 * what happened at another node. */
static void a_window_that_comes_first_takes_nothing_from_the_others(void)
{
    begin_apart();
    struct actor *first = stage_agent("north", "anna");
    stage_on(1);
    anna = stage_agent("north", "anna");
    ben = stage_agent("north", "ben");
    ada = stage_customer("north");
    struct actor *bot = stage_bot("north");
    stage_run(2000);
    cut_for(4000);
    act_ask(ben, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"away\"}");
    act_say(ada, "My parcel is late");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 1000));
    act_commit(bot, "A colleague takes over", ",\"handoff\":{\"reason\":\"asked\"}");
    expect(will_hear(anna, "\"offer\"", 2000));
    expect(!heard_ever(first, "\"offer\""));
    struct fake_faults *faults = fake_server_faults(stage.server);
    faults->delay_ms_min = faults->delay_ms_max = 100;
    while (!team_is_read(pools_team(stage.node, SLICE_OF("north"))))
        expect(fake_clock_step(&stage.clock));
    struct actor *second = stage_window("north", "anna", 0);
    expect(!heard_ever(first, "\"offer\""));
    faults->delay_ms_min = faults->delay_ms_max = 1;
    stage_run(1000);
    expect_u64(times_heard(first, "\"type\":\"offer\""), 1);
    expect_u64(times_heard(second, "\"type\":\"offer\""), 1);
    expect_u64(times_heard(second, "\"presence\",\"agent\":\"ben\""), 1);
    stage_end();
}

/* A second window comes when Ben is folded, and no barrier has confirmed him: it is shown him, and
 * the first one is told of him all the same. */
static void who_comes_before_a_colleague_is_confirmed_takes_nothing_from_the_others(void)
{
    struct pool_agent_view view;
    stage_start();
    anna = stage_agent("north", "anna");
    ben = stage_actor();
    act_sign(ben, "north", "agent", "a:ben", false);
    act_enter(ben);
    struct fake_faults *faults = fake_server_faults(stage.server);
    faults->delay_ms_min = faults->delay_ms_max = 100;
    act_later(ben, 1, "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"online\"}");
    const struct pool *pool = team_pool(pools_team(stage.node, SLICE_OF("north")));
    while (!pool_find_agent(pool, SLICE_OF("ben"), &view))
        expect(fake_clock_step(&stage.clock));
    struct actor *second = stage_window("north", "anna", 0);
    expect(heard_ever(second, "\"agent\":\"ben\"") && !heard_ever(anna, "\"agent\":\"ben\""));
    expect(will_hear(anna, "\"agent\":\"ben\"", 2000));
    stage_end();
}

/* The conversation is read before its offer is told; she comes meanwhile. */
static void who_comes_while_an_offer_is_being_told_is_told_once(void)
{
    struct pool_request_view view;
    stage_start();
    anna = stage_agent("north", "anna");
    ada = stage_customer("north");
    struct actor *bot = stage_bot("north");
    act_say(ada, "My parcel is late");
    expect(heard(bot, "\"turn\"") || will_hear(bot, "\"turn\"", 1000));
    struct fake_faults *faults = fake_server_faults(stage.server);
    faults->delay_ms_min = faults->delay_ms_max = 100;
    act_commit(bot, "A colleague takes over", ",\"handoff\":{\"reason\":\"asked\"}");
    size_t cursor = 0;
    const struct pool *pool = team_pool(pools_team(stage.node, SLICE_OF("north")));
    while (!pool_next_of_agent(pool, SLICE_OF("anna"), &cursor, &view)) {
        cursor = 0;
        expect(fake_clock_step(&stage.clock));
    }
    expect(!heard_ever(anna, "\"offer\""));
    stage_run(150); /* the barrier */
    struct actor *window = stage_window("north", "anna", 0);
    stage_run(2000);
    expect_u64(times_heard(anna, "\"type\":\"offer\""), 1);
    expect_u64(times_heard(window, "\"type\":\"offer\""), 1);
    stage_end();
}

/* ---- a damaged log ----------------------------------------------------------------------------
 */

enum { RECORDS_MAX = 64, BYTES_MAX = 4096 };

/* Puts the records there instead of what there is, the last one damaged or not; a new life of the
 * link begins. */
static void put_log(
        struct slice key, const struct store_item *records, size_t count, bool is_damaged)
{
    static char bytes[BYTES_MAX];
    fake_server_drop(stage.server, key);
    for (size_t i = 0; i < count; i++) {
        struct slice record = records[i].value;
        expect(record.len <= BYTES_MAX);
        memcpy(bytes, record.bytes, record.len);
        bytes[1] ^= i + 1 == count && is_damaged; /* of the mark that it follows */
        fake_server_append(stage.server, key, records[i].number, slice_make(bytes, record.len));
    }
    for (size_t i = 0; i < stage.node_count; i++)
        fake_store_cut(stage.nodes[i].store);
    stage_run(500);
}

/* One of the nodes leads the pool, and compares it with the conversations. */
static void a_chat_that_could_not_be_read_is_told_of_when_it_is_mended(void)
{
    struct store_item records[RECORDS_MAX];
    char key[64];
    begin_apart();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_leave(ada);
    act_leave(anna);
    stage_on(1);
    stage_agent("north", "ben");
    struct slice log =
            slice_make(key, conversation_log_key(slice_of_string(ada->conversation), key));
    size_t count = fake_server_read(stage.server, log, 1, RECORDS_MAX, records);
    put_log(log, records, count, true);
    struct actor *windows[2] = {stage_window("north", "anna", 0), stage_window("north", "anna", 1)};
    stage_run(1000);
    expect(!heard_ever(windows[0], "\"assigned\"") && !heard_ever(windows[1], "\"assigned\""));
    put_log(log, records, count, false);
    stage_run(1500);
    expect_u64(times_heard(windows[0], "\"type\":\"assigned\""), 1);
    expect_u64(times_heard(windows[1], "\"type\":\"assigned\""), 1);
    stage_end();
}

/* The conversation can be read before the pool can: the owner looks on until it says so. */
static void an_owner_who_looks_on_first_is_told_that_it_is_theirs(void)
{
    struct store_item records[RECORDS_MAX];
    struct slice log = SLICE_OF("{p:north}log");
    stage_start();
    stage_hand_over_ben(&ada, &anna, &ben);
    act_leave(ben);
    act_leave(anna); /* nobody is told of anything any more */
    size_t count = fake_server_read(stage.server, log, 1, RECORDS_MAX, records);
    put_log(log, records, count, true);
    struct actor *window = stage_window("north", "anna", 0);
    act_ask(window, "{\"type\":\"watch\",\"id\":\"w\",\"conversation\":\"%s\"}", ada->conversation);
    expect(heard(window, "\"done\"") && !heard_ever(window, "\"assigned\""));
    put_log(log, records, count, false);
    expect(will_hear(window, "\"type\":\"assigned\"", 3000));
    stage_run(2000);
    expect_u64(times_heard(window, "\"type\":\"assigned\""), 1);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){
                    CASE(who_came_while_the_pool_could_not_be_read_is_told_what_others_were),
                    CASE(who_was_not_there_when_the_owner_was_seen_is_told),
                    CASE(a_window_that_comes_first_takes_nothing_from_the_others),
                    CASE(who_comes_before_a_colleague_is_confirmed_takes_nothing_from_the_others),
                    CASE(who_comes_while_an_offer_is_being_told_is_told_once),
                    CASE(a_chat_that_could_not_be_read_is_told_of_when_it_is_mended),
                    CASE(an_owner_who_looks_on_first_is_told_that_it_is_theirs), {0}});
}
