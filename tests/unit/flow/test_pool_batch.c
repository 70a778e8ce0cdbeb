/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a pool that wait for its log together: one entry, and to each its own answer. */
#include "flow/team.h"
#include "lib/test.h"
#include "stage.h"

enum { ASKS_MAX = 320, SKILLS = POOL_REQUIREMENTS_MAX };

/* Queues a made-up request, or releases it. */
struct ask {
    struct pool_change change;
    enum pool_kind kind;
    char conversation[8];
    struct pool_need need;
    unsigned decided, done;
    enum log_outcome outcome;
    uint64_t at;    /* the entry that was the newest when it was told */
    size_t offered; /* and how many offers were open */
};

static struct ask asks[ASKS_MAX];
static struct team *team;
static unsigned done_count;

static size_t decide(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
        struct pool_entry *entries)
{
    struct ask *one = LIST_ITEM(change, struct ask, change);
    (void)now_ms;
    one->decided++;
    entries[0] = (struct pool_entry){.kind = one->kind,
            .request = {slice_of_string(one->conversation), {1, {1}}},
            .need = one->need};
    return pool_may_apply(pool, &entries[0]) == POOL_DONE;
}

static void on_done(struct pool_change *change, enum log_outcome outcome)
{
    struct ask *one = LIST_ITEM(change, struct ask, change);
    one->outcome = outcome;
    one->done = ++done_count;
    one->at = change->team->log.tail.seq;
    one->offered = pool_counts(change->team->pool).offered;
}

static void set(size_t i, enum pool_kind kind, unsigned request)
{
    asks[i] = (struct ask){.kind = kind, .change = {.decide = decide, .done = on_done}};
    snprintf(asks[i].conversation, sizeof asks[i].conversation, "r%u", request);
}

static void ask(size_t i, enum pool_kind kind, unsigned request)
{
    set(i, kind, request);
    pool_submit(team, &asks[i].change);
}

static struct team *north(size_t node)
{
    return pools_team(stage.nodes[node].node, SLICE_OF("north"));
}

static void run(void)
{
    stage_run(40);
}

/* Nobody comes, and somebody leads already: from now on the pool's log gets what the test asks for.
 */
static void begin(size_t nodes)
{
    stage_silence_bell();
    stage_start_nodes(nodes);
    team = north(0);
    ask(0, POOL_QUEUED, 99);
    stage_run(1000);
    ask(0, POOL_RELEASED, 99);
    stage_run(1000);
    expect(!lead_is_vacant(team));
    done_count = 0;
}

/* What is asked for while the log is read waits, and is decided together. */
static void read_along(void)
{
    log_hint(&team->log, team->log.tail.seq + 1);
    expect(team->log.is_busy);
}

static void what_waits_together_is_one_entry(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    read_along();
    for (size_t i = 0; i < 20; i++)
        ask(i, POOL_QUEUED, (unsigned)i);
    run();
    expect_u64(team->log.tail.seq, tail + 1);
    for (size_t i = 0; i < 20; i++) {
        expect_u64(asks[i].outcome, LOG_APPENDED);
        expect_u64(asks[i].done, i + 1);
        expect_u64(asks[i].decided, 1);
    }
    expect_u64(pool_counts(team_pool(team)).waiting, 20);
    stage_end();
}

/* While an entry is under way the next ones wait for it, and then go together. */
static void what_comes_while_an_entry_is_under_way_is_the_next_one(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    for (size_t i = 0; i < 20; i++)
        ask(i, POOL_QUEUED, (unsigned)i);
    run();
    expect_u64(team->log.tail.seq, tail + 2);
    expect_u64(pool_counts(team_pool(team)).waiting, 20);
    stage_end();
}

static void one_that_is_refused_takes_nothing_from_the_others(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    read_along();
    ask(0, POOL_QUEUED, 0);
    ask(1, POOL_RELEASED, 7); /* there is none */
    ask(2, POOL_QUEUED, 2);
    run();
    expect_u64(asks[0].outcome, LOG_APPENDED);
    expect_u64(asks[1].outcome, LOG_REFUSED);
    expect_u64(asks[2].outcome, LOG_APPENDED);
    expect_u64(asks[1].decided, 1); /* the entry proves its no */
    expect_u64(team->log.tail.seq, tail + 1);
    expect_u64(pool_counts(team_pool(team)).waiting, 2);
    stage_end();
}

