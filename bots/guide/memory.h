/* SPDX-License-Identifier: Apache-2.0 */
/* What the guide remembers of a conversation between two turns: read from its state, changed, and
 * written back as a patch. */
#ifndef WEFT_GUIDE_MEMORY_H
#define WEFT_GUIDE_MEMORY_H

#include "bots/guide/guide.h"

struct memory {
    const char *topic; /* the id of the entry under way, or NULL */
    const char *asked; /* the slot whose question was asked last, or NULL */
    const char *said;  /* the beginnings of what the customer said, one a line, or NULL */
    const char *tried; /* the ids of the entries that were answered, with commas, or NULL */
    bool is_greeted;
    unsigned asks; /* how often in a row that slot was asked for */
    unsigned unsure;
    struct bot_pair slots[GUIDE_SLOTS_MAX]; /* names without "slot." */
    size_t slot_count;
};

void memory_read(const struct guide_view *view, struct memory *out_memory);
/* Lists what has changed since the view. */
void memory_write(
        const struct memory *memory, const struct guide_view *view, struct guide_reply *reply);

/* NULL when it is not known. */
const char *memory_slot(const struct memory *memory, struct slice name);
void memory_set_slot(
        struct memory *memory, struct guide_reply *reply, const char *name, const char *value);

/* Adds a line to what was said, as long as there is room. */
void memory_add_said(struct memory *memory, struct guide_reply *reply, const char *text);
void memory_add_tried(struct memory *memory, struct guide_reply *reply, const char *id);

/* A copy in the reply; NULL when it is full. */
const char *reply_copy(struct guide_reply *reply, struct slice text);

#endif
