/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sessions, and how a frame gets out.
 *
 * Invariant: a session lives exactly as long as its peer; the slot is the peer's. What is under way
 * for a session holds a handle and finds "gone" afterwards. A peer that cannot take another frame
 * is closed with a code that says: resume, nothing is lost.
 */
#include "flow/sessions.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SESSION_FRAME_MAX = 240 * 1024, BUSY_AGAIN_MS = 1000 };

struct sessions {
    uint32_t capacity;
    struct session all[];
};

bool sessions_create(struct node *node)
{
    uint32_t capacity = node->settings->connections_max;
    node->sessions = calloc(1, sizeof *node->sessions + capacity * sizeof(struct session));
    if (node->sessions != NULL)
        node->sessions->capacity = capacity;
    return node->sessions != NULL;
}

static bool is_same_peer(struct peer a, struct peer b)
{
    return a.index == b.index && a.generation == b.generation;
}

struct session *session_of_peer(struct node *node, struct peer peer)
{
    if (peer.index >= node->sessions->capacity)
        return NULL;
    struct session *session = &node->sessions->all[peer.index];
    bool is_it = session->phase != SESSION_FREE && is_same_peer(session->peer, peer);
    return is_it ? session : NULL;
}

struct session_handle session_handle(const struct session *session)
{
    return (struct session_handle){session->peer, session->number};
}

struct session *session_find(struct node *node, struct session_handle handle)
{
    struct session *session = session_of_peer(node, handle.peer);
    return session != NULL && session->number == handle.number ? session : NULL;
}

struct session *session_next(struct node *node, const struct session *cursor)
{
    struct sessions *sessions = node->sessions;
    size_t i = cursor ? (size_t)(cursor - sessions->all) + 1 : 0;
    for (; i < sessions->capacity; i++)
        if (sessions->all[i].phase != SESSION_FREE)
            return &sessions->all[i];
    return NULL;
}

/* What only a session has that was not welcomed yet. */
struct session_arrival {
    struct session *session;
    struct timer hello_timer;
    enum proto_error_code awaited; /* by the hello, while it is being looked at */
    struct id_text hello_id;
    size_t origin_len;
    char origin[];
};

static void on_hello_due(struct timer *timer)
{
    struct session_arrival *arrival = LIST_ITEM(timer, struct session_arrival, hello_timer);
    struct session *session = arrival->session;
    enum proto_error_code awaited = arrival->awaited;
    if (session->phase != SESSION_ENTERING) {
        session_error(session, SLICE_NONE, PROTO_ERROR_HELLO_TIMEOUT, NULL);
        return;
    }
    uint64_t wait_ms =
            awaited == PROTO_ERROR_BUSY ? BUSY_AGAIN_MS : outcome_wait_ms(session->node, LOG_RETRY);
    session_error_after(session, id_slice(&arrival->hello_id), awaited, wait_ms, 0);
    session_bye(session, "timeout", wait_ms, PROTO_CLOSE_TIMEOUT);
}

static struct session_arrival *arrival_make(struct session *session, struct slice origin)
{
    struct session_arrival *arrival = malloc(sizeof *arrival + origin.len);
    check(arrival != NULL);
    *arrival = (struct session_arrival){
            .session = session, .hello_timer.on_due = on_hello_due, .origin_len = origin.len};
    if (origin.len > 0)
        memcpy(arrival->origin, origin.bytes, origin.len);
    return arrival;
}

struct slice session_origin(const struct session *session)
{
    const struct session_arrival *arrival = session->arrival;
    return arrival ? slice_make(arrival->origin, arrival->origin_len) : SLICE_NONE;
}

void session_await_hello(struct session *session)
{
    struct timers *timers = session->node->timers;
    timers->ops->arm(timers, &session->arrival->hello_timer,
            node_clock_ms(session->node) + PROTO_LIMIT_HELLO_MS);
}

void session_hold_hello(
        struct session *session, struct slice request_id, enum proto_error_code awaited)
{
    session->phase = SESSION_ENTERING;
    session->arrival->awaited = awaited;
    id_set(&session->arrival->hello_id, request_id);
}

void session_has_arrived(struct session *session)
{
    struct timers *timers = session->node->timers;
    if (session->arrival != NULL)
        timers->ops->cancel(timers, &session->arrival->hello_timer);
    free(session->arrival);
    session->arrival = NULL;
}

void session_keep_text(struct slice *kept, struct slice text)
{
    char *copy = text.len > 0 ? malloc(text.len) : NULL;
    check(copy != NULL || text.len == 0);
    if (text.len > 0)
        memcpy(copy, text.bytes, text.len);
    free((char *)kept->bytes);
    *kept = slice_make(copy, text.len);
}

struct session *session_open(struct node *node, struct peer peer, const struct peer_info *info)
{
    check(peer.index < node->sessions->capacity);
    struct session *session = &node->sessions->all[peer.index];
    check(session->phase == SESSION_FREE);
    *session = (struct session){.node = node,
            .peer = peer,
            .codec = info->codec,
            .phase = SESSION_NEW,
            .number = ++node->next_id};
    list_init(&session->subscriptions);
    list_init(&session->of_role);
    session->id_len = (uint8_t)snprintf(
            session->id_bytes, sizeof session->id_bytes, "s%" PRIx64, session->number);
    session->arrival = arrival_make(session, info->origin);
    session_await_hello(session);
    return session;
}

