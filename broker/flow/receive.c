/* SPDX-License-Identifier: Apache-2.0 */
/* The way in: what comes from peers, read, checked against the role, and handed to its flow.
 *
 * Invariant: nothing is looked at before the bounded reader has accepted it; nothing but hello
 * before a hello was accepted; no frame of a role that the schema does not name for it. The table
 * of roles comes from the schema, so no transport can be looser than another. People's requests are
 * counted, so that nobody can make the node read or verify without end.
 */
#include "base/check.h"
#include "base/log_line.h"
#include "flow/assignments.h"
#include "flow/bot_turns.h"
#include "flow/callbacks.h"
#include "flow/deliver.h"
#include "flow/requests.h"
#include "flow/revocations.h"

#include <stdio.h>

static void answer_ping(struct session *session, const struct proto_ping *request)
{
    struct proto_frame frame = {.kind = PROTO_KIND_PONG};
    frame.as.pong.id = request->id;
    session_send(session, &frame);
}

void session_bye(
        struct session *session, const char *reason, uint64_t retry_after_ms, uint16_t code)
{
    struct proto_frame frame = {.kind = PROTO_KIND_BYE};
    frame.as.bye = (struct proto_bye){slice_of_string(reason), retry_after_ms};
    session_send(session, &frame);
    session_close(session, code, reason);
}

/* Frames that every open session may send, or that the table of roles has let through. */
static void dispatch(struct session *session, const struct proto_frame *frame)
{
    switch ((int)frame->kind) {
    case PROTO_KIND_PING:
        answer_ping(session, &frame->as.ping);
        return;
    case PROTO_KIND_LOGOUT:
        tickets_revoke(session->node, session->tenant, id_slice(&session->subject));
        session_bye(session, "logout", 0, PROTO_CLOSE_NORMAL);
        return;
    case PROTO_KIND_SEND:
        say(session, &frame->as.send);
        return;
    case PROTO_KIND_EDIT:
        edit(session, &frame->as.edit);
        return;
    case PROTO_KIND_DELETE:
        delete_message(session, &frame->as.delete);
        return;
    case PROTO_KIND_REACT:
        react(session, &frame->as.react);
        return;
    case PROTO_KIND_RECEIPT:
        receipt(session, &frame->as.receipt);
        return;
    case PROTO_KIND_TYPING:
        typing(session, &frame->as.typing);
        return;
    case PROTO_KIND_HISTORY:
        history(session, &frame->as.history);
        return;
    case PROTO_KIND_EVENT:
        track(session, &frame->as.event);
        return;
    case PROTO_KIND_IDENTIFY:
        identify(session, &frame->as.identify);
        return;
    case PROTO_KIND_ASK_CALLBACK:
        callback_ask(session, &frame->as.ask_callback);
        return;
    case PROTO_KIND_CANCEL_CALLBACK:
        callback_cancel(session, &frame->as.cancel_callback);
        return;
    default:
        check(false); /* a frame that is neither planned nor here */
    }
}

static bool dispatch_agent(struct session *session, const struct proto_frame *frame)
{
    switch ((int)frame->kind) {
    case PROTO_KIND_SET_PRESENCE:
        agents_set_presence(session, &frame->as.set_presence);
        return true;
    case PROTO_KIND_ACCEPT:
        agent_accept(session, &frame->as.accept);
        return true;
    case PROTO_KIND_DECLINE:
        agent_decline(session, &frame->as.decline);
        return true;
    case PROTO_KIND_CLOSE:
        agent_close(session, &frame->as.close);
        return true;
    case PROTO_KIND_REOPEN:
        agent_reopen(session, &frame->as.reopen);
        return true;
    case PROTO_KIND_TRANSFER:
        agent_transfer(session, &frame->as.transfer);
        return true;
    case PROTO_KIND_INVITE:
        agent_invite(session, &frame->as.invite);
        return true;
    case PROTO_KIND_JOIN:
        agent_join(session, &frame->as.join);
        return true;
    case PROTO_KIND_LEAVE:
        agent_leave(session, &frame->as.leave);
        return true;
    case PROTO_KIND_TAKE_OVER:
        agent_take_over(session, &frame->as.take_over);
        return true;
    case PROTO_KIND_LIST_CASES:
        agent_list_cases(session, &frame->as.list_cases);
        return true;
    case PROTO_KIND_EXPLAIN:
        agent_explain(session, &frame->as.explain);
        return true;
    case PROTO_KIND_CALLBACK_OUTCOME:
        callback_outcome(session, &frame->as.callback_outcome);
        return true;
    case PROTO_KIND_WRAPPED_UP:
        agent_wrapped_up(session, &frame->as.wrapped_up);
        return true;
    case PROTO_KIND_WATCH:
        agent_watch(session, &frame->as.watch);
        return true;
    case PROTO_KIND_UNWATCH:
        agent_unwatch(session, &frame->as.unwatch);
        return true;
    default:
        return false;
    }
}

static bool dispatch_bot(struct session *session, const struct proto_frame *frame)
{
    switch ((int)frame->kind) {
    case PROTO_KIND_PROGRESS:
        bot_progress(session, &frame->as.progress);
        return true;
    case PROTO_KIND_COMMIT:
        bot_commit(session, &frame->as.commit);
        return true;
    case PROTO_KIND_FAIL:
        bot_fail(session, &frame->as.fail);
        return true;
    default:
        return false;
    }
}

