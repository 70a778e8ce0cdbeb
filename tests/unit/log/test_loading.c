/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a log: as far as the snapshot, as long as it links, and anew in each generation. */
#include "tally.h"

#include "lib/test.h"

static struct stage stage;

static struct name strangers_say(struct name tail, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tail = stranger_says(&stage, tail, "word");
    return tail;
}

static void loading_stops_at_the_snapshot(void)
{
    stage_begin(&stage, 1);
    stranger_writes(&stage, 1, SLICE_OF("noise"));
    stranger_writes(&stage, 2, SLICE_OF("more noise"));
    struct name tail = {.seq = 2, .mark = {9, 9}};
    tail = stranger_says(&stage, tail, "=2");
    stranger_says(&stage, tail, "after");
    expect_u64(say(&stage, 1, "next"), LOG_APPENDED);
    struct tally *tally = tally_of(&stage, 1);
    expect_u64(tally->restored, 1);
    expect_u64(tally->before, 2);
    expect_u64(tally->count, 2);
    expect_u64(tally->log.tail.seq, 5);
    stage_end(&stage);
}

static void the_newest_snapshot_counts(void)
{
    stage_begin(&stage, 1);
    struct name tail = strangers_say((struct name){0}, 3);
    tail = stranger_says(&stage, tail, "=3");
    tail = strangers_say(tail, 3);
    stranger_says(&stage, tail, "=7");
    expect_u64(say(&stage, 1, "next"), LOG_APPENDED);
    expect_u64(tally_of(&stage, 1)->before, 7);
    expect_u64(tally_of(&stage, 1)->count, 1);
    stage_end(&stage);
}

/* Linked instead of the real one, which it calls. */
bool __real_crypto_open(const uint8_t key[KEY_SIZE], struct slice sealed, struct slice associated,
        uint8_t *out_plain);
bool __wrap_crypto_open(const uint8_t key[KEY_SIZE], struct slice sealed, struct slice associated,
        uint8_t *out_plain);
static size_t opened;

bool __wrap_crypto_open(const uint8_t key[KEY_SIZE], struct slice sealed, struct slice associated,
        uint8_t *out_plain)
{
    opened++;
    return __real_crypto_open(key, sealed, associated, out_plain);
}

static void follow(void)
{
    opened = 0;
    log_follow(&tally_of(&stage, 1)->log);
    stage_run(&stage);
}

static void each_record_is_opened_once(void)
{
    stage_begin(&stage, 1);
    struct name tail = strangers_say((struct name){0}, 9);
    follow();
    expect_u64(tally_of(&stage, 1)->count, 9);
    expect_u64(opened, 9);
    stage_end(&stage);
    stage_begin(&stage, 1);
    tail = strangers_say((struct name){0}, 20);
    tail = stranger_says(&stage, tail, "=20");
    strangers_say(tail, 5);
    follow();
    expect_u64(tally_of(&stage, 1)->count, 5);
    expect_u64(opened, 5 + 2); /* the snapshot when it is found, and to be restored */
    stage_end(&stage);
}

/* What does not stay open is opened again, and folded all the same. */
static void long_records_are_folded_too(void)
{
    enum { LONG = 9000, COUNT = 40 };
    static char word[LONG + 1];
    memset(word, 'w', LONG);
    stage_begin(&stage, 1);
    struct name tail = {0};
    for (size_t i = 0; i < COUNT; i++)
        tail = stranger_says(&stage, tail, word);
    follow();
    expect_u64(tally_of(&stage, 1)->count, COUNT);
    expect(name_equal(&tally_of(&stage, 1)->log.tail, &tail));
    expect(opened > COUNT && opened < 2 * COUNT);
    expect_u64(say(&stage, 1, "next"), LOG_APPENDED);
    stage_end(&stage);
}

static void a_long_log_without_a_snapshot_is_read_from_its_beginning(void)
{
    static const size_t lengths[] = {1, 127, 128, 129, 255, 256, 257, 400};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        test_note("%zu entries", lengths[i]);
        stage_begin(&stage, 1);
        strangers_say((struct name){0}, lengths[i]);
        log_follow(&tally_of(&stage, 1)->log);
        stage_run(&stage);
        expect_u64(tally_of(&stage, 1)->count, lengths[i]);
        expect_u64(say(&stage, 1, "next"), LOG_APPENDED);
        expect_u64(tally_of(&stage, 1)->count, lengths[i] + 1);
        expect_u64(stored_count(&stage), lengths[i] + 1);
        stage_end(&stage);
    }
}

static void a_node_far_behind_catches_up(void)
{
    static const size_t lengths[] = {1, 62, 63, 64, 65, 128, 200};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        test_note("%zu entries behind", lengths[i]);
        stage_begin_born(&stage, 1);
        strangers_say(tally_of(&stage, 0)->log.tail, lengths[i]);
        log_hint(&tally_of(&stage, 0)->log, 2);
        stage_run(&stage);
        expect_u64(tally_of(&stage, 0)->count, lengths[i] + 1);
        expect_u64(say(&stage, 0, "next"), LOG_APPENDED);
        expect_u64(tally_of(&stage, 0)->count, lengths[i] + 2);
        expect_u64(tally_of(&stage, 0)->applied, lengths[i] + 2); /* nothing was read twice */
        stage_end(&stage);
    }
}

