/* SPDX-License-Identifier: Apache-2.0 */
/* What all that people send under (lineage, n) has in common: words, edits, deletions, reactions.
 */
#ifndef WEFT_FLOW_SENDS_H
#define WEFT_FLOW_SENDS_H

#include "flow/conversations.h"
#include "flow/sessions.h"

/* false, with the error sent: this session sends too much at once. */
bool send_is_within_limits(struct session *session, struct slice request_id);
/* false, with the error sent: the contact or the tenant does. Else it is counted in
 * session->unacked, which the answer takes back. */
bool send_may_enter(struct session *session, struct chat *chat, struct slice request_id);
/* false, with the error sent: this role may not say such a body. say.c */
bool body_is_sendable(
        struct session *session, struct slice request_id, const struct proto_body *body);
/* Says what was checked and counted. say.c */
void say_now(struct session *session, struct chat *chat, const struct proto_send *request);
enum author_kind send_author_kind(const struct session *session);
void send_acked(struct session *session, struct slice request_id, struct slice lineage, uint64_t n,
        const struct chat_change *change);

#endif
