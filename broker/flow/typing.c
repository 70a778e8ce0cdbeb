/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody is typing: told at once, kept nowhere.
 *
 * Invariant: at most one frame a second a session goes on, and one end of typing after it, so a
 * client cannot flood the others. A customer hears of the agent who answers, not of colleagues who
 * look on.
 */
#include "flow/assignments.h"
#include "flow/chat_hints.h"
#include "flow/deliver.h"
#include "flow/requests.h"

enum { TYPING_EVERY_MS = 1000 };

struct proto_who session_who(const struct session *session)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    return (struct proto_who){is_customer ? PROTO_AUTHOR_KIND_CUSTOMER : PROTO_AUTHOR_KIND_AGENT,
            id_slice(&session->subject), is_customer ? SLICE_NONE : session->name};
}

bool session_answers(struct session *session, struct chat *chat)
{
    return session->role == CREDENTIAL_CUSTOMER || assignments_is_told(session, chat);
}

void typing(struct session *session, const struct proto_typing *request)
{
    uint64_t now_ms = node_clock_ms(session->node);
    bool is_typing = session->typing_seen_ms != 0;
    bool is_news =
            request->active ? now_ms >= session->typing_seen_ms + TYPING_EVERY_MS : is_typing;
    if (!is_news)
        return;
    struct chat *chat = request_chat(session, NULL, request->conversation);
    if (chat == NULL)
        return;
    session->typing_seen_ms = request->active ? now_ms : 0;
    struct proto_frame frame = {.kind = PROTO_KIND_TYPIST};
    frame.as.typist = (struct proto_typist){chat_id(chat), session_who(session), request->active};
    bool to_customers = session_answers(session, chat);
    deliver_frame(chat, &frame, to_customers, true, session);
    chat_tell_typist(chat, &frame.as.typist, to_customers);
    chat_release(chat);
}
