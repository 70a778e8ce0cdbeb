/* SPDX-License-Identifier: Apache-2.0 */
/* The one way to append: decide, compare, barrier; and every answer that there is. */
#include "tally.h"

#include "lib/test.h"

#include <stdio.h>

static struct stage stage;

enum { EACH = 12 };

static void appends_of_three_nodes_are_one_dense_log(void)
{
    static char words[TALLY_NODES * EACH][TALLY_WORD_MAX];
    static struct ask asks[TALLY_NODES * EACH];
    stage_begin_born(&stage, 3);
    for (size_t i = 0; i < TALLY_NODES * EACH; i++) {
        snprintf(words[i], sizeof words[i], "word %zu", i);
        ask(&stage, i % TALLY_NODES, &asks[i], words[i]);
    }
    stage_run(&stage);
    expect_u64(stored_count(&stage), 1 + TALLY_NODES * EACH);
    for (size_t i = 0; i < TALLY_NODES * EACH; i++) {
        expect_u64(asks[i].done_count, 1);
        expect_u64(asks[i].change.result.outcome, LOG_APPENDED);
        if (i >= TALLY_NODES) /* in the order of asking, node by node */
            expect(asks[i].change.result.at.seq > asks[i - TALLY_NODES].change.result.at.seq);
    }
    stage_end(&stage);
}

/* ---- a store that counts what is under way ---- */

static struct store counting;
static struct store_ops counting_ops;
static size_t appends_under_way, appends_at_most;
static struct store *counted;

static uint64_t count_generation(struct store *store)
{
    (void)store;
    return counted->ops->generation(counted);
}

static uint64_t count_now_ms(struct store *store)
{
    (void)store;
    return counted->ops->now_ms(counted);
}

struct counted_append {
    store_done done;
    void *user;
};
static struct counted_append appends[64];
static size_t append_count;

static void on_counted(void *user, const struct store_reply *reply)
{
    struct counted_append *append = user;
    appends_under_way--;
    append->done(append->user, reply);
}

static void count_append(
        struct store *store, const struct store_append *request, store_done done, void *user)
{
    (void)store;
    appends[append_count] = (struct counted_append){done, user};
    if (++appends_under_way > appends_at_most)
        appends_at_most = appends_under_way;
    counted->ops->append(counted, request, on_counted, &appends[append_count++]);
}

static void count_read(
        struct store *store, const struct store_read *request, store_done done, void *user)
{
    (void)store;
    counted->ops->read(counted, request, done, user);
}

static void count_barrier(struct store *store, uint64_t generation, store_done done, void *user)
{
    (void)store;
    counted->ops->barrier(counted, generation, done, user);
}

static void count_zset_add(struct store *store, struct slice key, struct slice member,
        uint64_t score, enum zset_rule rule, store_done done, void *user)
{
    (void)store;
    counted->ops->zset_add(counted, key, member, score, rule, done, user);
}

static void one_append_of_a_log_is_under_way_at_a_time(void)
{
    static struct ask asks[EACH];
    stage_begin_born(&stage, 4);
    counting_ops = (struct store_ops){.generation = count_generation,
            .now_ms = count_now_ms,
            .append = count_append,
            .read = count_read,
            .barrier = count_barrier,
            .zset_add = count_zset_add};
    counting.ops = &counting_ops;
    counted = stage.nodes[1].store;
    stage.nodes[1].engine.store = &counting;
    append_count = appends_under_way = appends_at_most = 0;
    for (size_t i = 0; i < EACH; i++)
        ask(&stage, 1, &asks[i], "word");
    stage_run(&stage);
    expect_u64(append_count, EACH);
    expect_u64(appends_at_most, 1);
    stage_end(&stage);
}

/* ---- yes and no ---- */

static void a_refused_append_decides_again_on_what_it_missed(void)
{
    stage_begin_born(&stage, 1);
    say(&stage, 1, "one");
    say(&stage, 0, "two"); /* 0 is behind, and is refused */
    struct ask late;
    ask_once(&stage, 1, &late, "two"); /* so is 1, whose word was said meanwhile */
    stage_run(&stage);
    expect_u64(late.decided, 2);
    expect_u64(late.change.result.outcome, LOG_WAS_ALREADY);
    expect_u64(late.change.result.at.seq, 3);
    expect_u64(stored_count(&stage), 3);
    stage_end(&stage);
}