/* No entry proves them, so a read has to. */
static void noes_alone_are_read_again_before_they_are_said(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    ask(0, POOL_QUEUED, 0); /* under way */
    ask(1, POOL_RELEASED, 7);
    ask(2, POOL_RELEASED, 8);
    run();
    expect_u64(asks[1].outcome, LOG_REFUSED);
    expect_u64(asks[2].outcome, LOG_REFUSED);
    expect_u64(team->log.tail.seq, tail + 1);
    ask(0, POOL_RELEASED, 7); /* nothing is under way, and the tail is older than this */
    expect_u64(asks[0].done, 0);
    run();
    expect_u64(asks[0].decided, 2);
    expect_u64(asks[0].outcome, LOG_REFUSED);
    stage_end();
}

/* Nor can a no be said of what the entry itself may change. */
static void changes_of_one_request_keep_their_order(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    read_along();
    ask(0, POOL_QUEUED, 0);
    ask(1, POOL_RELEASED, 0);
    ask(2, POOL_QUEUED, 2);
    ask(3, POOL_QUEUED, 0);
    ask(4, POOL_RELEASED, 0);
    run();
    for (size_t i = 0; i < 5; i++)
        expect_u64(asks[i].outcome, LOG_APPENDED);
    expect_u64(team->log.tail.seq, tail + 4);
    expect(asks[2].done == 2 && asks[1].done == 3 && asks[3].done == 4 && asks[4].done == 5);
    expect_u64(pool_counts(team_pool(team)).waiting, 1);
    stage_end();
}

static void one_that_looks_at_everything_is_alone(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    read_along();
    ask(0, POOL_QUEUED, 0);
    set(1, POOL_QUEUED, 1);
    asks[1].change.is_alone = true;
    pool_submit(team, &asks[1].change);
    ask(2, POOL_QUEUED, 2);
    run();
    expect_u64(team->log.tail.seq, tail + 2);
    expect(asks[0].at < asks[1].at);
    expect_u64(asks[2].at, asks[0].at);
    stage_end();
}

/* What the entry before brought is decided in the next one, beside what others say meanwhile. */
static void the_router_shares_the_entry_that_comes_next(void)
{
    begin(1);
    stage_agent("north", "anna");
    uint64_t tail = team->log.tail.seq;
    ask(0, POOL_QUEUED, 0);
    ask(1, POOL_QUEUED, 1);
    run();
    expect_u64(asks[0].offered, 0);
    expect_u64(asks[1].offered, 1);
    expect_u64(asks[1].at, tail + 2);
    expect_u64(team->log.tail.seq, tail + 3);
    expect_u64(pool_counts(team_pool(team)).offered, 2);
    stage_end();
}

static void what_others_say_comes_before_what_the_router_decides(void)
{
    begin(1);
    stage_agent("north", "anna");
    uint64_t tail = team->log.tail.seq;
    ask(0, POOL_QUEUED, 0);
    ask(1, POOL_RELEASED, 0);
    run();
    expect_u64(asks[1].outcome, LOG_APPENDED);
    expect_u64(team->log.tail.seq, tail + 2); /* with no offer */
    expect_u64(pool_counts(team_pool(team)).offered, 0);
    stage_end();
}

/* Another node was quicker: all are decided anew, and one of them is refused now. */
static void a_lost_compare_has_all_decided_anew(void)
{
    begin(2);
    ask(10, POOL_QUEUED, 1);
    run();
    stage_run(200); /* the other node hears of it */
    struct fake_faults *faults = fake_server_faults(stage.server);
    faults->delay_ms_min = faults->delay_ms_max = 2;
    struct team *other = north(1), *first = team;
    uint64_t tail = team->log.tail.seq;
    log_hint(&team->log, tail + 1); /* read before it is there */
    stage_run(1);
    team = other;
    ask(11, POOL_RELEASED, 1);
    ask(12, POOL_QUEUED, 9);
    team = first;
    for (size_t i = 0; i < 5; i++)
        ask(i, i == 1 ? POOL_RELEASED : POOL_QUEUED, (unsigned)i);
    run();
    stage_run(200);
    for (size_t i = 0; i < 5; i++) {
        expect_u64(asks[i].outcome, i == 1 ? LOG_REFUSED : LOG_APPENDED);
        expect(asks[i].decided >= 2);
        expect_u64(asks[i].at, asks[0].at);
    }
    expect_u64(asks[11].outcome, LOG_APPENDED);
    expect_u64(pool_counts(team_pool(team)).waiting, 5);
    stage_end();
}