/* ---- what does not link ---- */

static void a_log_that_does_not_link_is_quarantined(void)
{
    for (size_t node = 0; node < 2; node++) { /* met by a refresh, and by a load */
        test_note("node %zu", node);
        stage_begin_born(&stage, 1);
        struct name wrong = tally_of(&stage, 0)->log.tail;
        wrong.mark[0] ^= 1;
        stranger_says(&stage, wrong, "slipped in");
        expect_u64(say(&stage, node, "word"), LOG_QUARANTINED);
        expect_u64(say(&stage, node, "word"), LOG_QUARANTINED);
        fake_store_cut(stage.nodes[node].store);
        stage_run(&stage);
        expect_u64(say(&stage, node, "word"), LOG_QUARANTINED);
        expect_u64(stored_count_unlinked(&stage), 2);
        stage_end(&stage);
    }
}

static void a_log_with_a_hole_is_quarantined(void)
{
    stage_begin_born(&stage, 1);
    struct name ahead = tally_of(&stage, 0)->log.tail;
    ahead.seq++;
    stranger_says(&stage, ahead, "too far");
    expect_u64(say(&stage, 0, "word"), LOG_QUARANTINED);
    expect_u64(say(&stage, 1, "word"), LOG_QUARANTINED);
    expect_u64(stored_count_unlinked(&stage), 2);
    stage_end(&stage);
}

static void a_damaged_record_quarantines_and_changes_wait_for_nothing(void)
{
    struct ask asks[3];
    stage_begin_born(&stage, 1);
    stranger_writes(&stage, 2, SLICE_OF("noise"));
    for (size_t i = 0; i < 3; i++)
        ask(&stage, 1, &asks[i], "word");
    stage_run(&stage);
    for (size_t i = 0; i < 3; i++) {
        expect_u64(asks[i].done_count, 1);
        expect_u64(asks[i].change.result.outcome, LOG_QUARANTINED);
    }
    stage_end(&stage);
}

static void an_unknown_version_makes_the_log_read_only(void)
{
    static const char newer[] = "\x04 a form that is to be thought of in some years";
    for (int by_kind = 0; by_kind <= 1; by_kind++) {
        test_note("by %s", by_kind ? "kind" : "version");
        stage_begin_born(&stage, 1);
        if (by_kind)
            stranger_says(&stage, tally_of(&stage, 0)->log.tail, "new");
        else
            stranger_writes(&stage, 2, slice_make(newer, sizeof newer));
        for (size_t node = 0; node < 2; node++) {
            expect_u64(say(&stage, node, "word"), LOG_READ_ONLY);
            expect_u64(say(&stage, node, "word"), LOG_READ_ONLY);
            expect_u64(tally_of(&stage, node)->log.tail.seq, 1);
        }
        expect_u64(stored_count_unlinked(&stage), 2);
        stage_end(&stage);
    }
}

/* ---- generations ---- */

/* Two entries that no barrier covers; whether the failover loses both is the seed's to say. */
static bool lose_two(uint64_t seed)
{
    stage_begin_born(&stage, seed);
    for (size_t i = 0; i < TALLY_NODES; i++)
        tally_of(&stage, i)->log.due_key = SLICE_NONE; /* writes are entries */
    expect_u64(say(&stage, 1, "kept"), LOG_APPENDED);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 1000;
    expect_u64(say(&stage, 1, "lost 1"), LOG_RETRY);
    expect_u64(say(&stage, 1, "lost 2"), LOG_RETRY);
    fake_server_faults(stage.server)->barrier_fails_per_mille = 0;
    expect_u64(tally_of(&stage, 1)->log.tail.seq, 4);
    return fake_server_fail_over(stage.server, 2) == 2;
}

static void a_lost_suffix_is_thrown_away_with_its_generation(void)
{
    uint64_t seed = 1;
    while (!lose_two(seed)) {
        stage_end(&stage);
        expect(++seed < 50);
    }
    fake_server_demote(stage.server);
    stage_run(&stage);
    expect_u64(say(&stage, 1, "next"), LOG_APPENDED);
    struct tally *tally = tally_of(&stage, 1);
    expect_u64(tally->log.tail.seq, 3);
    expect(!holds_word(tally, "lost 1") && holds_word(tally, "next"));
    expect_u64(stored_count(&stage), 3);
    stage_end(&stage);
}

/* The same places hold other entries now: marks tell. */
static void a_tail_beside_the_log_is_noticed(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 0);
    expect_u64(say(&stage, 0, "mine"), LOG_APPENDED);
    tally->log.tail.mark[3] ^= 1; /* as if another entry had been read here */
    memcpy(tally->words[1].text, "gone", sizeof "gone");
    struct ask next = {.word = "next", .only_when = 9};
    ask_as_is(&stage, 0, &next);
    stage_run(&stage);
    expect_u64(next.change.result.outcome, LOG_REFUSED);
    expect(holds_word(tally, "mine") && !holds_word(tally, "gone"));
    stage_end(&stage);
}

