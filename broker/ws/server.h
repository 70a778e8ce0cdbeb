/* SPDX-License-Identifier: Apache-2.0 */
/* Inside broker/ws only: what its files share. */
#ifndef WEFT_WS_SERVER_H
#define WEFT_WS_SERVER_H

#include "ws/acceptor.h"
#include "ws/connection.h"
#include "ws/http_head.h"
#include "ws/lws_contexts.h"
#include "ws/static_files.h"
#include "ws/ws_server.h"

enum { FRAME_HEAD_MAX = 10 };

struct ws_server {
    struct peers peers;
    struct http http;
    struct ws_options options; /* every default filled in; no borrowed strings */
    struct ws_handlers handlers;
    struct loop *loop;
    struct timers *timers;
    struct lws_contexts contexts;
    struct acceptor acceptor;
    struct connection_pool pool;
    struct heartbeat heartbeat;
    struct static_files *files; /* NULL: none */
    struct memory_budget memory;
    uint8_t *scratch;  /* LWS_PRE and SCRATCH_BYTES: what is being written */
    struct list dirty; /* peers that were sent something in this turn */
    uint32_t peer_count;
};

static inline uint64_t server_now_ms(struct ws_server *server)
{
    return server->timers->ops->now_ms(server->timers);
}

/* Schedules the next look at this connection. */
static inline void server_look_in(
        struct ws_server *server, struct connection *connection, uint64_t in_ms)
{
    heartbeat_schedule(&server->heartbeat, &connection->beat, server_now_ms(server) + in_ms);
}

/* Ends the socket without further words, in a later turn. */
void server_kill(struct connection *connection);

/* peer_table.c. The events of libwebsockets return what its callback must return. */
extern const struct peers_ops ws_peers_ops;
int peer_upgrade(struct ws_server *server, struct connection *connection);
int peer_opened(struct ws_server *server, struct connection *connection);
/* Writes what the peers were sent in this turn: once for each. */
void peers_flush(struct ws_server *server);
int peer_writable(struct ws_server *server, struct connection *connection);
void peer_begin_close(struct ws_server *server, struct connection *connection, uint16_t code,
        struct slice reason);
/* A sign of life; and the other side has begun to close. */
void peer_heard(struct ws_server *server, struct connection *connection);
void peer_leaves(struct ws_server *server, struct connection *connection);
/* Tells the flow, once; the connection is GONE after it. */
void peer_closed(struct ws_server *server, struct connection *connection);
void peer_due(struct ws_server *server, struct connection *connection);

/* peer_receive.c */
int peer_receive(struct ws_server *server, struct connection *connection, char *bytes, size_t len);

/* http_exchange.c */
extern const struct http_ops ws_http_ops;
int exchange_begin(struct ws_server *server, struct connection *connection);
int exchange_body(
        struct ws_server *server, struct connection *connection, const char *bytes, size_t len);
int exchange_body_complete(struct ws_server *server, struct connection *connection);
int exchange_writable(struct ws_server *server, struct connection *connection);
void exchange_due(struct ws_server *server, struct connection *connection);
void exchange_finish(struct ws_server *server, struct connection *connection);
/* Takes an answer's head, and its body unless that is an asset, and asks to be let write. */
void exchange_reply(struct ws_server *server, struct connection *connection,
        const struct http_head *head, struct slice body, struct slice asset);
/* Answers with an error of the adapter's own. */
void exchange_refuse(struct ws_server *server, struct connection *connection, int status);
/* http_stream.c: bodies and replies in pieces. */
void stream_begin_body(struct ws_server *server, struct connection *connection, uint64_t len);
void stream_take_body(
        struct ws_server *server, struct connection *connection, const char *bytes, size_t len);
void stream_ask_for_piece(struct ws_server *server, struct connection *connection);
void stream_end(struct ws_server *server, struct connection *connection);
/* Answers an upgrade that is refused, at once; the caller lets the connection end. */
void exchange_refuse_upgrade(struct connection *connection, int status);

#endif
