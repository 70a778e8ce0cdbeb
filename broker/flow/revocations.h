/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets that are void since somebody logged out: on all nodes, and over restarts.
 *
 *   {w}revoked   a ZSET: member = a slot's number, score = tickets issued up to then are void (ms)
 *
 * There are 4,096 slots for all subjects: two who share one share the end of their tickets, and
 * the other logs in again.
 */
#ifndef WEFT_FLOW_REVOCATIONS_H
#define WEFT_FLOW_REVOCATIONS_H

#include "flow/node.h"

bool revocations_create(struct node *node); /* sets node->revocations */
/* They have been read once: before that nobody can say whether a ticket is good. */
bool revocations_are_known(const struct node *node);
/* The store has begun another life: read them again. */
void revocations_read(struct node *node);

void tickets_revoke(struct node *node, struct slice tenant, struct slice subject);
bool ticket_is_revoked(
        const struct node *node, struct slice tenant, struct slice subject, uint64_t issued_ms);

#endif
