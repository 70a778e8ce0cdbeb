/* SPDX-License-Identifier: Apache-2.0 */
/* Where chats keep their folds: as they are while in use, packed while nothing happens. */
#ifndef WEFT_FLOW_CHAT_FOLD_H
#define WEFT_FLOW_CHAT_FOLD_H

#include "flow/conversations.h"

/* SHELF_FOLDS_MAX, of 16 KiB: 128 MiB. More are in use for some milliseconds only. */
enum {
    SHELF_AFTER_MS = 5000,
    SHELF_LOOK_MS = 500,
    SHELF_CROWDED_MS = 2,
    SHELF_AT_ONCE = 512,
    SHELF_FOLDS_MAX = 8192,
};

bool shelf_create(struct node *node); /* sets node->shelf */

/* An empty fold, for a log that is read from its beginning. */
void chat_fold_clear(struct chat *chat);
void chat_fold_finish(struct chat *chat);
/* The chat is in use: it is not put away soon. */
void chat_fold_used(struct chat *chat);

#endif
