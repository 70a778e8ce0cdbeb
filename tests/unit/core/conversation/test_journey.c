/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the journey: each once, in order, and nobody's words. */
#include "story.h"

#include "lib/test.h"

static struct story story;

static void an_event_is_taken_once(void)
{
    story_begin(&story);
    steps_are_tracked(&story, 10, 3);
    expect_appended(&story);
    expect_u64(story.draft.part_count, 3);
    steps_are_tracked(&story, 10, 3);
    expect_already(&story, story.fold.tail);
    steps_are_tracked(&story, 12, 3); /* 12 is known, 13 and 14 are not */
    expect_appended(&story);
    expect_u64(story.draft.part_count, 2);
    expect_u64(story.draft.parts[0].digest, 13);
    expect_u64(story.draft.parts[1].digest, 14);
}

static void twice_in_one_request_is_once(void)
{
    story_begin(&story);
    struct journey_event events[2] = {
            {.id = SLICE_OF("a"), .digest = 7}, {.id = SLICE_OF("a"), .digest = 7}};
    struct journey_steps steps = {{.kind = AUTHOR_CUSTOMER}, events, 2};
    story.decision.draft = &story.draft;
    conversation_track(&story.fold, &steps, story.now_ms, &story.decision);
    expect(story.decision.verdict == VERDICT_APPEND);
    expect_u64(story.draft.part_count, 1);
}

static void as_many_are_known_as_may_be_on_their_way(void)
{
    story_begin(&story);
    steps_are_tracked(&story, 1, 1);
    for (uint64_t i = 1; i < JOURNEY_WINDOW; i++)
        steps_are_tracked(&story, 1000 + i, 1);
    steps_are_tracked(&story, 1, 1);
    expect_already(&story, story.fold.tail);
    steps_are_tracked(&story, 2000, 1); /* one more pushes it out */
    steps_are_tracked(&story, 1, 1);
    expect_appended(&story);
    steps_are_tracked(&story, 2000, 1);
    expect_already(&story, story.fold.tail);
}

static void who_tracks_does_not_speak(void)
{
    story_begin(&story);
    steps_are_tracked(&story, 1, 2);
    expect_u64(story.fold.phase, PHASE_IDLE);
    expect_u64(story.fold.cases, 0);
    expect_u64(story.fold.spoken_ms, 0);
    expect_u64(story.fold.unanswered_ms, 0);
    expect(name_equal(&story.fold.staff_tail, &story.fold.tail));
    expect(!name_equal(
            &story.fold.public_tail, &story.fold.tail)); /* the customer is not shown it */
    story_until_active(&story, "ann");
    struct name owner = story.fold.owner;
    steps_are_tracked(&story, 3, 1);
    expect_appended(&story);
    expect(name_equal(&owner, &story.fold.owner));
}

static void what_is_erased_has_no_journey(void)
{
    story_begin(&story);
    is_erased(&story);
    steps_are_tracked(&story, 1, 1);
    expect_refused(&story, REFUSAL_ERASED);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_event_is_taken_once), CASE(twice_in_one_request_is_once),
                    CASE(as_many_are_known_as_may_be_on_their_way), CASE(who_tracks_does_not_speak),
                    CASE(what_is_erased_has_no_journey), {0}});
}
