/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots in parts: a load begins at the base of the newest one that is whole, whatever else is
 * in the log, and comes to what the whole log says. */
#include "tally.h"

#include "lib/fake_random.h"
#include "lib/test.h"

static struct stage stage;
static struct name tail;

static void say_words(size_t count)
{
    for (size_t i = 0; i < count; i++)
        tail = stranger_says(&stage, tail, "word");
}

static void save(struct name base, unsigned writer, unsigned index, unsigned words, bool is_last)
{
    tail = stranger_saves(&stage, tail, &(struct tally_part){base, writer, index, words, is_last});
}

static void begin(void)
{
    stage_begin(&stage, 1);
    tail = (struct name){0};
}

/* Loads the log at the second node, which then has to know of so many words; of them before ones
 * from a snapshot of so many parts. */
static void expect_loaded(size_t words, size_t before, size_t parts)
{
    struct tally *tally = tally_of(&stage, 1);
    log_follow(&tally->log);
    stage_run(&stage);
    expect_u64(tally->log.state, LOG_READY);
    expect_u64(tally->log.tail.seq, tail.seq);
    expect_u64(tally->before, before);
    expect_u64(tally->parts, parts);
    expect_u64(tally->before + tally->count, words);
    expect_u64(say(&stage, 1, "next"), LOG_APPENDED);
    stage_end(&stage);
}

static void a_load_goes_back_to_the_base_of_the_parts(void)
{
    begin();
    stranger_writes(&stage, 1, SLICE_OF("noise"));
    tail = (struct name){.seq = 1, .mark = {9, 9}};
    say_words(4);
    struct name base = tail;
    say_words(1);
    save(base, 7, 0, 3, false);
    say_words(2);
    save(base, 7, 1, 1, true);
    say_words(1);
    expect_loaded(8, 4, 2);
}

static void parts_without_a_last_one_are_passed_over(void)
{
    begin();
    say_words(3);
    tail = stranger_says(&stage, tail, "=3");
    say_words(2);
    struct name base = tail;
    save(base, 7, 0, 3, false);
    save(base, 7, 1, 2, false);
    say_words(1);
    expect_loaded(6, 3, 0);
}

static void of_two_snapshots_the_newest_whole_one_counts(void)
{
    begin();
    say_words(3);
    struct name old = tail;
    save(old, 7, 0, 3, true);
    say_words(1);
    struct name lacking = tail;
    save(lacking, 8, 0, 2, false);
    save(lacking, 8, 2, 2, true); /* the one between is not there */
    say_words(1);
    expect_loaded(5, 3, 1);
    begin();
    say_words(3);
    save(tail, 7, 0, 3, true);
    say_words(1);
    save(tail, 8, 0, 4, true);
    say_words(1);
    expect_loaded(5, 4, 1);
}

static void a_damaged_part_leads_to_an_older_snapshot(void)
{
    begin();
    say_words(3);
    save(tail, 7, 0, 3, true);
    say_words(1);
    struct name base = tail;
    save(base, 8, 0, 4, false);
    save(base, 8, 1, 2000, false);
    save(base, 8, 2, 0, true);
    expect_loaded(4, 3, 1);
}

static void parts_of_a_lost_branch_are_passed_over(void)
{
    begin();
    say_words(3);
    struct name base = tail;
    base.mark[0] ^= 1;
    save(base, 7, 0, 9, true);
    say_words(1);
    expect_loaded(4, 0, 0);
}

static void two_writers_at_once_do_not_disturb_each_other(void)
{
    begin();
    say_words(3);
    struct name base = tail;
    save(base, 7, 0, 2, false);
    save(base, 8, 0, 1, false);
    save(base, 7, 1, 1, true);
    say_words(1);
    save(base, 8, 1, 2, true);
    expect_loaded(4, 3, 2);
    begin(); /* the second one died */
    say_words(3);
    base = tail;
    save(base, 7, 0, 2, false);
    save(base, 8, 0, 1, false);
    save(base, 7, 1, 1, true);
    expect_loaded(3, 3, 2);
}

