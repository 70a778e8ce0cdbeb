/* SPDX-License-Identifier: Apache-2.0 */
/* Senders count (rule 8): what a number gets, in every state of its lineage. */
#include "story.h"

#include "lib/test.h"

static struct story story;

/* ---- the table "sends" ---- */

enum { LONGEST = 200 };

/* A lineage has said 1..said (body "b<n>" under each number), then asks. */
static const struct sends_row {
    const char *name;
    uint64_t said, n;
    const char *text;
    enum verdict verdict;
    enum refusal refusal;
    uint64_t number; /* already: the number whose place it got · resend: from */
} sends[] = {
        {"the first", 0, 1, "b", VERDICT_APPEND, REFUSAL_NONE, 0},
        {"the next", 3, 4, "b", VERDICT_APPEND, REFUSAL_NONE, 0},
        {"the last again", 3, 3, "b", VERDICT_ALREADY, REFUSAL_NONE, 3},
        {"an older one again", 3, 1, "b", VERDICT_ALREADY, REFUSAL_NONE, 1},
        {"another body under an old number", 3, 2, "other", VERDICT_NO, REFUSAL_OTHER_BODY, 0},
        {"one ahead", 3, 5, "b", VERDICT_NO, REFUSAL_RESEND, 4},
        {"far ahead", 3, UINT64_MAX, "b", VERDICT_NO, REFUSAL_RESEND, 4},
        {"ahead of nothing", 0, 2, "b", VERDICT_NO, REFUSAL_RESEND, 1},
        {"number none", 3, 0, "b", VERDICT_NO, REFUSAL_BAD_LINEAGE, 0},
        {"the oldest in the window", 100, 37, "b", VERDICT_ALREADY, REFUSAL_NONE, 37},
        {"just out of the window", 100, 36, "b", VERDICT_NO, REFUSAL_LONG_AGO, 0},
        {"other words, out of the window", 100, 1, "other", VERDICT_NO, REFUSAL_LONG_AGO, 0},
        {"the next after many", LONGEST, LONGEST + 1, "b", VERDICT_APPEND, REFUSAL_NONE, 0},
};

static void every_number_gets_its_answer(void)
{
    static struct name places[LONGEST + 2];
    for (size_t i = 0; i < sizeof sends / sizeof *sends; i++) {
        const struct sends_row *row = &sends[i];
        test_note("row '%s'", row->name);
        story_begin(&story);
        for (uint64_t n = 1; n <= row->said; n++) {
            customer_says(&story, n, "b");
            expect_appended(&story);
            places[n] = story.fold.tail;
        }
        customer_says(&story, row->n, row->text);
        expect_u64(story.decision.verdict, row->verdict);
        expect_u64(story.decision.refusal, row->refusal);
        if (row->verdict == VERDICT_ALREADY)
            expect_already(&story, places[row->number]);
        if (row->refusal == REFUSAL_RESEND)
            expect_u64(story.decision.resend_from, row->number);
    }
}

/* ---- spelling and age of lineages ---- */

static void say_under(const char *lineage, size_t len, uint64_t n)
{
    somebody_says(&story, &(struct say){.author = {.kind = AUTHOR_CUSTOMER},
                                  .lineage = slice_make(lineage, len),
                                  .n = n,
                                  .body = SLICE_OF("b"),
                                  .digest = 1});
}

static void a_lineage_not_of_our_making_is_refused(void)
{
    static const char *const bad[] = {"", "1", "01jd8x2k7q-4t9w2e6r8y0x1", "01jd8x2k7q-4t9w2e6r8y0",
            "01jd8x2k7q_4t9w2e6r8y0x", "01JD8X2K7Q-4T9W2E6R8Y0XX", "01jd8x2k7q-4t9w2e6r8y0i1",
            "01jd8x2k7-q4t9w2e6r8y0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_note("lineage '%s'", bad[i]);
        story_begin(&story);
        say_under(bad[i], strlen(bad[i]), 1);
        bool is_good = strcmp(bad[i], "01jd8x2k7q-4t9w2e6r8y0x1") == 0;
        if (!is_good)
            expect_refused(&story, REFUSAL_BAD_LINEAGE);
    }
    char with_nul[LINEAGE_LEN];
    story_begin(&story);
    memcpy(with_nul, story.lineage, sizeof with_nul);
    with_nul[3] = '\0';
    say_under(with_nul, sizeof with_nul, 1);
    expect_refused(&story, REFUSAL_BAD_LINEAGE);
}

/* Fills the table: LINEAGES_MAX lineages say one thing each, the story's own first. */
static void fill_the_table(void)
{
    char lineage[LINEAGE_LEN];
    story_begin(&story);
    customer_says(&story, 1, "b");
    for (uint64_t i = 1; i < LINEAGES_MAX; i++) {
        story_lineage(story.now_ms + i, 100 + i, lineage);
        say_under(lineage, LINEAGE_LEN, 1);
        expect_appended(&story);
    }
}

