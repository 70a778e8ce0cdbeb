/* SPDX-License-Identifier: Apache-2.0 */
/* Who is connected to this node: one session a WebSocket peer. */
#ifndef WEFT_FLOW_SESSIONS_H
#define WEFT_FLOW_SESSIONS_H

#include "base/list.h"
#include "core/conversation/conversation.h"
#include "flow/directory.h"
#include "flow/limits.h"
#include "flow/node.h"

struct chat;
struct session_arrival;
struct session_cursors;

enum session_phase { SESSION_FREE, SESSION_NEW, SESSION_ENTERING, SESSION_OPEN, SESSION_CLOSING };

struct session {
    struct node *node;
    struct peer peer;
    enum peer_codec codec;
    enum session_phase phase;
    enum credential_role role;
    bool has_entered; /* welcomed: the tables of its role know it */
    bool awaits_news; /* an agent's, who came while the pool could not be read: pool_news.c */
    uint8_t id_len;
    char id_bytes[20];
    struct id_text subject;          /* conversation, agent or key's name */
    uint64_t number;                 /* never used twice by a node: handles are (slot, number) */
    struct session_arrival *arrival; /* until it was welcomed; then NULL */
    struct session_cursors *cursors; /* of the hello, until the chats are followed; NULL: none */
    struct slice tenant;             /* tenant_id_keep's */
    struct slice name;               /* owned; empty: none */
    struct list subscriptions;
    struct list of_role; /* sessions of agents by agent, of bots by bot: agents.c, bot_turns.c */
    struct rate sends, requests, refusals;
    uint32_t unacked;
    uint64_t typing_seen_ms;
    uint32_t credits, turns; /* bots: what it takes at once, what it has */
};

/* A session that may be gone when it is looked up. */
struct session_handle {
    struct peer peer;
    uint64_t number;
};

bool sessions_create(struct node *node);
/* For receive.c: a peer came, a peer went. */
struct session *session_open(struct node *node, struct peer peer, const struct peer_info *info);
void session_end(struct session *session);

struct session *session_of_peer(struct node *node, struct peer peer); /* NULL: none */
struct session_handle session_handle(const struct session *session);
struct session *session_find(struct node *node, struct session_handle handle); /* NULL: gone */
/* Of the handshake; empty once it was welcomed. */
struct slice session_origin(const struct session *session);
/* A session that was not welcomed yet has so long from now for its hello, or for its welcome once
 * that is here. */
void session_await_hello(struct session *session);
/* The hello is here and waits for this: store_unavailable, or busy. Should its time end meanwhile,
 * that is what it is told: the same hello is good for another line. */
void session_hold_hello(
        struct session *session, struct slice request_id, enum proto_error_code awaited);
/* It was welcomed: nothing is kept any more of how it came. */
void session_has_arrived(struct session *session);
/* Keeps a copy of the text in place of the one before; empty frees it. */
void session_keep_text(struct slice *kept, struct slice text);
struct session *session_next(struct node *node, const struct session *cursor);
/* Keeps the cursors of a hello. Where the session said it was in a conversation; none: seq 0. */
void session_keep_cursors(struct session *session, const struct proto_hello *hello);
struct name session_cursor(const struct session *session, struct slice conversation);
void session_forget_cursors(struct session *session);

/* Holds the chat, or tells the session that there is none. agent_requests.c */
struct chat *session_chat(
        struct session *session, struct slice request_id, struct slice conversation);

static inline struct slice session_id(const struct session *session)
{
    return slice_make(session->id_bytes, session->id_len);
}

/* Writes the frame in the session's codec and queues it. A full ring ends the session with a
 * resumable close. false: the session is closing or closed. */
bool session_send(struct session *session, const struct proto_frame *frame);
/* The same for a frame that was written already, in the session's codec. */
bool session_send_written(struct session *session, struct slice frame);
/* Without an id: not an answer to a request. */
void session_error(struct session *session, struct slice request_id, enum proto_error_code code,
        const char *detail);
void session_error_after(struct session *session, struct slice request_id,
        enum proto_error_code code, uint64_t retry_after_ms, uint64_t resend_from);
void session_done(struct session *session, struct slice request_id, const struct name *at);
void session_close(struct session *session, uint16_t code, const char *reason);
/* Says goodbye, then closes. */
void session_bye(
        struct session *session, const char *reason, uint64_t retry_after_ms, uint16_t code);

#endif
