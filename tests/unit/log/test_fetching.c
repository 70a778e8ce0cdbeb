/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that wait for their turn: a few patient ones at a time, first come first served, and what
 * somebody waits for now before all of them. The order is that in which the store is counted_reads.
 */
#include "base/check.h"
#include "lib/counted_reads.h"
#include "lib/test.h"
#include "tally.h"

#include <stdio.h>

enum { CROWD = 40 };

static struct stage stage;
static struct tally crowd[CROWD];
static char keys[CROWD][32];
static struct log_kind kind;

/* ---- counting ---------------------------------------------------------------------------------
 */

static unsigned order[4 * CROWD]; /* whose log was read */

static void note_whose(const struct store_read *request)
{
    check(counted_reads.count < 4 * CROWD);
    for (unsigned i = 0; i < CROWD; i++)
        if (slice_is(request->key, keys[i]))
            order[counted_reads.count] = i;
}

static void begin(void)
{
    stage_begin(&stage, 1);
    struct tally_node *node = &stage.nodes[0];
    kind = tally_kind;
    kind.loads_wait = true;
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (struct tally){0};
        snprintf(keys[i], sizeof keys[i], "{aa}c:%d", i);
        log_init(&crowd[i].log, &node->engine, &kind, slice_of_string(keys[i]), SLICE_NONE,
                SLICE_NONE);
        crowd[i].log.may_begin = true;
    }
    counted_reads_begin(node->store);
    counted_reads.on_read = note_whose;
}

static void end(void)
{
    stage_run(&stage);
    expect_u64(counted_reads.under_way, 0);
    counted_reads_end();
    for (int i = 0; i < CROWD; i++)
        log_finish(&crowd[i].log);
    stage_end(&stage);
}

static void follow_all(void)
{
    for (int i = 0; i < CROWD; i++)
        log_follow(&crowd[i].log);
}

/* ---- the cases --------------------------------------------------------------------------------
 */

static void patient_loads_go_a_few_at_a_time_in_their_order(void)
{
    begin();
    follow_all();
    expect_u64(counted_reads.count, LOG_READS_MAX);
    end();
    expect_u64(counted_reads.most, LOG_READS_MAX);
    expect_u64(counted_reads.count, CROWD);
    for (unsigned i = 0; i < CROWD; i++)
        expect_u64(order[i], i);
    for (int i = 0; i < CROWD; i++)
        expect_u64(crowd[i].log.state, LOG_READY);
}

static enum log_decision decide(struct log_change *change, struct log *log, struct log_draft *draft)
{
    (void)change, (void)log;
    buffer_put_slice(&draft->plain, SLICE_OF("word"));
    draft->time_ms = 1;
    return LOG_APPEND;
}

static void on_done(struct log_change *change, struct log *log)
{
    (void)log;
    expect_u64(change->result.outcome, LOG_APPENDED);
}

/* A load that waits for its turn goes when somebody waits for it, and not before. */
static void who_waits_now_goes_first(void)
{
    struct log_change patient = {decide, on_done, .is_patient = true};
    struct log_change live = {decide, on_done};
    begin();
    follow_all();
    log_submit(&crowd[CROWD - 1].log, &patient);
    expect_u64(counted_reads.count, LOG_READS_MAX);
    log_submit(&crowd[CROWD - 1].log, &live);
    expect_u64(counted_reads.count, LOG_READS_MAX + 1);
    expect_u64(order[LOG_READS_MAX], CROWD - 1);
    end();
    expect_u64(counted_reads.count, CROWD);
    expect_u64(crowd[CROWD - 1].count, 2);
}

static size_t pages_read;

static void on_record(struct log_reader *reader, const struct record *record)
{
    (void)reader, (void)record;
}

static void on_page(struct log_reader *reader, enum log_outcome outcome)
{
    (void)reader;
    pages_read += outcome == LOG_APPENDED || outcome == LOG_MISSING;
}

static void pages_wait_behind_pages_and_live_ones_do_not(void)
{
    struct log_reader readers[CROWD];
    begin();
    pages_read = 0;
    for (int i = 0; i < CROWD; i++) {
        readers[i] = (struct log_reader){.to = UINT64_MAX,
                .count = 8,
                .is_patient = i < CROWD - 1,
                .on_record = on_record,
                .done = on_page};
        log_read(&crowd[i].log, &readers[i]);
    }
    expect_u64(counted_reads.count, LOG_READS_MAX + 1);
    expect_u64(order[LOG_READS_MAX], CROWD - 1);
    end();
    expect_u64(pages_read, CROWD);
    expect_u64(counted_reads.most, LOG_READS_MAX + 1);
}

/* Who waits while the link goes is told, and is read in its next life. */
static void a_link_that_goes_leaves_nobody_waiting(void)
{
    begin();
    for (int i = 0; i < CROWD; i++)
        crowd[i].log.is_followed = true;
    follow_all();
    fake_store_cut(stage.nodes[0].store);
    stage_run(&stage);
    for (int i = 0; i < CROWD; i++)
        expect_u64(crowd[i].log.state, LOG_READY);
    expect_u64(stage.nodes[0].engine.reads, 0);
    end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(patient_loads_go_a_few_at_a_time_in_their_order),
                    CASE(who_waits_now_goes_first),
                    CASE(pages_wait_behind_pages_and_live_ones_do_not),
                    CASE(a_link_that_goes_leaves_nobody_waiting), {0}});
}
