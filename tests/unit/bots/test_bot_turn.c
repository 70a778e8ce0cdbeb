/* SPDX-License-Identifier: Apache-2.0 */
/* Turns in the hands of an author: what can be read, said and set, and what the commit then holds.
 */
#include "bots/sdk/c/bot_turn.h"
#include "lib/test.h"

#include <stdio.h>

static const struct weft_bot bot = {.name = "test"};

static struct bot_turn *turn_of(const char *text, const struct proto_pair *state, size_t count)
{
    struct proto_input input[2] = {
            {.at = {1, {1}}, .body = {.kind = PROTO_BODY_KIND_TEXT, .text = slice_of_string(text)}},
            {.at = {2, {1}},
                    .body = {.kind = PROTO_BODY_KIND_TEXT,
                            .text = SLICE_OF("second"),
                            .chosen = SLICE_OF("value")}}};
    const struct proto_turn frame = {.turn = {16, {1, 2, 3, 4, 5, 6, 7, 8}},
            .conversation = SLICE_OF("c1"),
            .attempt = 2,
            .lease_ms = 5000,
            .context = {.contact = SLICE_OF("ct"),
                    .name = SLICE_OF("Ada"),
                    .has_proven = true,
                    .proven = true,
                    .has_cases = true,
                    .cases = 3},
            .input = input,
            .input_count = text ? 2 : 0,
            .state = state,
            .state_count = count};
    return bot_turn_create(&bot, &frame);
}

static const struct proto_commit *commit_of(const struct bot_turn *turn)
{
    static struct proto_frame frame;
    bot_turn_write_end(turn, &frame);
    expect(frame.kind == PROTO_KIND_COMMIT);
    return &frame.as.commit;
}

static void a_turn_tells_what_it_was_asked(void)
{
    struct bot_turn *turn = turn_of("first", NULL, 0);
    expect_text(slice_of_string(bot_text(turn)), "first\nsecond");
    expect_text(slice_of_string(bot_chosen(turn)), "value");
    expect_text(slice_of_string(bot_contact_name(turn)), "Ada");
    expect(bot_page(turn) == NULL && bot_is_proven(turn));
    expect_u64(bot_cases(turn), 3);
    expect_u64(bot_attempt(turn), 2);
    expect_text(slice_of_string(bot_idempotency_key(turn)), "c1:16-0102030405060708");
    bot_turn_destroy(turn);
}

static void what_is_said_is_in_the_commit(void)
{
    const struct bot_option options[] = {{"Yes", "y"}, {"No", NULL}};
    const char *const skills[] = {"orders", NULL};
    const struct bot_pair slots[] = {{"order", "4711"}};
    struct bot_turn *turn = turn_of("hello", NULL, 0);
    expect(bot_say(turn, "Hi") && bot_quick_replies(turn, "Well?", options, 2));
    expect(bot_label(turn, "greeting"));
    expect(bot_handoff(turn, &(struct bot_handoff){.summary = "Wants a person",
                                     .skills = skills,
                                     .slots = slots,
                                     .slots_count = 1}));
    const struct proto_commit *commit = commit_of(turn);
    expect_u64(commit->messages_count, 2);
    expect_text(commit->messages[0].text, "Hi");
    expect_text(commit->messages[1].options[0].value, "y");
    expect(commit->messages[1].options[1].value.bytes == NULL);
    expect_text(commit->handoff.reason, "asked");
    expect_text(commit->handoff.skills[0].name, "orders");
    expect_text(commit->handoff.slots[0].value, "4711");
    expect_text(commit->labels[0], "greeting");
    bot_turn_destroy(turn);
}

static void state_reads_as_it_will_be(void)
{
    const struct proto_pair state[] = {
            {SLICE_OF("a"), SLICE_OF("1")}, {SLICE_OF("b"), SLICE_OF("2")}};
    struct bot_turn *turn = turn_of("x", state, 2);
    expect(bot_set(turn, "a", "1") && bot_set(turn, "missing", NULL));
    expect_u64(commit_of(turn)->state_count, 0); /* nothing has changed */
    expect(bot_set(turn, "a", "9") && bot_set(turn, "a", "10") && bot_set(turn, "b", NULL));
    expect(bot_set(turn, "c", ""));
    expect_text(slice_of_string(bot_get(turn, "a")), "10");
    expect(bot_get(turn, "b") == NULL);
    expect_text(slice_of_string(bot_get(turn, "c")), "");
    const struct proto_commit *commit = commit_of(turn);
    expect_u64(commit->state_count, 3);
    expect(commit->state[1].value.bytes == NULL);
    bot_turn_destroy(turn);
}

static void an_asked_slot_is_filled_by_the_next_words(void)
{
    struct bot_turn *turn = turn_of("hi", NULL, 0);
    expect(bot_ask(turn, "order", "Which order?") == NULL);
    expect_text(commit_of(turn)->messages[0].text, "Which order?");
    struct proto_pair state = commit_of(turn)->state[0];
    expect_text(state.value, "order");
    struct bot_turn *next = turn_of("4711", &state, 1);
    expect_text(slice_of_string(bot_ask(next, "order", "Which order?")), "4711\nsecond");
    expect_u64(commit_of(next)->messages_count, 0);
    expect(bot_get(next, "_asked") == NULL);
    bot_turn_destroy(turn);
    bot_turn_destroy(next);
}

static void limits_are_told_and_leave_no_trace(void)
{
    static char long_text[8194], name[16];
    struct bot_turn *turn = turn_of("x", NULL, 0);
    memset(long_text, 'x', sizeof long_text - 1);
    expect(!bot_say(turn, long_text));
    long_text[8192] = '\0';
    expect(bot_say(turn, long_text));
    for (int i = 1; i < 8; i++)
        expect(bot_say(turn, "more"));
    expect(!bot_say(turn, "a ninth"));
    expect_u64(commit_of(turn)->messages_count, 8);
    for (int i = 0; i < 32; i++) {
        snprintf(name, sizeof name, "n%d", i);
        expect(bot_set(turn, name, "v"));
    }
    expect(!bot_set(turn, "n32", "v"));
    expect(bot_set(turn, "n31", "other"));
    expect(!bot_quick_replies(turn, "none", NULL, 0));
    bot_turn_destroy(turn);
}

static void a_turn_never_outgrows_its_memory(void)
{
    static char text[8193];
    struct bot_turn *turn = turn_of("x", NULL, 0);
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 8; i++)
        bot_say(turn, text);
    expect(bot_turn_is_too_large(turn));
    while (bot_turn_copy(turn, slice_of_string(text)) != NULL)
        continue;
    while (bot_turn_copy(turn, SLICE_OF("")) != NULL)
        continue;
    expect(!bot_set(turn, "a", "1"));
    expect(!bot_handoff(turn, &(struct bot_handoff){.summary = "no room"}));
    expect(!commit_of(turn)->has_handoff);
    bot_turn_destroy(turn);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_turn_tells_what_it_was_asked),
                    CASE(what_is_said_is_in_the_commit), CASE(state_reads_as_it_will_be),
                    CASE(an_asked_slot_is_filled_by_the_next_words),
                    CASE(limits_are_told_and_leave_no_trace),
                    CASE(a_turn_never_outgrows_its_memory), {0}});
}