/* Neither the parts nor what came after them need to be in one page. */
static void a_snapshot_far_back_is_found(void)
{
    begin();
    stranger_writes(&stage, 1, SLICE_OF("noise"));
    tail = (struct name){.seq = 1, .mark = {9, 9}};
    say_words(10);
    struct name base = tail;
    for (unsigned i = 0; i < 40; i++) {
        save(base, 7, i, i < 10, i == 39);
        say_words(i % 3);
    }
    say_words(300);
    expect_loaded(10 + 39 + 300, 10, 40);
    begin();
    stranger_writes(&stage, 1, SLICE_OF("noise"));
    tail = (struct name){.seq = 1, .mark = {9, 9}};
    tail = stranger_says(&stage, tail, "=5");
    say_words(300);
    expect_loaded(305, 5, 0);
}

static void a_node_that_follows_folds_past_parts(void)
{
    begin();
    struct tally *tally = tally_of(&stage, 1);
    say_words(2);
    tally->log.is_followed = true;
    log_follow(&tally->log);
    stage_run(&stage);
    struct name base = tail;
    save(base, 7, 0, 1, false);
    save(base, 7, 1, 1, true);
    say_words(1);
    log_hint(&tally->log, tail.seq);
    stage_run(&stage);
    expect_u64(tally->log.tail.seq, 5);
    expect_u64(tally->count, 3);
    expect_u64(tally->parts + tally->before, 0);
    stage_end(&stage);
}

/* ---- at random ---- */

enum { WRITERS = 3, STEPS = 60, RANDOM_SEEDS = 150 };

struct writer {
    struct name base;
    unsigned id, index, left; /* words */
    bool is_writing;
};

static void begin_saving(struct writer *writer, size_t words)
{
    static unsigned ids;
    *writer = (struct writer){tail, ++ids, 0, (unsigned)words, true};
}

static void write_part(struct writer *writer, struct fake_random *random)
{
    unsigned words = (unsigned)fake_random_below(random, writer->left + 1);
    bool is_last = fake_random_chance(random, 400);
    if (is_last)
        words = writer->left;
    writer->left -= words;
    if (fake_random_chance(random, 100))
        words = 2000;                     /* damaged */
    if (!fake_random_chance(random, 100)) /* else it never gets into the log */
        save(writer->base, writer->id, writer->index, words, is_last);
    writer->index++;
    writer->is_writing = !is_last && !fake_random_chance(random, 100); /* or dies */
}

/* Whatever is in the log, and wherever it ends: who loads it knows what was said. */
static size_t load_after_each_entry(uint64_t seed)
{
    struct fake_random random;
    struct writer writers[WRITERS] = {0};
    struct tally *tally = tally_of(&stage, 1);
    size_t words = 0, from_parts = 0;
    begin();
    fake_random_init(&random, seed);
    tally->log.is_followed = true;
    for (int step = 0; step < STEPS; step++) {
        struct writer *writer = &writers[fake_random_below(&random, WRITERS)];
        uint64_t what = fake_random_below(&random, 10);
        if (what < 4 || tail.seq == 0)
            say_words(1), words++;
        else if (what < 9 && writer->is_writing)
            write_part(writer, &random);
        else if (what < 9)
            begin_saving(writer, words);
        fake_store_cut(stage.nodes[1].store);
        stage_run(&stage);
        test_note("seed %d step %d", (int)seed, step);
        expect_u64(tally->log.state, LOG_READY);
        expect_u64(tally->log.tail.seq, tail.seq);
        expect_u64(tally->before + tally->count, words);
        from_parts += tally->parts > 0;
    }
    tally->log.is_followed = false;
    stage_end(&stage);
    return from_parts;
}

static void any_log_is_loaded_as_the_whole_of_it(void)
{
    size_t from_parts = 0;
    for (uint64_t seed = 1; seed <= RANDOM_SEEDS; seed++)
        from_parts += load_after_each_entry(seed);
    expect(from_parts > RANDOM_SEEDS * 10);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_load_goes_back_to_the_base_of_the_parts),
                    CASE(parts_without_a_last_one_are_passed_over),
                    CASE(of_two_snapshots_the_newest_whole_one_counts),
                    CASE(a_damaged_part_leads_to_an_older_snapshot),
                    CASE(parts_of_a_lost_branch_are_passed_over),
                    CASE(two_writers_at_once_do_not_disturb_each_other),
                    CASE(a_snapshot_far_back_is_found), CASE(a_node_that_follows_folds_past_parts),
                    CASE(any_log_is_loaded_as_the_whole_of_it), {0}});
}
