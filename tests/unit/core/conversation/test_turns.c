/* SPDX-License-Identifier: Apache-2.0 */
/* Turns of bots: committed once, tried three times, never left without a follower. */
#include "story.h"

#include "lib/test.h"

static struct story story;

static void the_first_words_open_a_case_and_a_turn_in_one_entry(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    expect_appended(&story);
    expect_part(&story, PART_CASE_OPENED);
    expect_part(&story, PART_MESSAGE);
    expect_u64(entry_part(&story.draft, PART_OWNER)->owner, OWNER_BOT);
    expect_u64(entry_part(&story.draft, PART_TURN)->number, 1);
    expect_u64(entry_part(&story.draft, PART_TURN)->from_seq, story.fold.tail.seq);
    expect_u64(story.fold.phase, PHASE_BOT);
    expect(name_equal(&story.fold.turn, &story.fold.tail));
    expect(name_equal(&story.fold.owner, &story.fold.tail));
    expect_u64(story.fold.cases, 1);
}

static void without_a_bot_the_first_words_wait_for_an_agent(void)
{
    story_begin(&story);
    story.has_bot = false;
    customer_says(&story, 1, "hello");
    expect_appended(&story);
    expect_no_part(&story, PART_TURN);
    expect_u64(story.fold.phase, PHASE_QUEUED);
    expect(name_equal(&story.fold.request, &story.fold.tail));
    expect_u64(story.fold.first_queued_ms, story.fold.time_ms);
}

static void a_turn_is_committed_once(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name turn = story.fold.turn;
    bot_answers(&story, turn, "Hi!");
    expect_appended(&story);
    struct name committed = story.fold.tail;
    expect_u64(story.fold.turn.seq, 0);
    expect_u64(story.fold.phase, PHASE_BOT);
    bot_answers(&story, turn, "Hi!");
    expect_already(&story, committed);
    bot_answers(&story, turn, "Something else");
    expect_refused(&story, REFUSAL_OTHER_BODY);
    customer_says(&story, 2, "thanks");
    bot_answers(&story, turn, "Hi!"); /* still the last one that was committed */
    expect_already(&story, committed);
}

static void a_turn_of_a_lost_branch_cannot_commit(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    bot_answers(&story, forged(story.fold.turn), "Hi!");
    expect_refused(&story, REFUSAL_FENCED);
    turn_ends(&story, forged(story.fold.turn), false);
    expect_refused(&story, REFUSAL_FENCED);
    struct name turn = story.fold.turn;
    bot_answers(&story, turn, "Hi!");
    bot_answers(&story, forged(turn), "Hi!"); /* nor pass for the one that did */
    expect_refused(&story, REFUSAL_FENCED);
    bot_answers(&story, (struct name){0}, "Hi!");
    expect_refused(&story, REFUSAL_FENCED);
}

static void input_during_a_turn_opens_the_next_in_the_same_entry(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name turn = story.fold.turn;
    customer_says(&story, 2, "my parcel");
    expect_no_part(&story, PART_TURN);
    uint64_t first = story.fold.tail.seq;
    customer_says(&story, 3, "is lost");
    expect(name_equal(&story.fold.turn, &turn));
    bot_answers(&story, turn, "Hi!");
    expect_u64(entry_part(&story.draft, PART_TURN)->from_seq, first);
    expect_u64(entry_part(&story.draft, PART_TURN)->number, 1);
    expect(name_equal(&story.fold.turn, &story.fold.tail));
    bot_answers(&story, story.fold.turn, "I look for it.");
    expect_no_part(&story, PART_TURN);
}

static void a_close_gives_way_to_words_said_meanwhile(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name turn = story.fold.turn;
    customer_says(&story, 2, "wait");
    bot_commits(&story, turn, &(struct commit){.is_close = true, .digest = 1});
    expect_no_part(&story, PART_CASE_CLOSED);
    expect_part(&story, PART_TURN);
    bot_commits(&story, story.fold.turn, &(struct commit){.is_close = true, .digest = 2});
    expect_part(&story, PART_CASE_CLOSED);
    expect_u64(story.fold.phase, PHASE_IDLE);
    customer_says(&story, 3, "and another thing");
    expect_u64(story.fold.cases, 2);
}

