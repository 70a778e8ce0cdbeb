/* SPDX-License-Identifier: Apache-2.0 */
/* A callback keeps the case's place, is due when it was agreed, and ends: by the customer's words,
 * by an outcome, or after so many attempts. */
#include "story.h"

#include "lib/test.h"

enum { HOUR_MS = 3600000 };

static struct story story;

static void begin_waiting(void)
{
    story_begin(&story);
    story_until_queued(&story);
    story.now_ms += 90000;
}

static void expect_agreed(uint64_t due_ms, uint64_t attempts)
{
    const struct callback *callback = &story.fold.callback;
    expect_slice(callback_channel(callback), SLICE_OF("phone"));
    expect_slice(callback_address(callback), SLICE_OF("+4930123456"));
    expect_u64(callback->due_ms, due_ms);
    expect_u64(callback->attempts, attempts);
}

static void at_its_turn_a_callback_leaves_the_request_as_it_is(void)
{
    begin_waiting();
    struct name request = story.fold.request;
    uint64_t since_ms = story.fold.first_queued_ms;
    callback_is_asked(&story, 0);
    expect_appended(&story);
    expect_agreed(0, 0);
    expect(name_equal(&story.fold.request, &request));
    expect_u64(story.fold.first_queued_ms, since_ms);
    expect(!callback_is_ahead(&story.fold.callback, story.now_ms));
    struct name tail = story.fold.tail;
    callback_is_asked(&story, 0);
    expect_already(&story, tail);
    callback_is_cancelled(&story);
    expect_appended(&story);
    expect(!callback_is_agreed(&story.fold.callback));
    expect(name_equal(&story.fold.request, &request));
    tail = story.fold.tail;
    callback_is_cancelled(&story);
    expect_already(&story, tail);
}

/* The pool must not offer it before: the old request is over, and the new one keeps the age. */
static void a_later_callback_is_a_new_request_of_the_same_age(void)
{
    begin_waiting();
    struct name request = story.fold.request;
    uint64_t since_ms = story.fold.first_queued_ms, due_ms = story.now_ms + HOUR_MS;
    callback_is_asked(&story, due_ms);
    expect_agreed(due_ms, 0);
    expect(name_equal(&story.fold.request, &story.fold.tail));
    expect_u64(story.fold.phase, PHASE_QUEUED);
    expect_u64(story.fold.first_queued_ms, since_ms);
    expect(callback_is_ahead(&story.fold.callback, due_ms - 1));
    expect(!callback_is_ahead(&story.fold.callback, due_ms));
    agent_takes(&story, request, "ann");
    expect_refused(&story, REFUSAL_FENCED);
    request = story.fold.request;
    story.now_ms = due_ms + 5;
    customer_says(&story, 2, "I am back");
    expect_part(&story, PART_CALLBACK);
    expect(!callback_is_agreed(&story.fold.callback));
    expect(name_equal(&story.fold.request, &request)); /* it was due: it waits in the pool */
}

static void who_writes_before_it_is_due_waits_as_any_other_at_once(void)
{
    begin_waiting();
    uint64_t since_ms = story.fold.first_queued_ms;
    callback_is_asked(&story, story.now_ms + HOUR_MS);
    struct name request = story.fold.request;
    customer_says(&story, 2, "I am back");
    expect(!callback_is_agreed(&story.fold.callback));
    expect(name_equal(&story.fold.request, &story.fold.tail));
    expect(!name_equal(&story.fold.request, &request));
    expect_u64(story.fold.first_queued_ms, since_ms);
    agent_takes(&story, story.fold.request, "ann");
    expect_appended(&story);
}

static void only_who_waits_is_called_back(void)
{
    story_begin(&story);
    callback_is_asked(&story, 0);
    expect_refused(&story, REFUSAL_NOT_WAITING);
    customer_says(&story, 1, "hello");
    callback_is_asked(&story, 0);
    expect_refused(&story, REFUSAL_NOT_WAITING);
    bot_hands_over(&story, story.fold.turn);
    agent_takes(&story, story.fold.request, "ann");
    callback_is_asked(&story, 0);
    expect_refused(&story, REFUSAL_NOT_WAITING);
    agent_records(&story, story.fold.owner, false);
    expect_refused(&story, REFUSAL_NO_CALLBACK);
    is_erased(&story);
    callback_is_asked(&story, 0);
    expect_refused(&story, REFUSAL_ERASED);
}

