/* SPDX-License-Identifier: Apache-2.0 */
/* What a log tells its followers, and when: never before a barrier, and never not at all. */
#include "tally.h"

#include "lib/test.h"

static struct stage stage;

static void own_records_are_told_once_durable_and_in_order(void)
{
    struct ask asks[4];
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 0);
    for (size_t i = 0; i < 4; i++)
        ask(&stage, 0, &asks[i], "word");
    stage_run(&stage);
    expect_u64(tally->told, 5);
    expect(name_equal(&tally->last_told, &tally->log.tail));
    expect_u64(tally->moved, 0);
    stage_end(&stage);
}

static void nothing_is_told_before_its_barrier(void)
{
    stage_begin_born(&stage, 1);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    struct tally *writer = tally_of(&stage, 0), *reader = tally_of(&stage, 1);
    expect_u64(say(&stage, 0, "word"), LOG_RETRY);
    expect_u64(writer->told, 1); /* born, and no more */
    log_follow(&reader->log);
    stage_run(&stage);
    expect_u64(reader->count, 2);
    expect_u64(reader->moved, 0); /* whoever appended what it read may not have waited */
    stage_end(&stage);
}

/* No barrier would hold: so nobody asked for one. What others appended still needs its own. */
static void a_durable_answer_is_told_at_once(void)
{
    struct ask again;
    stage_begin_born(&stage, 1);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    stage.nodes[0].store->answers_are_durable = stage.nodes[1].store->answers_are_durable = true;
    expect_u64(say(&stage, 0, "word"), LOG_APPENDED);
    expect_u64(tally_of(&stage, 0)->told, 2);
    expect(name_equal(&tally_of(&stage, 0)->last_told, &tally_of(&stage, 0)->log.tail));
    ask_once(&stage, 1, &again, "word");
    stage_run(&stage);
    expect_u64(again.change.result.outcome, LOG_RETRY);
    stage_end(&stage);
}

static void what_was_not_told_is_told_with_the_next_barrier(void)
{
    for (int by_retry = 0; by_retry <= 1; by_retry++) {
        struct ask again;
        test_note("by %s", by_retry ? "the retry" : "another append");
        stage_begin_born(&stage, 1);
        struct tally *tally = tally_of(&stage, 0);
        fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
        expect_u64(say(&stage, 0, "word"), LOG_RETRY);
        fake_server_faults(stage.server)->barrier_fails_per_mille = 0;
        if (by_retry)
            ask_once(&stage, 0, &again, "word");
        else
            ask(&stage, 0, &again, "another");
        stage_run(&stage);
        expect_u64(again.change.result.outcome, by_retry ? LOG_WAS_ALREADY : LOG_APPENDED);
        expect(tally->moved > 0);
        stage_end(&stage);
    }
}

/* The engine is asked to look now and then: also when nobody appends or retries. */
static void what_was_not_told_is_told_by_a_look(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 1);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    log_follow(&tally->log);
    stage_run(&stage);
    log_engine_look(&stage.nodes[1].engine); /* still fails */
    stage_run(&stage);
    expect_u64(tally->moved, 0);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 0;
    log_engine_look(&stage.nodes[1].engine);
    stage_run(&stage);
    expect_u64(tally->moved, 1);
    log_engine_look(&stage.nodes[1].engine);
    stage_run(&stage);
    expect_u64(tally->moved, 1);
    stage_end(&stage);
}

static void a_followed_log_that_could_not_be_read_is_read_by_a_look(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 1);
    tally->log.is_followed = true;
    fake_store_doom(stage.nodes[1].store, FAKE_FATE_UNKNOWN_NEVER);
    log_follow(&tally->log);
    stage_run(&stage);
    expect_u64(tally->count, 0);
    log_engine_look(&stage.nodes[1].engine);
    stage_run(&stage);
    expect_u64(tally->count, 1);
    stage_end(&stage);
}

static void a_repeated_change_gets_a_barrier_of_its_own(void)
{
    struct ask again;
    stage_begin_born(&stage, 1);
    say(&stage, 0, "word");
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    ask_once(&stage, 1, &again, "word");
    stage_run(&stage);
    expect_u64(again.change.result.outcome, LOG_RETRY);
    stage_end(&stage);
}

/* ---- hints ---- */

static void a_hint_makes_a_log_look(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 1);
    log_follow(&tally->log);
    stage_run(&stage);
    say(&stage, 0, "word");
    expect_u64(tally->count, 1);
    log_hint(&tally->log, 2);
    stage_run(&stage);
    expect_u64(tally->count, 2);
    expect(tally->moved > 0);
    stage_end(&stage);
}

static void a_wrong_hint_is_looked_after_once(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 0);
    log_hint(&tally->log, 1); /* known already */
    expect(log_is_idle(&tally->log));
    log_hint(&tally->log, 99);
    expect(!log_is_idle(&tally->log));
    stage_run(&stage); /* ends */
    expect(log_is_idle(&tally->log));
    expect_u64(tally->count, 1);
    expect_u64(tally->log.hinted_seq, 0);
    stage_end(&stage);
}

/* It tells of something newer than what the read will bring. */
static void a_hint_during_a_read_is_not_lost(void)
{
    stage_begin_born(&stage, 1);
    struct fake_faults *faults = fake_server_faults(stage.server);
    struct tally *tally = tally_of(&stage, 1);
    log_follow(&tally->log);
    stage_run(&stage);
    faults->delay_ms_min = faults->delay_ms_max = 10;
    log_hint(&tally->log, 2);             /* wrong as yet */
    fake_clock_run_for(&stage.clock, 15); /* the read has run, its answer travels */
    stranger_says(&stage, tally_of(&stage, 0)->log.tail, "word");
    log_hint(&tally->log, 2);
    stage_run(&stage);
    expect_u64(tally->count, 2);
    stage_end(&stage);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(own_records_are_told_once_durable_and_in_order),
                    CASE(nothing_is_told_before_its_barrier),
                    CASE(a_durable_answer_is_told_at_once),
                    CASE(what_was_not_told_is_told_with_the_next_barrier),
                    CASE(what_was_not_told_is_told_by_a_look),
                    CASE(a_followed_log_that_could_not_be_read_is_read_by_a_look),
                    CASE(a_repeated_change_gets_a_barrier_of_its_own),
                    CASE(a_hint_makes_a_log_look), CASE(a_wrong_hint_is_looked_after_once),
                    CASE(a_hint_during_a_read_is_not_lost), {0}});
}
