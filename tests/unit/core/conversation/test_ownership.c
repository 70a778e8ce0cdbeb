/* SPDX-License-Identifier: Apache-2.0 */
/* Who may answer now: the owner token is a name, and only the one in force counts. */
#include "story.h"

#include "lib/test.h"

static struct story story;

static void a_case_is_owned_for_the_request_in_force(void)
{
    story_begin(&story);
    story_until_queued(&story);
    struct name request = story.fold.request;
    agent_takes(&story, forged(request), "ann");
    expect_refused(&story, REFUSAL_FENCED);
    agent_takes(&story, (struct name){0}, "ann");
    expect_refused(&story, REFUSAL_FENCED);
    agent_takes(&story, request, "ann");
    expect_appended(&story);
    struct name token = story.fold.tail;
    expect(name_equal(&story.fold.owner, &token));
    expect_slice(id_slice(&story.fold.owner_id), SLICE_OF("ann"));
    agent_takes(&story, request, "ann");
    expect_already(&story, token);
    agent_takes(&story, request, "bob");
    expect_refused(&story, REFUSAL_FENCED);
}

static void a_voided_request_fences_a_late_owner(void)
{
    story_begin(&story);
    story_until_queued(&story);
    struct name old = story.fold.request;
    story.now_ms += 5000;
    uint64_t since_ms = story.fold.first_queued_ms;
    request_is_voided(&story, old);
    expect_appended(&story);
    expect(name_equal(&story.fold.request, &story.fold.tail));
    expect_u64(story.fold.first_queued_ms, since_ms);
    agent_takes(&story, old, "ann");
    expect_refused(&story, REFUSAL_FENCED);
    request_is_voided(&story, old);
    expect_refused(&story, REFUSAL_FENCED);
    agent_takes(&story, story.fold.request, "bob");
    expect_appended(&story);
    request_is_voided(&story, story.fold.request); /* owned: too late to void */
    expect_refused(&story, REFUSAL_FENCED);
}

/* One that got into the log although its request was no longer in force has no effect. */
static void a_void_of_an_old_request_leaves_the_request_in_force(void)
{
    story_begin(&story);
    story_until_queued(&story);
    struct name request = story.fold.request;
    struct entry entry = {.at = {.seq = story.fold.tail.seq + 1}, .author.kind = AUTHOR_SYSTEM};
    entry_add(&entry, PART_VOIDED)->ref = forged(request);
    expect_u64(conversation_apply(&story.fold, &entry), FOLD_OK);
    expect(name_equal(&story.fold.request, &request));
}

static void only_the_owner_speaks(void)
{
    story_begin(&story);
    agent_says(&story, 1, "hello", (struct name){0});
    expect_refused(&story, REFUSAL_CLOSED);
    customer_says(&story, 1, "hello");
    agent_says(&story, 1, "hello", story.fold.owner); /* the bot's token is not an agent's */
    expect_refused(&story, REFUSAL_FENCED);
    bot_hands_over(&story, story.fold.turn);
    agent_says(&story, 1, "hello", (struct name){0});
    expect_refused(&story, REFUSAL_FENCED);
    agent_takes(&story, story.fold.request, "ann");
    struct name token = story.fold.owner;
    agent_says(&story, 1, "hello", forged(token));
    expect_refused(&story, REFUSAL_FENCED);
    agent_says(&story, 1, "hello", token);
    expect_appended(&story);
    agent_closes(&story, token);
    agent_says(&story, 2, "bye", token);
    expect_refused(&story, REFUSAL_CLOSED);
}

static void the_customer_is_heard_in_every_living_phase(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    customer_says(&story, 2, "are you there?");
    expect_appended(&story);
    expect_u64(story.draft.part_count, 1);
    agent_requeues(&story, story.fold.owner);
    customer_says(&story, 3, "hello?");
    expect_appended(&story);
    expect_u64(story.draft.part_count, 1);
    expect_u64(story.fold.phase, PHASE_QUEUED);
}

static void a_case_goes_back_to_the_queue_with_its_age_and_packet(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    uint64_t since_ms = story.fold.first_queued_ms, packet = story.fold.packet_seq;
    struct name token = story.fold.owner;
    story.now_ms += 60000;
    agent_requeues(&story, forged(token));
    expect_refused(&story, REFUSAL_FENCED);
    agent_requeues(&story, token);
    expect_appended(&story);
    struct name request = story.fold.tail;
    expect(name_equal(&story.fold.request, &request));
    expect_u64(story.fold.first_queued_ms, since_ms);
    expect_u64(story.fold.packet_seq, packet);
    expect_slice(entry_part(&story.draft, PART_QUEUED)->id, SLICE_OF("bob"));
    agent_requeues(&story, token);
    expect_already(&story, request);
    agent_takes(&story, request, "bob");
    agent_requeues(&story, token);
    expect_already(&story, request);
    agent_closes(&story, token);
    expect_refused(&story, REFUSAL_FENCED);
}

