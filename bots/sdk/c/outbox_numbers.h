/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, lineages and holes of an outbox. Only outbox.c uses it. */
#ifndef WEFT_BOTS_OUTBOX_NUMBERS_H
#define WEFT_BOTS_OUTBOX_NUMBERS_H

#include "bots/sdk/c/outbox_item.h"

static inline struct outbox_item *outbox_item_of(struct list *node)
{
    return LIST_ITEM(node, struct outbox_item, node);
}

void outbox_copy_text(char *to, size_t capacity, struct slice from);

/* Changes one message's state, and the counts with it. */
void outbox_set_state(
        struct outbox *outbox, struct outbox_item *item, enum outbox_item_state state);
void outbox_discard(struct outbox *outbox, struct outbox_item *item);
/* The message is NEW again. Only when it cannot be accepted under its present number. */
void outbox_take_number_back(struct outbox *outbox, struct outbox_item *item);

bool outbox_has_numbered(struct outbox *outbox);
/* Is there another lineage than the present one to go over to? */
bool outbox_has_fresh_lineage(const struct outbox *outbox);
void outbox_take_fresh_lineage(struct outbox *outbox);

/* The number n of the lineage stays unused. */
void outbox_open_hole(struct outbox *outbox, const char *lineage, uint64_t n);
bool outbox_is_behind_hole(const struct outbox *outbox, const struct outbox_item *item);

/* Renumbers what is behind the hole, as soon as that is safe.
 *
 * errors: false when only a new lineage can help; is_last_resort: none is to be had */
bool outbox_mend_hole(struct outbox *outbox, bool is_last_resort);

#endif
