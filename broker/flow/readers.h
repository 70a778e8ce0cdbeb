/* SPDX-License-Identifier: Apache-2.0 */
/* How far each reader of a conversation is, as the followers on this node were told. */
#ifndef WEFT_FLOW_READERS_H
#define WEFT_FLOW_READERS_H

#include "core/conversation/conversation.h"
#include "proto/frames.h"

#include <stdbool.h>
#include <stddef.h>

enum { READERS_MAX = 64 };

struct reader {
    enum proto_author_kind kind;
    struct id_text id;
    uint64_t delivered, read;             /* as staff hear it */
    uint64_t shown_delivered, shown_read; /* as customers do: 0 of whoever only looks on */
};

/* Zeroed: nobody. */
struct readers {
    struct reader *all;
    size_t count;
};

/* The reader's row, a new one if need be; NULL when READERS_MAX others have theirs. */
struct reader *readers_find(struct readers *readers, enum proto_author_kind kind, struct slice id);
/* Leaves in the receipts what goes beyond what was told before, and notes it as told. The second
 * (NULL: none) is the same as customers hear it. What was read was delivered, too.
 *
 * returns: whether there is anything to tell */
bool readers_take_news(struct readers *readers, struct proto_receipts *to_staff,
        struct proto_receipts *to_customers);
void readers_finish(struct readers *readers);

#endif