static void a_repeated_close_is_answered_with_the_entry_that_closed(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    struct name token = story.fold.owner;
    agent_closes(&story, forged(token));
    expect_refused(&story, REFUSAL_FENCED);
    agent_closes(&story, token);
    expect_appended(&story);
    struct name closed = story.fold.tail;
    agent_notes(&story, 1, "that was a hard one");
    expect_appended(&story);
    agent_closes(&story, token);
    expect_already(&story, closed);
    agent_closes(&story, (struct name){0});
    expect_refused(&story, REFUSAL_CLOSED);
    agent_requeues(&story, token);
    expect_refused(&story, REFUSAL_CLOSED);
    customer_says(&story, 2, "and again");
    agent_closes(&story, token);
    expect_refused(&story, REFUSAL_FENCED);
}

/* The token of a case that is over is nothing to the next case, in whatever phase that is. */
static void a_token_of_the_last_case_is_fenced_in_the_next(void)
{
    story_begin(&story);
    story_until_active(&story, "ann");
    struct name token = story.fold.owner;
    agent_closes(&story, token);
    customer_says(&story, 2, "and again");
    bot_hands_over(&story, story.fold.turn);
    agent_requeues(&story, token);
    expect_refused(&story, REFUSAL_FENCED);
    agent_closes(&story, token);
    expect_refused(&story, REFUSAL_FENCED);
}

static void anybody_may_note_in_any_phase(void)
{
    story_begin(&story);
    for (uint64_t n = 1; n <= 4; n++) {
        agent_notes(&story, n, "a note");
        expect_appended(&story);
        expect_u64(story.draft.part_count, 1);
        expect(entry_is_visible(&story.draft, true));
        expect(!entry_is_visible(&story.draft, false));
        if (n == 1)
            customer_says(&story, 1, "hello");
        if (n == 2)
            bot_hands_over(&story, story.fold.turn);
        if (n == 3)
            agent_takes(&story, story.fold.request, "bob");
    }
    agent_notes(&story, 4, "a note");
    expect_already(&story, story.fold.tail);
}

static void an_idle_conversation_is_reopened_for_whom_asks(void)
{
    story_begin(&story);
    agent_reopens(&story);
    expect_appended(&story);
    expect_u64(story.fold.phase, PHASE_QUEUED);
    expect_u64(story.fold.cases, 1);
    expect_slice(entry_part(&story.draft, PART_QUEUED)->id, SLICE_OF("ann"));
    agent_reopens(&story);
    expect_refused(&story, REFUSAL_OPEN);
    agent_takes(&story, story.fold.request, "ann");
    agent_reopens(&story);
    expect_refused(&story, REFUSAL_OPEN);
}

static void what_is_open_is_watched_until_it_is_settled(void)
{
    uint64_t seqs[2];
    story_begin(&story);
    expect_u64(conversation_obligations(&story.fold, seqs), 0);
    customer_says(&story, 1, "hello");
    expect_u64(conversation_obligations(&story.fold, seqs), 1);
    expect_u64(seqs[0], story.fold.turn.seq);
    bot_hands_over(&story, story.fold.turn);
    expect_u64(conversation_obligations(&story.fold, seqs), 1);
    expect_u64(seqs[0], story.fold.request.seq);
    request_is_voided(&story, story.fold.request);
    expect_u64(conversation_obligations(&story.fold, seqs), 1);
    expect_u64(seqs[0], story.fold.tail.seq);
    agent_takes(&story, story.fold.request, "ann");
    expect_u64(conversation_obligations(&story.fold, seqs), 1);
    expect_u64(seqs[0], story.fold.owner.seq);
    agent_closes(&story, story.fold.owner);
    expect_u64(conversation_obligations(&story.fold, seqs), 0);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_case_is_owned_for_the_request_in_force),
                    CASE(a_voided_request_fences_a_late_owner),
                    CASE(a_void_of_an_old_request_leaves_the_request_in_force),
                    CASE(only_the_owner_speaks), CASE(the_customer_is_heard_in_every_living_phase),
                    CASE(a_case_goes_back_to_the_queue_with_its_age_and_packet),
                    CASE(a_repeated_close_is_answered_with_the_entry_that_closed),
                    CASE(a_token_of_the_last_case_is_fenced_in_the_next),
                    CASE(anybody_may_note_in_any_phase),
                    CASE(an_idle_conversation_is_reopened_for_whom_asks),
                    CASE(what_is_open_is_watched_until_it_is_settled), {0}});
}
