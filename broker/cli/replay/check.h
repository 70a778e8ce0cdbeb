/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of a replay. Pure: it is given what was to be said and what one view really shows.
 *
 * Glossary: a *view* is one way of looking at a conversation (the customer's socket, the agent's
 * socket, the stored log): the messages in the order in which they came, nothing taken out.
 */
#ifndef WEFT_CLI_REPLAY_CHECK_H
#define WEFT_CLI_REPLAY_CHECK_H

#include "cli/replay/dialogues.h"

#include <stdint.h>

enum { VIEW_MESSAGES_MAX = 8 * DIALOGUE_TURNS_MAX };

struct view_message {
    bool is_customer;
    struct slice text; /* owned */
};

struct view {
    struct view_message *all;
    size_t count, customer_count;
    uint64_t overflow; /* messages beyond VIEW_MESSAGES_MAX: surely too many */
};

/* Adds a message, at the end or before the one at `at`; the text is copied. */
void view_insert(struct view *view, size_t at, bool is_customer, struct slice text);
void view_add(struct view *view, bool is_customer, struct slice text);
/* Forgets all messages. */
void view_clear(struct view *view);

struct verdict {
    uint64_t lost;       /* turns that the view lacks */
    uint64_t duplicated; /* messages beyond the one that a turn may have */
    uint64_t disordered; /* turns that stand before one that should precede them */
    uint64_t mismatched; /* messages that are no turn: other bytes, or the wrong side's */
};

/* Adds what is wrong with the view to the sums. */
void check_view(const struct dialogue *dialogue, const struct view *view, struct verdict *sums);

static inline bool verdict_is_clean(const struct verdict *sums)
{
    return (sums->lost | sums->duplicated | sums->disordered | sums->mismatched) == 0;
}

#endif
