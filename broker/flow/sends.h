/* SPDX-License-Identifier: Apache-2.0 */
/* What all that people send under (lineage, n) has in common: words, edits, deletions, reactions.
 */
#ifndef WEFT_FLOW_SENDS_H
#define WEFT_FLOW_SENDS_H

#include "flow/conversations.h"
#include "flow/sessions.h"

/* false, with the error sent: too much at once. Else the caller counts session->unacked until the
 * answer. */
bool send_is_within_limits(struct session *session, struct slice request_id);
/* false, with the error sent: this role may not say such a body. say.c */
bool body_is_sendable(
        struct session *session, struct slice request_id, const struct proto_body *body);
enum author_kind send_author_kind(const struct session *session);
void send_acked(struct session *session, struct slice request_id, struct slice lineage, uint64_t n,
        const struct chat_change *change);

#endif