static void a_lineage_pushed_out_is_not_taken_for_new(void)
{
    char lineage[LINEAGE_LEN];
    fill_the_table();
    customer_says(&story, 1, "b");
    expect_u64(story.decision.verdict, VERDICT_NO); /* its window went to others */
    expect_u64(story.decision.refusal, REFUSAL_LONG_AGO);
    story_lineage(story.now_ms + 999, 7, lineage);
    say_under(lineage, LINEAGE_LEN, 1);
    expect_appended(&story);
    for (uint64_t n = 1; n <= 3; n++) { /* the first one is forgotten now, and older than any */
        customer_says(&story, n, "b");
        expect_refused(&story, REFUSAL_BAD_LINEAGE);
    }
    story_lineage(story.now_ms, 8, lineage); /* as old as it, though never seen */
    say_under(lineage, LINEAGE_LEN, 1);
    expect_refused(&story, REFUSAL_BAD_LINEAGE);
    story_lineage(story.now_ms + 1, 9, lineage); /* younger than the forgotten one */
    say_under(lineage, LINEAGE_LEN, 1);
    expect_appended(&story);
}

static void the_lineage_unused_for_longest_makes_room(void)
{
    char lineage[LINEAGE_LEN];
    fill_the_table();
    customer_says(&story, 2, "b"); /* used just now */
    expect_appended(&story);
    story_lineage(story.now_ms + 999, 7, lineage);
    say_under(lineage, LINEAGE_LEN, 1);
    customer_says(&story, 3, "b");
    expect_appended(&story);
    story_lineage(story.now_ms + 1, 101, lineage); /* unused since */
    say_under(lineage, LINEAGE_LEN, 1);
    expect_refused(&story, REFUSAL_BAD_LINEAGE);
}

/* Nobody can make up a birth in the future and so, once forgotten, make everybody too old. */
static void a_lineage_born_in_the_future_is_refused(void)
{
    char lineage[LINEAGE_LEN];
    story_begin(&story);
    story_lineage(story.now_ms + 2 * 3600 * 1000, 1, lineage);
    say_under(lineage, LINEAGE_LEN, 1);
    expect_refused(&story, REFUSAL_BAD_LINEAGE);
    memset(lineage, 'z', 10);
    say_under(lineage, LINEAGE_LEN, 1);
    expect_refused(&story, REFUSAL_BAD_LINEAGE);
    story_lineage(story.now_ms + 1000, 1, lineage); /* another node's clock */
    say_under(lineage, LINEAGE_LEN, 1);
    expect_appended(&story);
    story.now_ms -= 24 * 3600 * 1000; /* a new master's clock: the log's own time counts */
    story_lineage(story.fold.time_ms, 2, lineage);
    say_under(lineage, LINEAGE_LEN, 1);
    expect_appended(&story);
}

static void a_window_goes_to_whom_speaks_and_never_lies(void)
{
    char lineages[LINEAGE_WINDOWS + 1][LINEAGE_LEN];
    struct name last;
    story_begin(&story);
    for (uint64_t i = 0; i <= LINEAGE_WINDOWS; i++) {
        story_lineage(story.now_ms + i, i, lineages[i]);
        say_under(lineages[i], LINEAGE_LEN, 1);
        expect_appended(&story);
        say_under(lineages[i], LINEAGE_LEN, 2);
        last = story.fold.tail;
    }
    say_under(lineages[LINEAGE_WINDOWS], LINEAGE_LEN, 2);
    expect_already(&story, last);
    say_under(lineages[0], LINEAGE_LEN, 1); /* the first has lent its window */
    expect_refused(&story, REFUSAL_LONG_AGO);
    say_under(lineages[0], LINEAGE_LEN, 3); /* and gets the second's, empty */
    expect_appended(&story);
    say_under(lineages[0], LINEAGE_LEN, 3);
    expect_already(&story, story.fold.tail);
    say_under(lineages[0], LINEAGE_LEN, 2);
    expect_refused(&story, REFUSAL_LONG_AGO);
    say_under(lineages[1], LINEAGE_LEN, 2);
    expect_refused(&story, REFUSAL_LONG_AGO);
}

static void a_retry_is_answered_even_when_its_sender_no_longer_owns(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    struct name token = story.fold.owner;
    agent_says(&story, 1, "I look into it.", token);
    struct name place = story.fold.tail;
    agent_requeues(&story, token);
    agent_says(&story, 1, "I look into it.", token);
    expect_already(&story, place);
    agent_says(&story, 2, "And also", token);
    expect_refused(&story, REFUSAL_FENCED);
}

/* A duplicate that got into the log behind everybody's back has no effect on the counters. */
static void a_number_that_is_not_next_does_not_move_the_counter(void)
{
    story_begin(&story);
    customer_says(&story, 1, "b");
    struct name place = story.fold.tail;
    struct entry entry = {.at = {.seq = place.seq + 1}, .author.kind = AUTHOR_CUSTOMER};
    struct part *part = entry_add(&entry, PART_MESSAGE);
    part->lineage = slice_make(story.lineage, LINEAGE_LEN);
    part->n = 1;
    part->digest = 99;
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_OK);
    customer_says(&story, 1, "b");
    expect_already(&story, place);
    customer_says(&story, 2, "b");
    expect_appended(&story);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(every_number_gets_its_answer),
                    CASE(a_lineage_not_of_our_making_is_refused),
                    CASE(a_lineage_pushed_out_is_not_taken_for_new),
                    CASE(the_lineage_unused_for_longest_makes_room),
                    CASE(a_lineage_born_in_the_future_is_refused),
                    CASE(a_window_goes_to_whom_speaks_and_never_lies),
                    CASE(a_retry_is_answered_even_when_its_sender_no_longer_owns),
                    CASE(a_number_that_is_not_next_does_not_move_the_counter), {0}});
}
