/* SPDX-License-Identifier: Apache-2.0 */
/* The due index: obligations that nobody looks after any more are found here. */
#ifndef WEFT_FLOW_DUE_H
#define WEFT_FLOW_DUE_H

#include "flow/conversations.h"

enum { DUE_AHEAD_MS_MIN = 5000 }; /* nothing is put in that is due sooner, at the default lease */

bool due_create(struct node *node); /* begins to look, once the directory is ready */
/* This node puts something of the conversation into the index, due then (the store's clock): it
 * looks there in time. Nobody would be stuck without it, but might wait longer. */
void due_note(struct node *node, struct slice id, uint64_t at_ms);

/* Where in the index the obligation of an entry stands. */
struct due_names {
    char key_bytes[64], member_bytes[64];
    struct slice key, member;
};
void due_name(struct slice id, uint64_t seq, struct due_names *out);

#endif
