/* SPDX-License-Identifier: Apache-2.0 */
/* Reads that wait for their turn: a few patient ones at a time, first come first served, and what
 * somebody waits for now before all of them. The order is that in which the store is asked. */
#include "base/check.h"
#include "lib/test.h"
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CROWD = 40 };

static struct stage stage;
static struct tally crowd[CROWD];
static char keys[CROWD][32];
static struct log_kind kind;

/* ---- counting ---------------------------------------------------------------------------------
 */

static const struct store_ops *counted;
static struct store_ops counting;
static struct {
    size_t count, under_way, most;
    unsigned order[4 * CROWD]; /* whose log was read */
} asked;

struct counted_read {
    store_done done;
    void *user;
};

static void on_counted(void *user, const struct store_reply *reply)
{
    struct counted_read read = *(struct counted_read *)user;
    free(user);
    asked.under_way--;
    read.done(read.user, reply);
}

static void count_read(
        struct store *store, const struct store_read *request, store_done done, void *user)
{
    struct counted_read *read = malloc(sizeof *read);
    check(read != NULL && asked.count < 4 * CROWD);
    *read = (struct counted_read){done, user};
    for (unsigned i = 0; i < CROWD; i++)
        if (slice_is(request->key, keys[i]))
            asked.order[asked.count] = i;
    asked.count++;
    if (++asked.under_way > asked.most)
        asked.most = asked.under_way;
    counted->read(store, request, on_counted, read);
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
    counted = node->store->ops;
    counting = *counted;
    counting.read = count_read;
    node->store->ops = &counting;
    memset(&asked, 0, sizeof asked);
}

static void end(void)
{
    stage_run(&stage);
    expect_u64(asked.under_way, 0);
    stage.nodes[0].store->ops = counted;
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
    expect_u64(asked.count, LOG_READS_MAX);
    end();
    expect_u64(asked.most, LOG_READS_MAX);
    expect_u64(asked.count, CROWD);
    for (unsigned i = 0; i < CROWD; i++)
        expect_u64(asked.order[i], i);
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
    expect_u64(asked.count, LOG_READS_MAX);
    log_submit(&crowd[CROWD - 1].log, &live);
    expect_u64(asked.count, LOG_READS_MAX + 1);
    expect_u64(asked.order[LOG_READS_MAX], CROWD - 1);
    end();
    expect_u64(asked.count, CROWD);
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
    expect_u64(asked.count, LOG_READS_MAX + 1);
    expect_u64(asked.order[LOG_READS_MAX], CROWD - 1);
    end();
    expect_u64(pages_read, CROWD);
    expect_u64(asked.most, LOG_READS_MAX + 1);
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
