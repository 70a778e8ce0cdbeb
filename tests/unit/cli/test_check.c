/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of a replay: what it says of views that are whole, and of views broken in each way, by
 * hand and at random. */
#include "cli/replay/check.h"
#include "cli/replay/plant.h"
#include "cli/replay/samples.h"
#include "lib/test.h"

#include <stdlib.h>

static struct dialogue_turn turns[] = {{true, {"a", 1}}, {false, {"b", 1}}, {true, {"c", 1}},
        {false, {"d", 1}}, {true, {"c", 1}}, {false, {"b", 1}}};
static const struct dialogue dialogue = {
        .id = "one", .turns = turns, .turn_count = sizeof turns / sizeof *turns};

/* Each letter one message; lower case letters at the sides that the dialogue has them on. */
static struct view view_of(const char *letters)
{
    struct view view = {0};
    for (const char *at = letters; *at != '\0'; at++)
        view_add(&view, *at == 'a' || *at == 'c' || *at == 'A', slice_make(at, 1));
    return view;
}

static struct verdict judge(const char *letters)
{
    struct verdict sums = {0};
    struct view view = view_of(letters);
    check_view(&dialogue, &view, &sums);
    view_clear(&view);
    return sums;
}

static void expect_verdict(const char *letters, struct verdict wanted)
{
    struct verdict sums = judge(letters);
    test_note("view %s", letters);
    expect_u64(sums.lost, wanted.lost);
    expect_u64(sums.duplicated, wanted.duplicated);
    expect_u64(sums.disordered, wanted.disordered);
    expect_u64(sums.mismatched, wanted.mismatched);
}

static void a_whole_view_is_clean(void)
{
    struct verdict sums = judge("abcdcb");
    expect(verdict_is_clean(&sums));
}

static void each_fault_has_its_name(void)
{
    expect_verdict("", (struct verdict){.lost = 6});
    expect_verdict("abcdc", (struct verdict){.lost = 1});
    expect_verdict("bcdcb", (struct verdict){.lost = 1});
    expect_verdict("abcdcbb", (struct verdict){.duplicated = 1});
    expect_verdict("aabcdcb", (struct verdict){.duplicated = 1});
    expect_verdict("bacdcb", (struct verdict){.disordered = 1});
    expect_verdict("Abcdcb", (struct verdict){.mismatched = 1});
    expect_verdict("abcdcbX", (struct verdict){.mismatched = 1});
    expect_verdict("abcdX", (struct verdict){.lost = 1, .mismatched = 1});
}

static void the_right_words_from_the_wrong_side_are_a_mismatch(void)
{
    struct verdict sums = {0};
    struct view view = view_of("abcdcb");
    view.all[3].is_customer = true;
    check_view(&dialogue, &view, &sums);
    view_clear(&view);
    expect_u64(sums.mismatched, 1);
    expect_u64(sums.lost + sums.duplicated + sums.disordered, 0);
}

static void a_flood_is_bounded_and_convicted(void)
{
    struct verdict sums = {0};
    struct view view = view_of("abcdcb");
    for (int i = 0; i < VIEW_MESSAGES_MAX; i++)
        view_add(&view, true, SLICE_OF("a"));
    expect_u64(view.count, VIEW_MESSAGES_MAX);
    check_view(&dialogue, &view, &sums);
    view_clear(&view);
    expect_u64(sums.duplicated, VIEW_MESSAGES_MAX);
}

/* Any one change of a whole view must be convicted. */
static void no_single_change_goes_unseen(void)
{
    for (size_t i = 0; i < dialogue.turn_count; i++) {
        struct verdict sums = {0};
        struct view view = view_of("abcdcb");
        switch (i % 3) {
        case 0: /* taken out */
            free((char *)view.all[i].text.bytes);
            view.all[i] = view.all[--view.count];
            break;
        case 1: /* said again */
            view_insert(&view, i, view.all[i].is_customer, view.all[i].text);
            break;
        default:
            ((char *)view.all[i].text.bytes)[0] ^= 1;
            break;
        }
        check_view(&dialogue, &view, &sums);
        view_clear(&view);
        test_note("turn %zu", i);
        expect(!verdict_is_clean(&sums));
    }
}

/* ---- plants -----------------------------------------------------------------------------------
 */

static void a_plant_breaks_exactly_what_it_says(void)
{
    static const enum plant_kind kinds[] = {PLANT_LOSE, PLANT_DOUBLE, PLANT_SWAP, PLANT_MUTATE};
    struct dialogue all[] = {dialogue};
    const struct dialogues dialogues = {all, 1, dialogue.turn_count};
    char scratch[64];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct plant plant;
        struct view view = {0};
        struct verdict sums = {0};
        turns[4].text = SLICE_OF("e"); /* with twice the same words there is nothing to swap */
        expect(plant_choose(kinds[i], &dialogues, &plant));
        for (size_t turn = 0; turn < dialogue.turn_count; turn++) {
            struct slice text = plant_text(&plant, 0, &dialogue, turn, scratch);
            for (int copy = plant_is_at(&plant, PLANT_LOSE, 0, turn)     ? 0
                            : plant_is_at(&plant, PLANT_DOUBLE, 0, turn) ? 2
                                                                         : 1;
                    copy > 0; copy--)
                view_add(&view, turns[turn].is_customer, text);
        }
        check_view(&dialogue, &view, &sums);
        view_clear(&view);
        turns[4].text = SLICE_OF("c");
        expect_u64(sums.lost, kinds[i] == PLANT_LOSE);
        expect_u64(sums.duplicated, kinds[i] == PLANT_DOUBLE);
        expect((sums.disordered > 0) == (kinds[i] == PLANT_SWAP));
        expect_u64(sums.mismatched, kinds[i] == PLANT_MUTATE);
    }
}

static void a_plant_needs_a_fitting_turn(void)
{
    static struct dialogue_turn few[] = {{true, {"a", 1}}, {false, {"b", 1}}};
    struct dialogue all[] = {{.id = "one", .turns = few, .turn_count = 2}};
    const struct dialogues dialogues = {all, 1, 2};
    struct plant plant;
    enum plant_kind kind;
    expect(!plant_choose(PLANT_LOSE, &dialogues, &plant));
    expect(plant_kind_read("swap", &kind) && kind == PLANT_SWAP);
    expect(!plant_kind_read("loose", &kind));
}

/* ---- samples ----------------------------------------------------------------------------------
 */

static void percentiles_are_exact(void)
{
    struct samples samples = {0};
    expect(samples_percentile_ms(&samples, 50) == 0);
    for (uint64_t i = 2000; i > 0; i--)
        samples_add(&samples, i * 1000000);
    expect(samples_percentile_ms(&samples, 50) == 1000);
    expect(samples_percentile_ms(&samples, 99) == 1980);
    expect(samples_percentile_ms(&samples, 100) == 2000);
    samples_finish(&samples);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_whole_view_is_clean), CASE(each_fault_has_its_name),
                    CASE(the_right_words_from_the_wrong_side_are_a_mismatch),
                    CASE(a_flood_is_bounded_and_convicted), CASE(no_single_change_goes_unseen),
                    CASE(a_plant_breaks_exactly_what_it_says), CASE(a_plant_needs_a_fitting_turn),
                    CASE(percentiles_are_exact), {0}});
}
