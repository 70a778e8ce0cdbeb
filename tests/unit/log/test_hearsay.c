/* SPDX-License-Identifier: Apache-2.0 */
/* What other nodes say of a log: taken at their word only where a read could say nothing else. */
#include "tally.h"

#include "lib/test.h"

static struct stage stage;

/* Node 0 has a log of one entry, node 1 has read it. */
static struct tally *begin_two(void)
{
    stage_begin_born(&stage, 1);
    struct tally *reader = tally_of(&stage, 1);
    reader->log.is_followed = true;
    log_follow(&reader->log);
    stage_run(&stage);
    expect_u64(reader->count, 1);
    reader->moved = 0;
    return reader;
}

static struct slice history_of(size_t node)
{
    return stage.nodes[node].store->ops->history(stage.nodes[node].store);
}

/* What node 0 appended last, as it would tell it. */
static void tell(struct tally *to)
{
    const struct tally *from = tally_of(&stage, 0);
    log_take(&to->log, from->last_told.seq, history_of(0),
            slice_make(from->stored, from->stored_len));
}

static bool is_reading(const struct tally *tally)
{
    return !log_is_idle(&tally->log);
}

static void a_record_that_links_is_folded_without_a_read(void)
{
    struct tally *reader = begin_two();
    for (int i = 0; i < 3; i++) {
        say(&stage, 0, "word");
        tell(reader);
        expect(!is_reading(reader));
    }
    expect_u64(reader->count, 4);
    expect_u64(reader->foreign, 3);
    expect_u64(reader->moved, 0);
    expect(name_equal(&reader->log.tail, &tally_of(&stage, 0)->log.tail));
    expect_u64(say(&stage, 1, "answer"), LOG_APPENDED); /* the tail is as good as a read one */
    stage_end(&stage);
}

static void what_is_known_already_changes_nothing(void)
{
    struct tally *reader = begin_two();
    say(&stage, 0, "word");
    tell(reader);
    tell(reader);
    expect_u64(reader->count, 2);
    expect_u64(reader->foreign, 1);
    expect(!is_reading(reader));
    stage_end(&stage);
}

/* Whatever was refused: the log is read, and says what is true. */
static void expect_read(struct tally *reader, size_t count)
{
    expect_u64(reader->foreign, 0);
    expect(is_reading(reader));
    stage_run(&stage);
    expect_u64(reader->count, count);
    expect(reader->moved > 0);
    expect(reader->log.state == LOG_READY);
    stage_end(&stage);
}

static void one_beyond_a_gap_is_read(void)
{
    struct tally *reader = begin_two();
    say(&stage, 0, "unheard");
    say(&stage, 0, "word");
    tell(reader);
    expect_read(reader, 3);
}

static void one_with_another_past_is_read(void)
{
    struct tally *reader = begin_two();
    say(&stage, 0, "word");
    reader->log.tail.mark[0] ^= 1; /* as if this node had read another branch */
    tell(reader);
    reader->log.tail.mark[0] ^= 1;
    expect_read(reader, 2);
}

static void one_of_another_history_is_read(void)
{
    struct tally *reader = begin_two();
    const struct tally *from = tally_of(&stage, 0);
    say(&stage, 0, "word");
    struct slice stored = slice_make(from->stored, from->stored_len);
    log_take(&reader->log, 2, SLICE_OF("life2"), stored);
    expect_u64(reader->count, 1);
    expect_read(reader, 2);
}

static void one_without_a_history_is_read(void)
{
    struct tally *reader = begin_two();
    const struct tally *from = tally_of(&stage, 0);
    say(&stage, 0, "word");
    log_take(&reader->log, 2, SLICE_NONE, slice_make(from->stored, from->stored_len));
    expect_u64(reader->count, 1);
    expect_read(reader, 2);
}

