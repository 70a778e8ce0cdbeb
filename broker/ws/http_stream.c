/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that come, and replies that leave, in pieces; and what flows do to exchanges.
 *
 *     on_request ──read_body──> [rx on] ──piece──> [rx off] on_body ──read_body──> …  reply
 *     reply_begin ──head sent──> on_room ──reply_piece──> sent ──> on_room ──> …  end
 *
 * Invariant: at most one piece lies here, HTTP_BODY_MAX bytes: what the flow has not asked for is
 * not read, so the sender's own socket fills up. libwebsockets hands over all that it has read, one
 * buffer of it, whether reading is off by then or not.
 *
 * A body must have come within reply_ms_max and a time that its length gives it, a pace that any
 * phone keeps; a stalled reply ends as every other does.
 */
#include "ws/server.h"

#include <libwebsockets.h>
#include <stdlib.h>

enum { BODY_BYTES_PER_MS = 8 };

static struct ws_server *server_of(struct http *http)
{
    return LIST_ITEM(http, struct ws_server, http);
}

static struct http_exchange handle_of(const struct connection *connection)
{
    return (struct http_exchange){connection->index, connection->generation};
}

static struct connection *find(struct http *http, struct http_exchange handle)
{
    return connection_find(
            &server_of(http)->pool, handle.index, handle.generation, CONNECTION_HTTP);
}

/* ---- bodies -----------------------------------------------------------------------------------
 */

void stream_begin_body(struct ws_server *server, struct connection *connection, uint64_t len)
{
    connection->exchange.is_streamed = true;
    connection->exchange.body_left = len;
    server_look_in(server, connection, server->options.reply_ms_max + len / BODY_BYTES_PER_MS);
}

static void hand_over(struct ws_server *server, struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    struct inbound body = exchange->body;
    exchange->body = (struct inbound){0};
    exchange->wants_body = false;
    if (exchange->body_left == 0)
        server_look_in(server, connection, server->options.reply_ms_max);
    server->handlers.http_events->on_body(server->handlers.http_user, handle_of(connection),
            slice_make(body.bytes, body.len), exchange->body_left == 0);
    inbound_finish(&body, &server->memory);
}

void stream_take_body(
        struct ws_server *server, struct connection *connection, const char *bytes, size_t len)
{
    struct exchange *exchange = &connection->exchange;
    if (len > exchange->body_left ||
            !inbound_append(&exchange->body, &server->memory, HTTP_BODY_MAX, bytes, len)) {
        stream_end(server, connection);
        connection_renew(connection);
        exchange_refuse(server, connection, 503);
        return;
    }
    exchange->body_left -= len;
    exchange->has_unread_body = exchange->body_left > 0;
    lws_rx_flow_control(connection->wsi, 0);
    if (exchange->wants_body)
        hand_over(server, connection);
}

static void http_read_body(struct http *http, struct http_exchange handle)
{
    struct connection *connection = find(http, handle);
    if (connection == NULL || connection->exchange.stage != EXCHANGE_WAITING)
        return;
    struct exchange *exchange = &connection->exchange;
    exchange->wants_body = true;
    if (exchange->body.len > 0)
        hand_over(server_of(http), connection);
    else
        lws_rx_flow_control(connection->wsi, 1);
}

/* ---- replies ----------------------------------------------------------------------------------
 */

static void http_reply(
        struct http *http, struct http_exchange handle, const struct http_reply *reply)
{
    struct connection *connection = find(http, handle);
    if (connection == NULL || connection->exchange.stage != EXCHANGE_WAITING)
        return;
    struct http_head head = {
            reply->status, reply->content_type, reply->extra_headers, reply->body.len};
    connection->exchange.is_streamed = false;
    exchange_reply(server_of(http), connection, &head, reply->body, SLICE_NONE);
}

static void http_reply_begin(struct http *http, struct http_exchange handle,
        const struct http_reply *reply, uint64_t len)
{
    struct connection *connection = find(http, handle);
    if (connection == NULL || connection->exchange.stage != EXCHANGE_WAITING)
        return;
    struct http_head head = {reply->status, reply->content_type, reply->extra_headers, (size_t)len};
    connection->exchange.reply_left = connection->exchange.is_head ? 0 : len;
    connection->exchange.is_streamed = true;
    exchange_reply(server_of(http), connection, &head, SLICE_NONE, SLICE_NONE);
}

void stream_ask_for_piece(struct ws_server *server, struct connection *connection)
{
    connection->exchange.wants_piece = true;
    server_look_in(server, connection, server->options.reply_ms_max);
    server->handlers.http_events->on_room(server->handlers.http_user, handle_of(connection));
}

static void http_reply_piece(struct http *http, struct http_exchange handle, struct slice piece)
{
    struct connection *connection = find(http, handle);
    if (connection == NULL || !connection->exchange.wants_piece)
        return;
    struct exchange *exchange = &connection->exchange;
    check(piece.len > 0 && piece.len <= HTTP_BODY_MAX && piece.len <= exchange->reply_left);
    exchange->wants_piece = false;
    free(exchange->reply);
    exchange->reply = malloc(piece.len);
    check(exchange->reply != NULL);
    memcpy(exchange->reply, piece.bytes, piece.len);
    exchange->reply_len = piece.len;
    exchange->reply_sent = 0;
    exchange->reply_left -= piece.len;
    exchange->is_streamed = exchange->reply_left > 0;
    lws_callback_on_writable(connection->wsi);
}

static void http_reply_cut(struct http *http, struct http_exchange handle)
{
    struct connection *connection = find(http, handle);
    if (connection != NULL)
        server_kill(connection);
}

void stream_end(struct ws_server *server, struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    bool is_told = exchange->is_streamed;
    exchange->is_streamed = false;
    if (is_told)
        server->handlers.http_events->on_gone(server->handlers.http_user, handle_of(connection));
}

const struct http_ops ws_http_ops = {
        http_reply, http_read_body, http_reply_begin, http_reply_piece, http_reply_cut};