static void a_handover_is_one_entry_with_its_packet(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name turn = story.fold.turn;
    customer_says(&story, 2, "a human please");
    bot_hands_over(&story, turn);
    expect_appended(&story);
    expect_no_part(&story, PART_TURN);
    expect_slice(entry_part(&story.draft, PART_QUEUED)->handoff, SLICE_OF("packet"));
    expect_u64(story.fold.phase, PHASE_QUEUED);
    expect(name_equal(&story.fold.request, &story.fold.tail));
    expect_u64(story.fold.packet_seq, story.fold.tail.seq);
    expect_u64(story.fold.owner.seq, 0);
}

static void three_attempts_then_the_queue(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    uint64_t first = story.fold.tail.seq;
    for (uint64_t attempt = 1; attempt < TURN_ATTEMPTS_MAX; attempt++) {
        struct name turn = story.fold.turn;
        customer_says(&story, attempt + 1, "hello?");
        turn_ends(&story, turn, false);
        expect_u64(story.fold.turn_attempt, attempt + 1);
        expect_u64(story.fold.turn_from_seq, first);
        expect_u64(story.fold.input_from_seq, 0); /* covered by the new attempt */
        turn_ends(&story, turn, false);
        expect_refused(&story, REFUSAL_FENCED);
        bot_answers(&story, turn, "too late");
        expect_refused(&story, REFUSAL_FENCED);
    }
    turn_ends(&story, story.fold.turn, false);
    expect_u64(story.fold.phase, PHASE_QUEUED);
    expect_part(&story, PART_MESSAGE);
    expect_u64(story.fold.owner.seq, 0);
}

static void a_final_end_goes_to_the_queue_at_once(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    turn_ends(&story, story.fold.turn, true);
    expect_u64(story.fold.phase, PHASE_QUEUED);
    expect_u64(story.fold.turn.seq, 0);
}

/* A commit that got into the log although its turn was over has no effect on the turn. */
static void a_commit_of_another_turn_leaves_the_turn_open(void)
{
    story_begin(&story);
    customer_says(&story, 1, "hello");
    struct name turn = story.fold.turn;
    struct entry entry = {.at = {.seq = story.fold.tail.seq + 1}, .author.kind = AUTHOR_BOT};
    entry_add(&entry, PART_COMMITTED)->ref = forged(turn);
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_OK);
    expect(name_equal(&story.fold.turn, &turn));
    expect_u64(story.fold.committed_turn.seq, 0);
}

/* ---- the state of a case ---- */

static void patch(const struct pair *pairs, size_t count)
{
    static uint64_t digest;
    uint64_t n = story.fold.lineages.count ? story.fold.lineages.all[0].highest + 1 : 1;
    customer_says(&story, n, "go on");
    bot_commits(&story, story.fold.turn,
            &(struct commit){.pairs = pairs, .pair_count = count, .digest = ++digest});
}

static struct slice value_of(const char *name)
{
    struct pair pairs[ENTRY_PAIRS_MAX];
    size_t count = conversation_pairs(&story.fold, pairs);
    for (size_t i = 0; i < count; i++)
        if (slice_is(pairs[i].name, name))
            return pairs[i].value;
    return SLICE_NONE;
}

static void a_patch_replaces_adds_and_removes(void)
{
    struct pair pairs[ENTRY_PAIRS_MAX];
    story_begin(&story);
    patch((struct pair[]){{SLICE_OF("parcel"), SLICE_OF("4711")},
                  {SLICE_OF("city"), SLICE_OF("Lyon")}, {SLICE_OF("mood"), SLICE_OF("calm")}},
            3);
    expect_appended(&story);
    patch((struct pair[]){{SLICE_OF("city"), SLICE_OF("Marseille")}, {SLICE_OF("mood"), SLICE_NONE},
                  {SLICE_OF("nothing"), SLICE_NONE}, {SLICE_OF("empty"), SLICE_OF("")}},
            4);
    expect_u64(conversation_pairs(&story.fold, pairs), 3);
    expect_slice(value_of("parcel"), SLICE_OF("4711"));
    expect_slice(value_of("city"), SLICE_OF("Marseille"));
    expect(value_of("mood").bytes == NULL);
    expect(value_of("empty").bytes != NULL);
    bot_commits(&story, story.fold.turn, &(struct commit){.digest = 1});
    customer_says(&story, 3, "bye");
    bot_commits(&story, story.fold.turn, &(struct commit){.is_close = true, .digest = 9});
    expect_u64(conversation_pairs(&story.fold, pairs), 0); /* the case took it along */
}

