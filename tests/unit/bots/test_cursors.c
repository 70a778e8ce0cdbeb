/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: what follows, what is known, what is missing. */
#include "bots/sdk/c/cursors.h"
#include "lib/test.h"

#include <stdio.h>

static struct cursors cursors;

static struct name name_of(uint64_t seq, uint8_t branch)
{
    return (struct name){seq, {branch, (uint8_t)seq}};
}

static enum cursors_verdict take(const char *conversation, uint64_t seq, uint64_t after)
{
    struct name at = name_of(seq, 1), before = after ? name_of(after, 1) : (struct name){0};
    return cursors_take(&cursors, slice_of_string(conversation), &at, &before);
}

static void entries_in_order_are_taken(void)
{
    struct name at;
    cursors_init(&cursors);
    expect(!cursors_find(&cursors, SLICE_OF("a"), &at));
    expect(take("a", 7, 5) == CURSORS_NEXT); /* the first follows whatever came before */
    expect(take("a", 8, 7) == CURSORS_NEXT);
    expect(take("a", 11, 8) == CURSORS_NEXT); /* 9 and 10 are not for these eyes */
    expect(cursors_find(&cursors, SLICE_OF("a"), &at) && at.seq == 11);
    cursors_finish(&cursors);
}

static void a_missing_entry_is_a_gap_and_moves_nothing(void)
{
    struct name at;
    cursors_init(&cursors);
    take("a", 7, 5);
    expect(take("a", 9, 8) == CURSORS_GAP);
    expect(cursors_find(&cursors, SLICE_OF("a"), &at) && at.seq == 7);
    expect(take("b", 9, 8) == CURSORS_NEXT);
    expect(take("a", 8, 7) == CURSORS_NEXT);
    cursors_finish(&cursors);
}

static void what_is_held_is_seen(void)
{
    cursors_init(&cursors);
    take("a", 7, 6);
    take("a", 8, 7);
    expect(take("a", 8, 7) == CURSORS_SEEN);
    expect(take("a", 7, 6) == CURSORS_SEEN);
    cursors_finish(&cursors);
}

static void another_entry_with_the_same_number_is_a_gap(void)
{
    struct name other = name_of(8, 2), before = name_of(7, 1);
    cursors_init(&cursors);
    take("a", 7, 6);
    take("a", 8, 7);
    expect(cursors_take(&cursors, SLICE_OF("a"), &other, &before) == CURSORS_GAP);
    struct name next = name_of(9, 2), after_other = name_of(8, 2);
    expect(cursors_take(&cursors, SLICE_OF("a"), &next, &after_other) == CURSORS_GAP);
    cursors_finish(&cursors);
}

static void after_a_reset_everything_is_new(void)
{
    cursors_init(&cursors);
    take("a", 8, 7);
    cursors_forget(&cursors, SLICE_OF("a"));
    cursors_forget(&cursors, SLICE_OF("never held"));
    expect(take("a", 3, 2) == CURSORS_NEXT);
    cursors_finish(&cursors);
}

static void a_hello_lists_the_latest_conversations(void)
{
    struct proto_cursor list[3];
    cursors_init(&cursors);
    take("a", 1, 0);
    take("b", 1, 0);
    take("c", 1, 0);
    take("a", 2, 1);
    expect_u64(cursors_list(&cursors, list, 2), 2);
    expect_text(list[0].conversation, "a");
    expect_u64(list[0].at.seq, 2);
    expect_text(list[1].conversation, "c");
    expect_u64(cursors_list(&cursors, list, 3), 3);
    cursors_finish(&cursors);
}

static void beyond_the_bound_the_most_silent_is_forgotten(void)
{
    char text[16];
    struct name at;
    cursors_init(&cursors);
    take("busy", 1, 0);
    for (int i = 0; i < CURSORS_MAX; i++) {
        snprintf(text, sizeof text, "c%d", i);
        take(text, 1, 0);
        take("busy", 2 + (uint64_t)i, 1 + (uint64_t)i);
    }
    expect_u64(cursors.len, CURSORS_MAX);
    expect(!cursors_find(&cursors, SLICE_OF("c0"), &at));
    expect(cursors_find(&cursors, SLICE_OF("busy"), &at));
    cursors_finish(&cursors);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(entries_in_order_are_taken),
                    CASE(a_missing_entry_is_a_gap_and_moves_nothing), CASE(what_is_held_is_seen),
                    CASE(another_entry_with_the_same_number_is_a_gap),
                    CASE(after_a_reset_everything_is_new),
                    CASE(a_hello_lists_the_latest_conversations),
                    CASE(beyond_the_bound_the_most_silent_is_forgotten), {0}});
}