static void a_spoilt_one_is_read(void)
{
    struct tally *reader = begin_two();
    say(&stage, 0, "word");
    tally_of(&stage, 0)->stored[30] ^= 1;
    tell(reader);
    expect_read(reader, 2);
}

/* Whoever can publish can make one up: only the store's word counts for it. */
static void an_unsealed_one_of_a_sealed_log_is_read(void)
{
    struct tally *reader = begin_two();
    uint8_t random[24] = {1}, bytes[256];
    struct record forged = {.at.seq = 2, .time_ms = 1, .plain = SLICE_OF("forged")};
    memcpy(forged.prev, reader->log.tail.mark, MARK_SIZE);
    size_t len = record_write(&forged, reader->log.key, NULL, random, bytes);
    log_take(&reader->log, 2, history_of(1), slice_make(bytes, len));
    expect_u64(reader->foreign, 0);
    expect(is_reading(reader));
    stage_run(&stage);
    expect_u64(reader->count, 1);
    stage_end(&stage);
}

static void with_a_dead_link_nothing_is_taken(void)
{
    struct tally *reader = begin_two();
    say(&stage, 0, "word");
    fake_server_faults(stage.server)->reconnect_ms_max = 1000;
    fake_store_cut(stage.nodes[1].store);
    while (stage.nodes[1].store->ops->generation(stage.nodes[1].store) != 0)
        fake_clock_step(&stage.clock);
    tell(reader);
    expect_u64(reader->foreign, 0);
    expect_u64(reader->count, 1);
    stage_run(&stage); /* followed: it is read with the next generation */
    expect_u64(reader->count, 2);
    stage_end(&stage);
}

/* A failover lost entry 2, and put another in its place; what is told of the lost one comes late.
 */
static void a_record_of_a_lost_branch_is_not_taken(void)
{
    struct tally *reader = begin_two();
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    struct name tail = tally_of(&stage, 0)->log.tail;
    say(&stage, 0, "lost");
    uint8_t stored[256];
    static const uint8_t random[24] = {9};
    struct record lost = {.at.seq = 2, .time_ms = 1, .plain = SLICE_OF("lost")};
    memcpy(lost.prev, tail.mark, MARK_SIZE);
    size_t len = record_write(&lost, reader->log.key, stage.key, random, stored);
    char before[24];
    struct slice history = history_of(0);
    memcpy(before, history.bytes, history.len);
    expect(fake_server_fail_over(stage.server, 99) > 0);
    fake_server_demote(stage.server);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 0;
    stage_run(&stage);
    log_take(&reader->log, 2, slice_make(before, history.len), slice_make(stored, len));
    expect_u64(reader->foreign, 0);
    stage_run(&stage);
    expect(!holds_word(reader, "lost"));
    expect_u64(say(&stage, 1, "true"), LOG_APPENDED);
    expect_u64(stored_count(&stage), 2);
    stage_end(&stage);
}

/* A log that was read in an earlier life of the link, and not since. */
static void a_cold_tail_takes_nothing(void)
{
    struct tally *reader = begin_two();
    reader->log.is_followed = false;
    fake_store_cut(stage.nodes[1].store);
    stage_run(&stage);
    expect(reader->log.state == LOG_COLD);
    say(&stage, 0, "word");
    tell(reader);
    expect_u64(reader->foreign, 0);
    expect_u64(reader->count, 1);
    expect_u64(say(&stage, 1, "answer"), LOG_APPENDED);
    expect_u64(reader->count, 3);
    stage_end(&stage);
}

/* The append is refused, since the place is taken; then both are there. */
static void while_an_append_is_under_way_nothing_is_taken(void)
{
    struct ask own;
    struct tally *reader = begin_two();
    say(&stage, 0, "word");
    ask(&stage, 1, &own, "answer");
    tell(reader);
    expect_u64(reader->foreign, 0);
    expect_u64(reader->count, 1);
    stage_run(&stage);
    expect_u64(own.change.result.outcome, LOG_APPENDED);
    expect_u64(own.change.result.at.seq, 3);
    expect_u64(reader->count, 3);
    stage_end(&stage);
}

