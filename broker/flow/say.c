/* SPDX-License-Identifier: Apache-2.0 */
/* Something is said: by a customer, an agent or a service.
 *
 *   send --> limits --> chat_change (decide_say.c, append, barrier) --> ack
 *
 * Invariant: the ack follows the barrier; every other answer says whether the same send may be
 * tried again. What follows from the words (a turn, a case, delivery) is not done here: the log's
 * new state brings it about.
 */
#include "base/check.h"
#include "flow/body_check.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/files.h"
#include "flow/requests.h"
#include "flow/sends.h"

struct say_change {
    struct chat_change change;
    struct session_handle session;
    struct id_text request_id, lineage, author_id;
    struct short_text author_name;
    struct say say;
    char bytes[]; /* the body */
};

static size_t change_size(size_t body_len)
{
    return sizeof(struct say_change) + body_len;
}

static void decide_say(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct say_change *change = LIST_ITEM(chat_change, struct say_change, change);
    struct chat *chat = change->change.chat;
    const struct tenant *tenant = chat_tenant(chat);
    change->say.has_bot = tenant != NULL && tenant->bot_name.len > 0;
    if (change->say.has_bot)
        change->say.bot_id = change->say.bot_name = tenant->bot_name;
    conversation_say(fold, &change->say, now_ms, decision);
}

static void on_said(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct say_change *change = LIST_ITEM(chat_change, struct say_change, change);
    struct node *node = change->change.chat->node;
    struct session *session = session_find(node, change->session);
    if (session != NULL) {
        session->unacked--;
        if (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY)
            send_acked(session, id_slice(&change->request_id), id_slice(&change->lineage),
                    change->say.n, &change->change);
        else
            session_error_after(session, id_slice(&change->request_id),
                    outcome_code(outcome, change->change.refusal), outcome_wait_ms(node, outcome),
                    change->change.resend_from);
    }
    spares_give_back(&node->changes, change, change_size(change->say.body.len));
}

bool body_is_sendable(
        struct session *session, struct slice request_id, const struct proto_body *body)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    struct body_fault fault;
    if (body_is_good(body, is_customer ? SPEAKER_CUSTOMER : SPEAKER_STAFF, &fault))
        return true;
    limits_refuse_for_good(session, request_id, fault.code, fault.message);
    return false;
}

static struct say_change *make_change(struct session *session, const struct proto_send *request)
{
    struct node *node = session->node;
    size_t mark = node->scratch.used;
    struct slice body = body_encode(&request->body, &node->scratch);
    struct say_change *change = spares_take(&node->changes, change_size(body.len));
    check(change != NULL && body.bytes != NULL);
    *change = (struct say_change){.session = session_handle(session)};
    memcpy(change->bytes, body.bytes, body.len);
    node->scratch.used = mark;
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    id_set(&change->request_id, request->id);
    id_set(&change->lineage, request->lineage);
    if (!is_customer)
        change->author_id = session->subject;
    short_set(&change->author_name, session->name);
    change->say = (struct say){
            .author = {send_author_kind(session), id_slice(&change->author_id),
                    is_customer ? SLICE_NONE : short_slice(&change->author_name)},
            .lineage = id_slice(&change->lineage),
            .n = request->n,
            .body = slice_make(change->bytes, body.len),
            .digest = crypto_digest(slice_make(change->bytes, body.len)),
            .reply_to = request->reply_to,
            .is_note = request->has_visibility && request->visibility == PROTO_VISIBILITY_INTERNAL,
            .owner = request->owner,
    };
    change->change.tenant = session->tenant;
    change->change.decide = decide_say;
    change->change.done = on_said;
    return change;
}

void say_now(struct session *session, struct chat *chat, const struct proto_send *request)
{
    chat_change(chat, &make_change(session, request)->change);
}

void say(struct session *session, const struct proto_send *request)
{
    bool is_note = request->has_visibility && request->visibility == PROTO_VISIBILITY_INTERNAL;
    if (is_note && session->role != CREDENTIAL_AGENT) {
        limits_refuse_for_good(session, request->id, PROTO_ERROR_FORBIDDEN, NULL);
        return;
    }
    if (!body_is_sendable(session, request->id, &request->body) ||
            !send_is_within_limits(session, request->id))
        return;
    /* An agent's retry may come after `released`: the log knows it again, or fences it. */
    bool is_token = session->role == CREDENTIAL_AGENT && !is_note && request->has_owner;
    struct chat *chat = is_token ? session_chat(session, request->id, request->conversation)
                                 : request_chat(session, &request->id, request->conversation);
    if (chat == NULL)
        return;
    bool may_enter = send_may_enter(session, chat, request->id);
    if (may_enter && request->body.kind == PROTO_BODY_KIND_FILE)
        say_file(session, chat, request);
    else if (may_enter)
        say_now(session, chat, request);
    chat_release(chat);
}
