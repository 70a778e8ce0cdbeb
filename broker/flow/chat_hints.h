/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation's topic: what the nodes on which it is open tell each other of it. */
#ifndef WEFT_FLOW_CHAT_HINTS_H
#define WEFT_FLOW_CHAT_HINTS_H

#include "flow/conversations.h"

/* Listens while the chat has followers or a turn, and not otherwise. Call it when either may have
 * changed. */
void chat_listen(struct chat *chat);
void chat_listen_no_more(struct chat *chat);

/* This node appended the record: the others need not read it. */
void chat_tell_record(struct chat *chat, const struct record *record);
/* There is an entry that did not come by chat_tell_record. */
void chat_tell_look(struct node *node, struct slice id, uint64_t seq);

/* What is told to sessions and kept nowhere: a typist frame, and receipts as staff and as customers
 * may hear them. Tells the other nodes' followers; those of this node are the caller's. */
void chat_tell_typist(struct chat *chat, const struct proto_typist *typist, bool to_customers);
void chat_tell_receipts(struct chat *chat, const struct proto_receipts *to_staff,
        const struct proto_receipts *to_customers /* NULL: nothing for them */);

#endif