static void while_a_read_is_under_way_nothing_is_taken(void)
{
    struct tally *reader = begin_two();
    log_hint(&reader->log, 2);
    say(&stage, 0, "word");
    say(&stage, 0, "word");
    log_hint(&reader->log, 4);
    tell(reader);
    expect_u64(reader->foreign, 0);
    stage_run(&stage);
    expect_u64(reader->count, 3);
    stage_end(&stage);
}

/* Of a kind that this version does not know: by the store's word the log is read-only then. */
static void an_unknown_record_is_read_before_it_is_believed(void)
{
    struct tally *reader = begin_two();
    uint8_t random[24] = {1}, bytes[256];
    struct record unknown = {.at.seq = 2, .time_ms = 1, .plain = SLICE_OF("new")};
    memcpy(unknown.prev, reader->log.tail.mark, MARK_SIZE);
    size_t len = record_write(&unknown, reader->log.key, stage.key, random, bytes);
    log_take(&reader->log, 2, history_of(1), slice_make(bytes, len));
    expect_u64(reader->foreign, 0);
    stage_run(&stage);
    expect(reader->log.state == LOG_READY); /* the store holds no such thing */
    expect_u64(reader->count, 1);
    stage_end(&stage);
}

static void own_records_bring_their_bytes_only_where_they_are_kept(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 0);
    expect(tally->stored_len > 0);
    stage.nodes[0].engine.keeps_stored = false;
    say(&stage, 0, "word");
    expect_u64(tally->stored_len, 0);
    stage_end(&stage);
}

/* ---- doubts ---- */

static void a_doubt_finds_what_nobody_told(void)
{
    struct tally *reader = begin_two();
    say(&stage, 0, "word");
    log_doubt(&reader->log);
    stage_run(&stage);
    expect_u64(reader->count, 2);
    expect(reader->moved > 0);
    reader->moved = 0;
    log_doubt(&reader->log); /* of nothing */
    stage_run(&stage);
    expect_u64(reader->count, 2);
    expect_u64(reader->moved, 0);
    stage_end(&stage);
}

static void doubts_wait_for_their_turn(void)
{
    struct tally *reader = begin_two();
    struct log_engine *engine = &stage.nodes[1].engine;
    say(&stage, 0, "word");
    for (int i = 0; i < LOG_DOUBTS_A_TURN; i++) {
        log_doubt(&reader->log);
        stage_run(&stage);
    }
    say(&stage, 0, "another");
    log_doubt(&reader->log);
    expect(!is_reading(reader));
    log_engine_turn(engine);
    expect(is_reading(reader));
    stage_run(&stage);
    expect_u64(reader->count, 3);
    log_engine_turn(engine);
    expect(!is_reading(reader));
    stage_end(&stage);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_record_that_links_is_folded_without_a_read),
                    CASE(what_is_known_already_changes_nothing), CASE(one_beyond_a_gap_is_read),
                    CASE(one_with_another_past_is_read), CASE(one_of_another_history_is_read),
                    CASE(one_without_a_history_is_read), CASE(a_spoilt_one_is_read),
                    CASE(an_unsealed_one_of_a_sealed_log_is_read),
                    CASE(with_a_dead_link_nothing_is_taken),
                    CASE(a_record_of_a_lost_branch_is_not_taken), CASE(a_cold_tail_takes_nothing),
                    CASE(while_an_append_is_under_way_nothing_is_taken),
                    CASE(while_a_read_is_under_way_nothing_is_taken),
                    CASE(an_unknown_record_is_read_before_it_is_believed),
                    CASE(own_records_bring_their_bytes_only_where_they_are_kept),
                    CASE(a_doubt_finds_what_nobody_told), CASE(doubts_wait_for_their_turn), {0}});
}