static void a_no_is_read_again_before_it_is_said(void)
{
    stage_begin_born(&stage, 1);
    say(&stage, 1, "one");
    say(&stage, 0, "two");
    struct ask second = {.word = "three", .only_when = 3};
    ask_as_is(&stage, 1, &second); /* on its tail of two words: no */
    stage_run(&stage);
    expect_u64(second.change.result.outcome, LOG_APPENDED);
    expect_u64(second.decided, 2);
    struct ask third = {.word = "four", .only_when = 3};
    ask_as_is(&stage, 1, &third); /* no on the newest tail too, which is read all the same */
    stage_run(&stage);
    expect_u64(third.change.result.outcome, LOG_REFUSED);
    expect_u64(third.decided, 2);
    expect_u64(stored_count(&stage), 4);
    stage_end(&stage);
}

/* The read must begin after the request: one that was under way already proves nothing. */
static void a_read_under_way_does_not_make_a_no_fresh(void)
{
    stage_begin_born(&stage, 1);
    say(&stage, 1, "one");
    struct ask first = {.word = "x", .only_when = 9}, second = {.word = "y", .only_when = 9};
    ask_as_is(&stage, 1, &first); /* its read is under way */
    ask_as_is(&stage, 1, &second);
    stage_run(&stage);
    expect_u64(first.change.result.outcome, LOG_REFUSED);
    expect_u64(second.change.result.outcome, LOG_REFUSED);
    expect_u64(first.decided, 2);
    expect_u64(second.decided, 2);
    stage_end(&stage);
}

/* It stands for one more request, which came while the read was under way. */
static void a_change_that_is_asked_again_needs_a_newer_read(void)
{
    stage_begin_born(&stage, 1);
    say(&stage, 1, "one");
    struct ask no = {.word = "x", .only_when = 9};
    ask_as_is(&stage, 1, &no);
    log_ask_again(&no.change);
    stage_run(&stage);
    expect_u64(no.change.result.outcome, LOG_REFUSED);
    expect_u64(no.decided, 3);
    stage_end(&stage);
}

static struct ask follower;

static enum log_decision decide_and_submit(
        struct log_change *change, struct log *log, struct log_draft *draft)
{
    (void)change, (void)log;
    ask(&stage, 0, &follower, "second");
    expect_u64(follower.decided, 0);
    buffer_put_slice(&draft->plain, SLICE_OF("first"));
    return LOG_APPEND;
}

static void ignore_done(struct log_change *change, struct log *log)
{
    (void)change, (void)log;
}

static void what_is_submitted_within_a_decision_comes_after_it(void)
{
    struct log_change first = {.decide = decide_and_submit, .done = ignore_done};
    stage_begin_born(&stage, 1);
    log_submit(&tally_of(&stage, 0)->log, &first);
    stage_run(&stage);
    expect_u64(first.result.outcome, LOG_APPENDED);
    expect_u64(follower.change.result.outcome, LOG_APPENDED);
    expect_u64(follower.change.result.at.seq, first.result.at.seq + 1);
    stage_end(&stage);
}

/* ---- unknown ---- */

