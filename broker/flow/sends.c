/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and acks of what people send, and the conversation that they mean.
 *
 * Invariant: whatever becomes an entry is counted in one row per session (and per contact, and per
 * tenant: limits.c), so that no kind of request is a way around the limit of another.
 */
#include "flow/sends.h"

#include "flow/deliver.h"
#include "flow/requests.h"

_Static_assert(
        (int)LINEAGE_WINDOW == (int)PROTO_LIMIT_UNACKED_SENDS, "a retry finds its place again");

bool send_is_within_limits(struct session *session, struct slice request_id)
{
    if (session->unacked >= PROTO_LIMIT_UNACKED_SENDS) {
        limits_refuse(session, request_id, PROTO_ERROR_TOO_MANY_UNACKED, 0);
        return false;
    }
    uint64_t wait_ms = limits_session_wait_ms(session);
    if (wait_ms > 0)
        limits_refuse(session, request_id, PROTO_ERROR_RATE_LIMITED, wait_ms);
    return wait_ms == 0;
}

bool send_may_enter(struct session *session, struct chat *chat, struct slice request_id)
{
    uint64_t wait_ms = limits_chat_wait_ms(session, chat);
    if (wait_ms > 0) {
        limits_refuse(session, request_id, PROTO_ERROR_RATE_LIMITED, wait_ms);
        return false;
    }
    session->unacked++;
    return true;
}

enum author_kind send_author_kind(const struct session *session)
{
    return session->role == CREDENTIAL_CUSTOMER ? AUTHOR_CUSTOMER
           : session->role == CREDENTIAL_AGENT  ? AUTHOR_AGENT
                                                : AUTHOR_SERVICE;
}

void send_acked(struct session *session, struct slice request_id, struct slice lineage, uint64_t n,
        const struct chat_change *change)
{
    struct proto_frame frame = {.kind = PROTO_KIND_ACK};
    frame.as.ack = (struct proto_ack){.id = request_id,
            .conversation = chat_id(change->chat),
            .lineage = lineage,
            .has_n = true,
            .n = n,
            .at = change->at,
            .has_time_ms = change->time_ms != 0,
            .time_ms = change->time_ms};
    session_send(session, &frame);
}

struct chat *request_chat(
        struct session *session, const struct slice *request_id, struct slice conversation)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    struct slice own = id_slice(&session->subject);
    struct slice id = is_customer && conversation.len == 0 ? own : conversation;
    bool is_allowed = conversation_id_is_well_formed(id) && (!is_customer || slice_equal(id, own));
    struct chat *chat = is_allowed ? chat_find(session->node, id) : NULL;
    if (session->role == CREDENTIAL_SERVICE && is_allowed)
        return session_chat(session, *request_id, id);
    if (chat == NULL || deliver_subscription(session, chat) == NULL) {
        if (request_id != NULL)
            session_error(session, *request_id, PROTO_ERROR_UNKNOWN_CONVERSATION, NULL);
        return NULL;
    }
    chat_hold_again(chat);
    return chat;
}