static char filler[CONVERSATION_STATE_BYTES + 1];

static void a_state_as_large_as_it_may_be_and_one_byte_more(void)
{
    memset(filler, 'x', sizeof filler);
    story_begin(&story);
    patch((struct pair[]){{SLICE_OF("a"), slice_make(filler, 2000)}}, 1);
    size_t rest = CONVERSATION_STATE_BYTES - 2004 - 4;
    patch((struct pair[]){{SLICE_OF("b"), slice_make(filler, rest + 1)}}, 1);
    expect_refused(&story, REFUSAL_STATE_FULL);
    expect(story.fold.turn.seq != 0); /* the bot may commit something smaller */
    bot_commits(&story, story.fold.turn,
            &(struct commit){.pairs = (struct pair[]){{SLICE_OF("b"), slice_make(filler, rest)}},
                    .pair_count = 1,
                    .digest = 5});
    expect_appended(&story);
    expect_u64(story.fold.state_len, CONVERSATION_STATE_BYTES);
    patch((struct pair[]){{SLICE_OF("a"), slice_make(filler, 1999)},
                  {SLICE_OF("a"), SLICE_OF("1")}},
            2); /* what is replaced makes room */
    expect_appended(&story);
    expect_slice(value_of("a"), SLICE_OF("1"));
    expect_u64(value_of("b").len, rest);
}

/* More pairs than a turn can show would be lost without a word. */
static void a_state_holds_no_more_pairs_than_can_be_shown(void)
{
    char names[ENTRY_PAIRS_MAX + 1][2];
    struct pair pairs[ENTRY_PAIRS_MAX];
    for (size_t i = 0; i <= ENTRY_PAIRS_MAX; i++) {
        names[i][0] = (char)('a' + i / 10);
        names[i][1] = (char)('0' + i % 10);
        if (i < ENTRY_PAIRS_MAX)
            pairs[i] = (struct pair){slice_make(names[i], 2), SLICE_OF("1")};
    }
    story_begin(&story);
    patch(pairs, ENTRY_PAIRS_MAX);
    expect_appended(&story);
    patch((struct pair[]){{slice_make(names[ENTRY_PAIRS_MAX], 2), SLICE_OF("1")}}, 1);
    expect_refused(&story, REFUSAL_STATE_FULL);
    bot_commits(&story, story.fold.turn,
            &(struct commit){.pairs = (struct pair[]){{slice_make(names[0], 2), SLICE_NONE},
                                     {slice_make(names[ENTRY_PAIRS_MAX], 2), SLICE_OF("1")}},
                    .pair_count = 2,
                    .digest = 5});
    expect_appended(&story);
    expect_u64(conversation_pairs(&story.fold, pairs), ENTRY_PAIRS_MAX);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_first_words_open_a_case_and_a_turn_in_one_entry),
                    CASE(without_a_bot_the_first_words_wait_for_an_agent),
                    CASE(a_turn_is_committed_once), CASE(a_turn_of_a_lost_branch_cannot_commit),
                    CASE(input_during_a_turn_opens_the_next_in_the_same_entry),
                    CASE(a_close_gives_way_to_words_said_meanwhile),
                    CASE(a_handover_is_one_entry_with_its_packet),
                    CASE(three_attempts_then_the_queue),
                    CASE(a_final_end_goes_to_the_queue_at_once),
                    CASE(a_commit_of_another_turn_leaves_the_turn_open),
                    CASE(a_patch_replaces_adds_and_removes),
                    CASE(a_state_as_large_as_it_may_be_and_one_byte_more),
                    CASE(a_state_holds_no_more_pairs_than_can_be_shown), {0}});
}
