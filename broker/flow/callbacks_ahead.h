/* SPDX-License-Identifier: Apache-2.0 */
/* Where a tenant's callbacks lie ahead: such a case has no request in the pool, and would otherwise
 * be found by nobody who does not know its conversation. */
#ifndef WEFT_FLOW_CALLBACKS_AHEAD_H
#define WEFT_FLOW_CALLBACKS_AHEAD_H

#include "flow/conversations.h"

/* The case waits for a callback that is not due. */
bool callback_is_ahead_of(const struct chat *chat);

/* What the conversation's state calls for in the index (follow_up.c). */
void ahead_follow_up(struct chat *chat);

/* The conversations, the soonest first; each is to be asked whether it is so. */
void ahead_find(struct node *node, struct slice tenant, size_t count, store_done done, void *user);
/* A read of the conversation says that it is not so. */
void ahead_forget(struct node *node, struct slice tenant, struct slice conversation);
/* The tenant is gone. */
void ahead_remove_all(struct node *node, struct slice tenant);

#endif
