/* SPDX-License-Identifier: Apache-2.0 */
/* One message broken on purpose, by a customer who does not do what was written: so that the check
 * is seen to find it. */
#ifndef WEFT_CLI_REPLAY_PLANT_H
#define WEFT_CLI_REPLAY_PLANT_H

#include "cli/replay/dialogues.h"

enum plant_kind {
    PLANT_NONE,
    PLANT_LOSE,   /* a turn is never sent, and taken for said */
    PLANT_DOUBLE, /* a turn is sent twice, under two numbers */
    PLANT_SWAP,   /* two of the customer's turns change places */
    PLANT_MUTATE, /* a bit of a turn is flipped before it is sent */
};

struct plant {
    enum plant_kind kind;
    size_t dialogue, turn;
    size_t other; /* swap: the turn that it changes places with */
};

/* errors: false: there is no plant of this name */
bool plant_kind_read(const char *name, enum plant_kind *out_kind);

/* Picks a turn in the first dialogue that has a fitting one.
 *
 * errors: false: no dialogue has */
bool plant_choose(enum plant_kind kind, const struct dialogues *dialogues, struct plant *out_plant);

/* What the customer says at the turn, broken where the plant says so.
 *
 * owns: scratch has room for PROTO_LIMIT_TEXT_BYTES; the answer borrows from it or the dialogue */
struct slice plant_text(const struct plant *plant, size_t dialogue_index,
        const struct dialogue *dialogue, size_t turn, char *scratch);

static inline bool plant_is_at(
        const struct plant *plant, enum plant_kind kind, size_t dialogue_index, size_t turn)
{
    return plant->kind == kind && plant->dialogue == dialogue_index && plant->turn == turn;
}

#endif