static void a_followed_log_is_read_again_unasked(void)
{
    stage_begin_born(&stage, 1);
    struct tally *tally = tally_of(&stage, 1);
    tally->log.is_followed = true;
    log_follow(&tally->log);
    stage_run(&stage);
    expect_u64(tally->count, 1);
    say(&stage, 0, "meanwhile");
    fake_store_cut(stage.nodes[1].store);
    stage_run(&stage);
    expect(holds_word(tally, "meanwhile"));
    stage_end(&stage);
}

/* Also when nobody had written to it yet. */
static void a_followed_derived_log_that_was_empty_is_read_again(void)
{
    stage_begin(&stage, 1);
    struct tally *tally = tally_of(&stage, 1);
    tally->log.may_begin = tally->log.is_followed = true;
    tally_of(&stage, 0)->log.may_begin = true;
    log_follow(&tally->log);
    stage_run(&stage);
    expect_u64(tally->count, 0);
    say(&stage, 0, "meanwhile");
    fake_store_cut(stage.nodes[1].store);
    stage_run(&stage);
    expect(holds_word(tally, "meanwhile"));
    stage_end(&stage);
}

/* ---- reading along ---- */

static struct log_reader reader;
static char read_text[256];
static size_t read_done;
static enum log_outcome read_outcome;

static void on_read_record(struct log_reader *from, const struct record *record)
{
    size_t len = strlen(read_text);
    (void)from;
    snprintf(read_text + len, sizeof read_text - len, "%llu:%.*s ",
            (unsigned long long)record->at.seq, SLICE_ARGS(record->plain));
}

static void on_read_done(struct log_reader *from, enum log_outcome outcome)
{
    (void)from;
    read_done++;
    read_outcome = outcome;
}

static void read_along(uint64_t from, uint64_t to, size_t count, bool is_reverse)
{
    read_text[0] = '\0';
    read_done = 0;
    reader = (struct log_reader){.from = from,
            .to = to,
            .count = count,
            .is_reverse = is_reverse,
            .on_record = on_read_record,
            .done = on_read_done};
    log_read(&tally_of(&stage, 2)->log, &reader);
    expect_u64(read_done, 0);
    expect(!log_is_idle(&tally_of(&stage, 2)->log));
    stage_run(&stage);
    expect_u64(read_done, 1);
}

static void records_are_read_without_being_folded(void)
{
    stage_begin_born(&stage, 1);
    say(&stage, 0, "b");
    say(&stage, 0, "c");
    read_along(0, UINT64_MAX, 10, false);
    expect_u64(read_outcome, LOG_APPENDED);
    expect_text(slice_of_string(read_text), "1:born 2:b 3:c ");
    read_along(0, UINT64_MAX, 2, true);
    expect_text(slice_of_string(read_text), "3:c 2:b ");
    read_along(2, 2, 10, false);
    expect_text(slice_of_string(read_text), "2:b ");
    read_along(7, 9, 10, false);
    expect_u64(read_outcome, LOG_APPENDED);
    expect_text(slice_of_string(read_text), "");
    expect_u64(tally_of(&stage, 2)->applied, 0);
    fake_store_doom(stage.nodes[2].store, FAKE_FATE_UNKNOWN_RAN);
    read_along(0, UINT64_MAX, 10, false);
    expect_u64(read_outcome, LOG_RETRY);
    stranger_writes(&stage, 4, SLICE_OF("noise"));
    read_along(3, UINT64_MAX, 10, false);
    expect_u64(read_outcome, LOG_QUARANTINED);
    expect_text(slice_of_string(read_text), "3:c ");
    fake_server_drop(stage.server, tally_of(&stage, 2)->log.key);
    read_along(0, UINT64_MAX, 10, false);
    expect_u64(read_outcome, LOG_MISSING);
    stage_end(&stage);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(loading_stops_at_the_snapshot),
                    CASE(the_newest_snapshot_counts), CASE(each_record_is_opened_once),
                    CASE(long_records_are_folded_too),
                    CASE(a_long_log_without_a_snapshot_is_read_from_its_beginning),
                    CASE(a_node_far_behind_catches_up),
                    CASE(a_log_that_does_not_link_is_quarantined),
                    CASE(a_log_with_a_hole_is_quarantined),
                    CASE(a_damaged_record_quarantines_and_changes_wait_for_nothing),
                    CASE(an_unknown_version_makes_the_log_read_only),
                    CASE(a_lost_suffix_is_thrown_away_with_its_generation),
                    CASE(a_tail_beside_the_log_is_noticed),
                    CASE(a_followed_log_is_read_again_unasked),
                    CASE(a_followed_derived_log_that_was_empty_is_read_again),
                    CASE(records_are_read_without_being_folded), {0}});
}