static void an_unknown_append_is_to_be_tried_again(void)
{
    static const struct {
        enum fake_fate fate;
        enum log_outcome again;
    } rows[] = {{FAKE_FATE_UNKNOWN_RAN, LOG_WAS_ALREADY}, {FAKE_FATE_UNKNOWN_NEVER, LOG_APPENDED},
            {FAKE_FATE_CUT_RAN, LOG_WAS_ALREADY}, {FAKE_FATE_CUT_NEVER, LOG_APPENDED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ask first, again;
        test_note("row %zu", i);
        stage_begin_born(&stage, 5);
        tally_of(&stage, 0)->log.due_key = SLICE_NONE; /* the append is the next command */
        fake_store_doom(stage.nodes[0].store, rows[i].fate);
        ask_once(&stage, 0, &first, "word");
        stage_run(&stage);
        expect_u64(first.change.result.outcome, LOG_RETRY);
        expect_u64(first.done_count, 1);
        ask_once(&stage, 0, &again, "word");
        stage_run(&stage);
        expect_u64(again.change.result.outcome, rows[i].again);
        expect_u64(again.change.result.at.seq, 2);
        expect_u64(stored_count(&stage), 2);
        stage_end(&stage);
    }
}

static void a_full_store_says_so_and_nothing_was_written(void)
{
    stage_begin_born(&stage, 5);
    tally_of(&stage, 0)->log.due_key = SLICE_NONE;
    fake_store_doom(stage.nodes[0].store, FAKE_FATE_FULL);
    expect_u64(say(&stage, 0, "word"), LOG_FULL);
    expect_u64(stored_count(&stage), 1);
    expect_u64(say(&stage, 0, "word"), LOG_APPENDED);
    stage_end(&stage);
}

static void without_a_link_every_answer_is_retry(void)
{
    struct ask one, two;
    stage_begin_born(&stage, 5);
    fake_server_kill(stage.server);
    fake_clock_run_for(&stage.clock, 50);
    ask(&stage, 0, &one, "one");
    ask(&stage, 0, &two, "two");
    fake_clock_run_for(&stage.clock, 50);
    expect_u64(one.done_count + two.done_count, 2);
    expect_u64(one.change.result.outcome, LOG_RETRY);
    expect_u64(two.change.result.outcome, LOG_RETRY);
    fake_server_start(stage.server);
    stage_end(&stage);
}

/* ---- birth ---- */

static void an_absent_log_is_lost_never_new(void)
{
    stage_begin(&stage, 1);
    expect_u64(say(&stage, 1, "word"), LOG_MISSING);
    expect_u64(say(&stage, 1, "word"), LOG_MISSING); /* known by now, and still later */
    expect_u64(stored_count(&stage), 0);
    stage_end(&stage);
    stage_begin_born(&stage, 1);
    fake_server_drop(stage.server, tally_of(&stage, 0)->log.key);
    expect_u64(say(&stage, 0, "word"), LOG_MISSING); /* not even by whom it was born */
    fake_store_cut(stage.nodes[0].store);
    stage_run(&stage);
    expect_u64(say(&stage, 0, "word"), LOG_MISSING);
    expect_u64(stored_count(&stage), 0);
    stage_end(&stage);
}

/* Whatever happened to it meanwhile. */
static void a_log_is_born_once(void)
{
    stage_begin_born(&stage, 1);
    struct slice key = tally_of(&stage, 0)->log.key;
    fake_server_drop(stage.server, key);
    stranger_writes(&stage, 1, SLICE_OF("noise"));
    fake_store_cut(stage.nodes[0].store);
    stage_run(&stage);
    expect_u64(say(&stage, 0, "word"), LOG_QUARANTINED);
    fake_server_drop(stage.server, key);
    fake_store_cut(stage.nodes[0].store);
    stage_run(&stage);
    expect_u64(say(&stage, 0, "word"), LOG_MISSING);
    stage_end(&stage);
}

static void a_birth_whose_answer_was_lost_is_found_or_made(void)
{
    static const enum fake_fate fates[] = {
            FAKE_FATE_UNKNOWN_RAN, FAKE_FATE_UNKNOWN_NEVER, FAKE_FATE_CUT_RAN, FAKE_FATE_CUT_NEVER};
    for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
        struct ask birth, again;
        test_note("fate %zu", i);
        stage_begin(&stage, 5);
        tally_of(&stage, 0)->log.is_newborn = true;
        tally_of(&stage, 0)->log.due_key = SLICE_NONE;
        fake_store_doom(stage.nodes[0].store, fates[i]);
        ask_once(&stage, 0, &birth, "born");
        stage_run(&stage);
        expect_u64(birth.change.result.outcome, LOG_RETRY);
        ask_once(&stage, 0, &again, "born");
        stage_run(&stage);
        expect_u64(again.change.result.outcome,
                fates[i] == FAKE_FATE_UNKNOWN_RAN || fates[i] == FAKE_FATE_CUT_RAN ? LOG_WAS_ALREADY
                                                                                   : LOG_APPENDED);
        expect_u64(stored_count(&stage), 1);
        stage_end(&stage);
    }
}

/* A no that comes before the birth must not break the newborn log. */
static void a_newborn_log_may_be_asked_before_its_birth(void)
{
    stage_begin(&stage, 1);
    tally_of(&stage, 0)->log.is_newborn = true;
    struct ask early = {.word = "x", .only_when = 9};
    ask_as_is(&stage, 0, &early);
    stage_run(&stage);
    expect_u64(early.change.result.outcome, LOG_REFUSED);
    expect_u64(say(&stage, 0, "born"), LOG_APPENDED);
    stage_end(&stage);
}

