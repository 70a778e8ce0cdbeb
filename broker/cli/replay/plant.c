/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses what to break.
 *
 * Invariant: a planted fault is done by the client that speaks, over the wire like everything else;
 * the check knows nothing of it. The first turn is left alone: it opens the case.
 */
#include "cli/replay/plant.h"

#include <string.h>

bool plant_kind_read(const char *name, enum plant_kind *out_kind)
{
    static const char *const names[] = {[PLANT_LOSE] = "lose",
            [PLANT_DOUBLE] = "double",
            [PLANT_SWAP] = "swap",
            [PLANT_MUTATE] = "mutate"};
    for (size_t i = PLANT_LOSE; i <= PLANT_MUTATE; i++)
        if (strcmp(names[i], name) == 0) {
            *out_kind = (enum plant_kind)i;
            return true;
        }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The first letter, or the length. */
static size_t find_letter(struct slice text)
{
    size_t at = 0;
    while (at < text.len && !is_letter(text.bytes[at]))
        at++;
    return at;
}

/* The customer's next turn after this one with other words; 0 when there is none. */
static size_t find_other(const struct dialogue *dialogue, size_t turn)
{
    for (size_t i = turn + 1; i < dialogue->turn_count; i++)
        if (dialogue->turns[i].is_customer &&
                !slice_equal(dialogue->turns[i].text, dialogue->turns[turn].text))
            return i;
    return 0;
}

static bool is_fit(enum plant_kind kind, const struct dialogue *dialogue, size_t turn)
{
    const struct dialogue_turn *at = &dialogue->turns[turn];
    if (!at->is_customer)
        return false;
    if (kind == PLANT_SWAP)
        return find_other(dialogue, turn) > 0;
    return kind != PLANT_MUTATE || find_letter(at->text) < at->text.len;
}

bool plant_choose(enum plant_kind kind, const struct dialogues *dialogues, struct plant *out_plant)
{
    for (size_t i = 0; i < dialogues->count; i++)
        for (size_t turn = 1; turn < dialogues->all[i].turn_count; turn++)
            if (is_fit(kind, &dialogues->all[i], turn)) {
                *out_plant = (struct plant){kind, i, turn, find_other(&dialogues->all[i], turn)};
                return true;
            }
    return false;
}

struct slice plant_text(const struct plant *plant, size_t dialogue_index,
        const struct dialogue *dialogue, size_t turn, char *scratch)
{
    struct slice text = dialogue->turns[turn].text;
    if (plant->dialogue != dialogue_index || plant->kind == PLANT_NONE)
        return text;
    if (plant->kind == PLANT_SWAP && turn == plant->turn)
        return dialogue->turns[plant->other].text;
    if (plant->kind == PLANT_SWAP && turn == plant->other)
        return dialogue->turns[plant->turn].text;
    if (plant->kind != PLANT_MUTATE || turn != plant->turn)
        return text;
    memcpy(scratch, text.bytes, text.len);
    scratch[find_letter(text)] ^= 0x20; /* an a becomes an A */
    return slice_make(scratch, text.len);
}