void session_end(struct session *session)
{
    session_has_arrived(session);
    deliver_unfollow_all(session);
    list_remove(&session->of_role);
    session_forget_cursors(session);
    session_keep_text(&session->name, SLICE_NONE);
    session->phase = SESSION_FREE;
}

struct session_cursors {
    size_t count;
    struct {
        struct id_text conversation;
        struct name at;
    } all[];
};

void session_forget_cursors(struct session *session)
{
    free(session->cursors);
    session->cursors = NULL;
}

void session_keep_cursors(struct session *session, const struct proto_hello *hello)
{
    session_forget_cursors(session);
    if (hello->cursors_count == 0)
        return;
    struct session_cursors *kept =
            calloc(1, sizeof *kept + hello->cursors_count * sizeof kept->all[0]);
    check(kept != NULL);
    for (size_t i = 0; i < hello->cursors_count; i++) {
        id_set(&kept->all[i].conversation, hello->cursors[i].conversation);
        kept->all[i].at = hello->cursors[i].at;
    }
    kept->count = hello->cursors_count;
    session->cursors = kept;
}

struct name session_cursor(const struct session *session, struct slice conversation)
{
    for (size_t i = 0; session->cursors != NULL && i < session->cursors->count; i++)
        if (slice_equal(id_slice(&session->cursors->all[i].conversation), conversation))
            return session->cursors->all[i].at;
    return (struct name){0};
}

bool session_send(struct session *session, const struct proto_frame *frame)
{
    struct node *node = session->node;
    if (session->phase == SESSION_FREE || session->phase == SESSION_CLOSING)
        return false;
    struct buffer out = buffer_make(node->out, NODE_OUT_BYTES);
    proto_frame_write(session->codec == PEER_JSON ? PROTO_JSON : PROTO_MSGPACK, frame, &out);
    check(!out.overflowed);
    return session_send_written(session, buffer_slice(&out));
}

bool session_send_written(struct session *session, struct slice frame)
{
    struct node *node = session->node;
    if (session->phase == SESSION_FREE || session->phase == SESSION_CLOSING)
        return false;
    if (frame.len > SESSION_FRAME_MAX) { /* escapes can blow an inbound frame up sixfold */
        log_line(LOG_WARN, "session.frame_too_large", "session=%s bytes=%zu", session->id_bytes,
                frame.len);
        session_close(session, PROTO_CLOSE_INTERNAL, "frame_too_large");
        return false;
    }
    if (node->peers->ops->send(node->peers, session->peer, frame.bytes, frame.len))
        return true;
    if (node->peers->ops->room(node->peers, session->peer) > 0) /* it is still there, and full */
        log_line(LOG_WARN, "session.slow", "session=%s", session->id_bytes);
    session_close(session, PROTO_CLOSE_SLOW_CONSUMER, "slow_consumer");
    return false;
}

void session_close(struct session *session, uint16_t code, const char *reason)
{
    if (session->phase == SESSION_FREE || session->phase == SESSION_CLOSING)
        return;
    struct node *node = session->node;
    session_has_arrived(session);
    session->phase = SESSION_CLOSING;
    node->peers->ops->close(node->peers, session->peer, code, slice_of_string(reason));
}

static void send_error(struct session *session, struct slice request_id, enum proto_error_code code,
        const char *detail, uint64_t retry_after_ms, uint64_t resend_from)
{
    const struct proto_error_info *info = proto_error_info(code);
    struct proto_frame frame = {.kind = PROTO_KIND_ERROR};
    frame.as.error = (struct proto_error){
            .id = request_id,
            .code = info->code,
            .message = detail ? slice_of_string(detail) : info->message,
            .retry = info->retry,
            .has_retry_after_ms = retry_after_ms > 0,
            .retry_after_ms = retry_after_ms,
            .has_resend_from = resend_from > 0,
            .resend_from = resend_from,
    };
    session_send(session, &frame);
    if (info->close != 0) {
        char reason[64];
        snprintf(reason, sizeof reason, "%.*s", SLICE_ARGS(info->code));
        session_close(session, (uint16_t)info->close, reason);
    }
}

void session_error(struct session *session, struct slice request_id, enum proto_error_code code,
        const char *detail)
{
    bool is_later = proto_error_info(code)->retry == PROTO_RETRY_LATER;
    send_error(session, request_id, code, detail, is_later ? 1000 : 0, 0);
}

void session_error_after(struct session *session, struct slice request_id,
        enum proto_error_code code, uint64_t retry_after_ms, uint64_t resend_from)
{
    send_error(session, request_id, code, NULL, retry_after_ms, resend_from);
}

void session_done(struct session *session, struct slice request_id, const struct name *at)
{
    struct proto_frame frame = {.kind = PROTO_KIND_DONE};
    frame.as.done.id = request_id;
    if (at != NULL && at->seq != 0) {
        frame.as.done.has_at = true;
        frame.as.done.at = *at;
    }
    session_send(session, &frame);
}