static void who_is_reached_is_a_chat_as_any_other(void)
{
    begin_waiting();
    callback_is_asked(&story, 0);
    agent_takes(&story, story.fold.request, "ann");
    expect_agreed(0, 0);
    struct name owner = story.fold.owner;
    agent_records(&story, forged(owner), true);
    expect_refused(&story, REFUSAL_FENCED);
    agent_records(&story, owner, true);
    expect_appended(&story);
    expect(!callback_is_agreed(&story.fold.callback));
    expect(name_equal(&story.fold.owner, &owner));
    struct name tail = story.fold.tail;
    agent_records(&story, owner, true);
    expect_already(&story, tail);
}

static void the_customers_words_to_the_agent_are_an_outcome(void)
{
    begin_waiting();
    callback_is_asked(&story, 0);
    agent_takes(&story, story.fold.request, "ann");
    customer_says(&story, 2, "here I am");
    expect_slice(entry_part(&story.draft, PART_CALLBACK)->reason, SLICE_OF("reached"));
    expect(!callback_is_agreed(&story.fold.callback));
}

static void who_is_not_reached_is_tried_again_and_then_told(void)
{
    begin_waiting();
    uint64_t since_ms = story.fold.first_queued_ms;
    callback_is_asked(&story, 0);
    for (uint64_t attempt = 1; attempt < 3; attempt++) {
        agent_takes(&story, story.fold.request, "ann");
        struct name owner = story.fold.owner;
        agent_records(&story, owner, false);
        expect_appended(&story);
        expect_u64(story.fold.phase, PHASE_QUEUED);
        expect_agreed(story.now_ms + HOUR_MS / 2, attempt);
        expect_u64(story.fold.first_queued_ms, since_ms);
        expect(name_equal(&story.fold.request, &story.fold.tail));
        struct name request = story.fold.request;
        agent_records(&story, owner, false);
        expect_already(&story, request);
        story.now_ms += HOUR_MS;
    }
    agent_takes(&story, story.fold.request, "ann");
    struct name owner = story.fold.owner;
    agent_records(&story, owner, false);
    expect_appended(&story);
    expect_part(&story, PART_MESSAGE);
    expect_slice(entry_part(&story.draft, PART_CASE_CLOSED)->reason, SLICE_OF("not_reached"));
    expect_u64(story.fold.phase, PHASE_IDLE);
    expect(!callback_is_agreed(&story.fold.callback));
    struct name closed = story.fold.tail;
    agent_records(&story, owner, false);
    expect_already(&story, closed);
}

/* A decliner, an agent who went away, a transfer: the callback goes with the case. */
static void a_case_that_is_handed_on_is_still_to_be_called_back(void)
{
    begin_waiting();
    callback_is_asked(&story, 0);
    agent_takes(&story, story.fold.request, "ann");
    agent_requeues(&story, story.fold.owner);
    expect_agreed(0, 0);
    agent_takes(&story, story.fold.request, "ann");
    agent_closes(&story, story.fold.owner);
    expect(!callback_is_agreed(&story.fold.callback));
}

/* Of a later version of Weft, or damaged: taken as none, not cut. */
static void what_does_not_fit_is_no_callback(void)
{
    struct callback callback;
    char long_address[CALLBACK_ADDRESS_MAX + 1] = {0};
    callback_fold(&callback, &(struct part){.channel = SLICE_OF("a-channel-too-long-by-far")});
    expect(!callback_is_agreed(&callback));
    callback_fold(&callback, &(struct part){.channel = SLICE_OF("phone"),
                                     .name = slice_make(long_address, sizeof long_address)});
    expect(!callback_is_agreed(&callback));
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(at_its_turn_a_callback_leaves_the_request_as_it_is),
                    CASE(a_later_callback_is_a_new_request_of_the_same_age),
                    CASE(who_writes_before_it_is_due_waits_as_any_other_at_once),
                    CASE(only_who_waits_is_called_back),
                    CASE(who_is_reached_is_a_chat_as_any_other),
                    CASE(the_customers_words_to_the_agent_are_an_outcome),
                    CASE(who_is_not_reached_is_tried_again_and_then_told),
                    CASE(a_case_that_is_handed_on_is_still_to_be_called_back),
                    CASE(what_does_not_fit_is_no_callback), {0}});
}
