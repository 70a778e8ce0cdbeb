/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure: what was said becomes unreadable everywhere, for ever. */
#ifndef WEFT_FLOW_ERASE_H
#define WEFT_FLOW_ERASE_H

#include "flow/conversations.h"

enum { ERASE_AGAIN_MS = 10000 };

enum erase_outcome { ERASE_DONE, ERASE_UNKNOWN /* no such conversation */, ERASE_RETRY };

typedef void (*erase_done)(void *user, enum erase_outcome outcome);

/* Destroys the key, appends ERASED, trims. May be repeated: it goes on where it stopped. */
void erase_conversation(struct node *node, struct slice id, erase_done done, void *user);
/* Erases all conversations of a tenant. tenant is the caller's until done. */
void erase_tenant(struct node *node, struct slice tenant, erase_done done, void *user);
/* Removes how far people received and read it, once more, for good: until a node has heard that the
 * conversation was erased it takes receipts. Its member of the due index asks for it,
 * ERASE_AGAIN_MS after it was erased. done says STORE_OK once that lasts. */
void erase_places(struct node *node, struct slice id, store_done done, void *user);
/* The log's last word is ERASED: forgets the key, and customers leave. A follow_up then ends what
 * was open. */
void erase_here(struct chat *chat);
/* Once the directory says that the tenant is gone, so that nobody can come in any more: closes the
 * sessions that are left, and drops the pool's log. */
void erase_tenant_rest(struct node *node, struct slice tenant);

#endif