static void an_unknown_entry_is_to_be_tried_again_by_all(void)
{
    static const enum fake_fate fates[] = {
            FAKE_FATE_UNKNOWN_RAN, FAKE_FATE_UNKNOWN_NEVER, FAKE_FATE_FULL};
    for (size_t row = 0; row < sizeof fates / sizeof *fates; row++) {
        bool has_run = fates[row] == FAKE_FATE_UNKNOWN_RAN, is_full = fates[row] == FAKE_FATE_FULL;
        test_note("fate %zu", row);
        begin(1);
        read_along();
        for (size_t i = 0; i < 3; i++)
            ask(i, i == 1 ? POOL_RELEASED : POOL_QUEUED, (unsigned)i);
        fake_store_doom(stage.store, fates[row]); /* the entry is the next command */
        run();
        for (size_t i = 0; i < 3; i++) /* also the no, which nothing proves */
            expect_u64(asks[i].outcome, is_full ? LOG_FULL : LOG_RETRY);
        for (size_t i = 0; i < 3; i++)
            ask(i, i == 1 ? POOL_RELEASED : POOL_QUEUED, (unsigned)i);
        run();
        for (size_t i = 0; i < 3; i++)
            expect_u64(asks[i].outcome, has_run || i == 1 ? LOG_REFUSED : LOG_APPENDED);
        expect_u64(pool_counts(team_pool(team)).waiting, 2);
        stage_end();
    }
}

static void without_a_link_all_are_told_to_try_again(void)
{
    begin(1);
    fake_store_cut_for(stage.store, 500);
    run();
    for (size_t i = 0; i < 3; i++)
        ask(i, POOL_QUEUED, (unsigned)i);
    run();
    for (size_t i = 0; i < 3; i++)
        expect_u64(asks[i].outcome, LOG_RETRY);
    stage_run(1500);
    ask(0, POOL_QUEUED, 0);
    run();
    expect_u64(asks[0].outcome, LOG_APPENDED);
    stage_end();
}

/* How many entries, and that they hold what was asked for in its order. */
static void expect_entries(size_t count, uint64_t tail, uint64_t least, uint64_t most)
{
    uint64_t entries = team->log.tail.seq - tail;
    test_note("%llu entries", (unsigned long long)entries);
    expect(entries >= least && entries <= most);
    for (size_t i = 0; i < count; i++) {
        expect_u64(asks[i].outcome, LOG_APPENDED);
        expect_u64(asks[i].done, i + 1);
    }
    expect_u64(pool_counts(team_pool(team)).waiting, count);
}

static void what_is_too_much_for_one_entry_goes_into_the_next(void)
{
    begin(1);
    uint64_t tail = team->log.tail.seq;
    read_along();
    for (size_t i = 0; i < ASKS_MAX; i++)
        ask(i, POOL_QUEUED, (unsigned)i);
    run();
    expect_entries(ASKS_MAX, tail, 3, 3); /* by number */
    stage_end();
    static char names[SKILLS][POOL_WORD_MAX];
    static struct pool_requirement skills[SKILLS];
    for (size_t i = 0; i < SKILLS; i++) {
        memset(names[i], 'a' + (char)i, POOL_WORD_MAX);
        skills[i] = (struct pool_requirement){slice_make(names[i], POOL_WORD_MAX), true, 1000};
    }
    begin(1);
    tail = team->log.tail.seq;
    read_along();
    for (size_t i = 0; i < 100; i++) {
        set(i, POOL_QUEUED, (unsigned)i);
        asks[i].need = (struct pool_need){.skills = skills, .skill_count = SKILLS};
        pool_submit(team, &asks[i].change);
    }
    run();
    expect_entries(100, tail, 3, 8); /* by size */
    stage_end();
}

/* A batch that waits for the log when its tenant goes finds nothing to do. */
static void of_a_tenant_that_is_gone_nothing_is_said(void)
{
    begin(1);
    read_along();
    ask(0, POOL_QUEUED, 0);
    ask(1, POOL_QUEUED, 1);
    team->is_gone = true;
    run();
    expect_u64(asks[0].outcome, LOG_REFUSED);
    expect_u64(asks[1].outcome, LOG_REFUSED);
    stage_end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(what_waits_together_is_one_entry),
                    CASE(what_comes_while_an_entry_is_under_way_is_the_next_one),
                    CASE(one_that_is_refused_takes_nothing_from_the_others),
                    CASE(noes_alone_are_read_again_before_they_are_said),
                    CASE(changes_of_one_request_keep_their_order),
                    CASE(one_that_looks_at_everything_is_alone),
                    CASE(the_router_shares_the_entry_that_comes_next),
                    CASE(what_others_say_comes_before_what_the_router_decides),
                    CASE(a_lost_compare_has_all_decided_anew),
                    CASE(an_unknown_entry_is_to_be_tried_again_by_all),
                    CASE(without_a_link_all_are_told_to_try_again),
                    CASE(what_is_too_much_for_one_entry_goes_into_the_next),
                    CASE(of_a_tenant_that_is_gone_nothing_is_said), {0}});
}
