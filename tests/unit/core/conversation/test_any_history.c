/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is asked, legal or not: the fold stays sound, and its promises hold. */
#include "any_history.h"

#include "lib/test.h"

#include <stdlib.h>

enum { SEEDS = 400, STEPS = 300 };

static struct any_history history;
static struct conversation before;

static void expect_dense_and_in_time(void)
{
    const struct story *story = &history.story;
    bool has_grown = story->decision.verdict == VERDICT_APPEND;
    expect_u64(story->fold.tail.seq, before.tail.seq + has_grown);
    expect(story->fold.time_ms >= before.time_ms);
    if (!has_grown)
        expect(memcmp((const char *)&before, (const char *)&story->fold, sizeof before) == 0);
}

static void expect_no_and_already_to_make_sense(void)
{
    const struct decision *decision = &history.story.decision;
    expect((decision->verdict == VERDICT_NO) == (decision->refusal != REFUSAL_NONE));
    if (decision->verdict == VERDICT_ALREADY) {
        expect(decision->already.seq > 0 && decision->already.seq <= before.tail.seq);
        expect(name_equal(&decision->already, &history.story.names[decision->already.seq]));
    }
}

/* The token in force comes from the last entry that gave or took the ownership, and from no other.
 */
static void expect_token_of_last_owner_entry(struct name *token)
{
    const struct story *story = &history.story;
    if (story->decision.verdict == VERDICT_APPEND)
        for (size_t i = 0; i < story->draft.part_count; i++) {
            const struct part *part = &story->draft.parts[i];
            if (part->kind == PART_OWNER)
                *token = part->owner == OWNER_NONE ? (struct name){0} : story->draft.at;
            if (part->kind == PART_CASE_CLOSED || part->kind == PART_ERASED)
                *token = (struct name){0};
        }
    expect(name_equal(token, &story->fold.owner));
    bool is_owned = story->fold.phase == PHASE_BOT || story->fold.phase == PHASE_ACTIVE;
    expect(is_owned == (token->seq != 0));
}

/* A bot's or an agent's turn to speak is somebody's duty, and one at a time. */
static void expect_somebody_to_be_obliged(void)
{
    const struct conversation *fold = &history.story.fold;
    uint64_t seqs[2];
    size_t count = conversation_obligations(fold, seqs);
    expect(count <= 1);
    if (fold->phase == PHASE_QUEUED || fold->phase == PHASE_ACTIVE)
        expect_u64(count, 1);
    if (fold->phase == PHASE_BOT && fold->input_from_seq != 0)
        expect(fold->turn.seq != 0);
    if (fold->turn.seq != 0)
        expect(fold->phase == PHASE_BOT && fold->turn_from_seq <= fold->turn.seq &&
                fold->turn_attempt <= TURN_ATTEMPTS_MAX);
}

static void expect_state_to_be_whole(void)
{
    struct pair pairs[ENTRY_PAIRS_MAX];
    const struct conversation *fold = &history.story.fold;
    size_t count = conversation_pairs(fold, pairs), size = 0;
    for (size_t i = 0; i < count; i++)
        size += 3 + pairs[i].name.len + pairs[i].value.len;
    expect_u64(size, fold->state_len);
    expect(fold->state_len <= CONVERSATION_STATE_BYTES);
}

static void expect_turns_to_be_committed_once(bool is_committed[STORY_ENTRIES_MAX])
{
    const struct story *story = &history.story;
    const struct part *part = entry_part(&story->draft, PART_COMMITTED);
    if (story->decision.verdict != VERDICT_APPEND || part == NULL)
        return;
    expect(!is_committed[part->ref.seq]);
    is_committed[part->ref.seq] = true;
}

/* What was just taken is answered with its place when it comes again. */
static void expect_a_retry_to_get_its_place(void)
{
    struct story *story = &history.story;
    const struct part *part = entry_part(&story->draft, PART_MESSAGE);
    if (story->decision.verdict != VERDICT_APPEND || part == NULL || part->lineage.len == 0)
        return;
    struct name place = story->fold.tail;
    struct say say = {.author = {.kind = AUTHOR_AGENT},
            .lineage = part->lineage,
            .n = part->n,
            .body = part->body,
            .digest = part->digest};
    somebody_says(story, &say);
    expect_already(story, place);
    say.digest++;
    somebody_says(story, &say);
    expect_refused(story, REFUSAL_OTHER_BODY);
}

static void run(uint64_t seed)
{
    static bool is_committed[STORY_ENTRIES_MAX];
    struct name token = {0};
    memset(is_committed, 0, sizeof is_committed);
    any_history_begin(&history, seed);
    for (int step = 0; step < STEPS; step++) {
        test_note("seed %llu, step %d", (unsigned long long)seed, step);
        before = history.story.fold;
        any_history_step(&history);
        expect_dense_and_in_time();
        expect_no_and_already_to_make_sense();
        expect_token_of_last_owner_entry(&token);
        expect_somebody_to_be_obliged();
        expect_state_to_be_whole();
        expect_turns_to_be_committed_once(is_committed);
        expect_a_retry_to_get_its_place();
    }
}

static void any_history_is_sound(void)
{
    const char *only = getenv("SIM_SEED"), *count = getenv("SIM_SEEDS");
    uint64_t seeds = count ? strtoull(count, NULL, 10) : SEEDS;
    for (uint64_t seed = 1; only == NULL && seed <= seeds; seed++)
        run(seed);
    if (only != NULL)
        run(strtoull(only, NULL, 10));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv, (struct test_case[]){CASE(any_history_is_sound), {0}});
}
