/* SPDX-License-Identifier: Apache-2.0 */
/* The due index: obligations that nobody looks after any more are found here. */
#ifndef WEFT_FLOW_DUE_H
#define WEFT_FLOW_DUE_H

#include "flow/conversations.h"

enum { DUE_AHEAD_MS_MIN = 5000 }; /* nothing is put in that is due sooner, at the default lease */

bool due_create(struct node *node); /* begins to look, once the directory is ready */
void due_destroy(struct node *node);
/* This node puts an obligation of the chat into the index, due then (the store's clock): it looks
 * there in time. Nobody would be stuck without it, but might wait longer. */
void due_note(const struct chat *chat, uint64_t at_ms);

#endif