static void a_derived_log_is_begun_once_by_whoever_comes_first(void)
{
    struct ask asks[TALLY_NODES];
    static const char *const words[] = {"a", "b", "c"};
    stage_begin(&stage, 2);
    for (size_t i = 0; i < TALLY_NODES; i++) {
        tally_of(&stage, i)->log.may_begin = true;
        ask(&stage, i, &asks[i], words[i]);
    }
    stage_run(&stage);
    for (size_t i = 0; i < TALLY_NODES; i++)
        expect_u64(asks[i].change.result.outcome, LOG_APPENDED);
    expect_u64(stored_count(&stage), TALLY_NODES);
    fake_server_drop(stage.server, tally_of(&stage, 0)->log.key);
    expect_u64(say(&stage, 1, "again"), LOG_APPENDED);
    expect_u64(stored_count(&stage), 1);
    stage_end(&stage);
}

/* ---- due ---- */

static char due_text[64];

static void on_due_read(void *user, const struct store_reply *reply)
{
    (void)user;
    due_text[0] = '\0';
    for (size_t i = 0; i < reply->item_count; i++)
        snprintf(due_text, sizeof due_text, "%.*s@%llu", SLICE_ARGS(reply->items[i].value),
                (unsigned long long)reply->items[i].number);
}

static void an_obligation_is_in_the_index_before_its_entry(void)
{
    struct ask word;
    struct store *store;
    stage_begin_born(&stage, 1);
    store = stage.nodes[1].store;
    store->ops->zset_remove(store, SLICE_OF("{aa}due"), SLICE_OF("tally:1"), NULL, NULL);
    stage_run(&stage);
    fake_store_doom(stage.nodes[0].store, FAKE_FATE_CUT_RAN); /* the next command, and no further */
    ask(&stage, 0, &word, "word");
    stage_run(&stage);
    expect_u64(word.change.result.outcome, LOG_RETRY);
    expect_u64(stored_count(&stage), 1);
    store->ops->zset_range(store, SLICE_OF("{aa}due"), 0, 9999, 8, on_due_read, NULL);
    stage_run(&stage);
    expect_text(slice_of_string(due_text), "tally:2@5000");
    stage_end(&stage);
}

static void time_in_a_log_never_falls(void)
{
    struct ask word;
    stage_begin_born(&stage, 1);
    uint64_t birth_ms = tally_of(&stage, 0)->log.time_ms;
    struct name tail = tally_of(&stage, 0)->log.tail;
    stranger_says(&stage, tail, "dated back"); /* time_ms 1 */
    ask(&stage, 0, &word, "word");
    stage_run(&stage);
    expect(word.change.result.time_ms >= birth_ms);
    stage.clock.now_ms = 5; /* the clock of a new master */
    ask(&stage, 0, &word, "word");
    stage_run(&stage);
    expect(word.change.result.time_ms >= birth_ms);
    stage_end(&stage);
}

int main(int argc, char **argv)
{
    if (!crypto_start())
        return 1;
    return test_main(argc, argv,
            (struct test_case[]){CASE(appends_of_three_nodes_are_one_dense_log),
                    CASE(one_append_of_a_log_is_under_way_at_a_time),
                    CASE(a_refused_append_decides_again_on_what_it_missed),
                    CASE(a_no_is_read_again_before_it_is_said),
                    CASE(a_read_under_way_does_not_make_a_no_fresh),
                    CASE(a_change_that_is_asked_again_needs_a_newer_read),
                    CASE(what_is_submitted_within_a_decision_comes_after_it),
                    CASE(an_unknown_append_is_to_be_tried_again),
                    CASE(a_full_store_says_so_and_nothing_was_written),
                    CASE(without_a_link_every_answer_is_retry),
                    CASE(an_absent_log_is_lost_never_new), CASE(a_log_is_born_once),
                    CASE(a_birth_whose_answer_was_lost_is_found_or_made),
                    CASE(a_newborn_log_may_be_asked_before_its_birth),
                    CASE(a_derived_log_is_begun_once_by_whoever_comes_first),
                    CASE(an_obligation_is_in_the_index_before_its_entry),
                    CASE(time_in_a_log_never_falls), {0}});
}