static bool is_for_role(const struct session *session, enum proto_kind kind)
{
    static const enum proto_role roles[] = {
            [CREDENTIAL_CUSTOMER] = PROTO_ROLE_CUSTOMER,
            [CREDENTIAL_AGENT] = PROTO_ROLE_AGENT,
            [CREDENTIAL_BOT] = PROTO_ROLE_BOT,
            [CREDENTIAL_SERVICE] = PROTO_ROLE_SERVICE,
    };
    return proto_kind_info(kind)->roles >> roles[session->role] & 1;
}

/* Requests that carry an id call it so. */
static struct slice frame_id(const struct proto_frame *frame)
{
    const struct proto_shape *shape = proto_kind_info(frame->kind)->shape;
    for (size_t i = 0; i < shape->field_count; i++)
        if (slice_is(shape->fields[i].name, "id"))
            return *(const struct slice *)((const char *)&frame->as + shape->fields[i].offset);
    return SLICE_NONE;
}

/* sends.c counts them. */
static bool becomes_entry(enum proto_kind kind)
{
    return kind == PROTO_KIND_SEND || kind == PROTO_KIND_EDIT || kind == PROTO_KIND_DELETE ||
           kind == PROTO_KIND_REACT || kind == PROTO_KIND_EVENT ||
           kind == PROTO_KIND_ASK_CALLBACK || kind == PROTO_KIND_CANCEL_CALLBACK;
}

/* What people may ask for, beside what becomes an entry: several frames for each message. */
static uint64_t request_wait_ms(struct session *session, enum proto_kind kind)
{
    bool is_counted = !becomes_entry(kind) && kind != PROTO_KIND_LOGOUT;
    return is_counted ? limits_request_wait_ms(session) : 0;
}

static void take_open_frame(
        struct session *session, const struct proto_frame *frame, struct slice request_id)
{
    uint64_t wait_ms = request_wait_ms(session, frame->kind);
    if (wait_ms > 0) {
        limits_refuse(session, request_id, PROTO_ERROR_RATE_LIMITED, wait_ms);
        return;
    }
    if (!dispatch_agent(session, frame) && !dispatch_bot(session, frame))
        dispatch(session, frame);
}

static void take_frame(
        struct session *session, const struct proto_frame *frame, struct slice request_id)
{
    bool is_hello = frame->kind == PROTO_KIND_HELLO;
    if (session->phase == SESSION_NEW && is_hello)
        hello(session, &frame->as.hello);
    else if (session->phase == SESSION_NEW)
        session_error(session, request_id, PROTO_ERROR_HELLO_FIRST, NULL);
    else if (is_hello)
        session_error(session, request_id, PROTO_ERROR_HELLO_TWICE, NULL);
    else if (session->phase == SESSION_ENTERING)
        session_error(session, request_id, PROTO_ERROR_HELLO_FIRST, "Wait for the welcome first.");
    else if (!is_for_role(session, frame->kind))
        limits_refuse_for_good(session, request_id, PROTO_ERROR_FORBIDDEN, NULL);
    else if (proto_kind_info(frame->kind)->is_planned)
        limits_refuse_for_good(session, request_id, PROTO_ERROR_UNSUPPORTED, NULL);
    else
        take_open_frame(session, frame, request_id);
}

/* ---- events of the peers ----------------------------------------------------------------------
 */

static bool may_open(void *user, const struct peer_info *info)
{
    struct node *node = user;
    return !node->is_draining &&
           (info->origin.len == 0 || directory_knows_origin(node, info->origin));
}

static void on_opened(void *user, struct peer peer, const struct peer_info *info)
{
    session_open(user, peer, info);
}

static void on_frame(void *user, struct peer peer, char *bytes, size_t len)
{
    struct node *node = user;
    struct session *session = session_of_peer(node, peer);
    if (session == NULL || session->phase == SESSION_CLOSING)
        return;
    size_t mark = node->scratch.used;
    struct proto_frame frame;
    struct proto_problem problem;
    struct proto_source source = {session->codec == PEER_JSON ? PROTO_JSON : PROTO_MSGPACK, bytes,
            len, &proto_client_bounds, &node->scratch};
    if (proto_frame_read(&source, PROTO_FROM_CLIENT, &frame, &problem))
        take_frame(session, &frame, frame_id(&frame));
    else
        limits_refuse_for_good(session, problem.id, problem.code, problem.message);
    node->scratch.used = mark;
}

static void on_fault(void *user, struct peer peer, enum peer_fault fault)
{
    static const enum proto_error_code codes[] = {
            [PEER_TOO_LARGE] = PROTO_ERROR_TOO_LARGE,
            [PEER_WRONG_OPCODE] = PROTO_ERROR_WRONG_OPCODE,
            [PEER_BAD_UTF8] = PROTO_ERROR_BAD_UTF8,
    };
    struct session *session = session_of_peer(user, peer);
    if (session != NULL)
        session_error(session, SLICE_NONE, codes[fault], NULL);
}

static void on_writable(void *user, struct peer peer)
{
    struct session *session = session_of_peer(user, peer);
    if (session != NULL)
        deliver_resume(session);
}

static void on_closed(void *user, struct peer peer)
{
    struct session *session = session_of_peer(user, peer);
    if (session == NULL)
        return;
    bool has_entered = session->has_entered;
    enum credential_role role = session->role;
    if (has_entered && role == CREDENTIAL_AGENT)
        agents_leave(session);
    if (has_entered && role == CREDENTIAL_BOT)
        bots_leave(session);
    session_end(session);
}

const struct peer_events node_peer_events = {
        .may_open = may_open,
        .on_opened = on_opened,
        .on_frame = on_frame,
        .on_fault = on_fault,
        .on_writable = on_writable,
        .on_closed = on_closed,
};
