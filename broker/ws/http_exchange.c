/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request and its reply.
 *
 *     IDLE ──head──> COLLECTING ──body complete──> WAITING ──reply──> WRITING ──sent──> end, or
 *       │                │ bad length, too large       │ deadline: 503   ^         LINGERING ──>
 * end └──no body───────┴─────────────────────────────┴─────────────────┘
 *
 * Invariant: a connection carries one request, and the request gets one reply. Each state ends by
 * itself: IDLE within head_ms_max, the others within reply_ms_max; a body in pieces has its
 * length's time. What comes or leaves in pieces does so while WAITING and WRITING: http_stream.c.
 *
 * One request a connection, because libwebsockets 4.1 loops for ever on a second request whose body
 * it has already buffered; it also leaves nothing for a smuggled request to hide behind. A body is
 * measured before it is read: digits only, no transfer coding, at most HTTP_BODY_MAX. libwebsockets
 * would take a negative length, and wait for 100 MiB behind a POST without one. Where a refused
 * body is still on its way the connection lingers, or the reset would overtake the reply.
 */
#include "ws/http_head.h"
#include "ws/http_request.h"
#include "ws/server.h"

#include <libwebsockets.h>
#include <stdlib.h>

enum { CHUNK_SIZE = 16384, LINGER_MS = 1000 };

void exchange_reply(struct ws_server *server, struct connection *connection,
        const struct http_head *head, struct slice body, struct slice asset)
{
    struct exchange *exchange = &connection->exchange;
    char head_text[HTTP_HEAD_MAX];
    struct buffer out = buffer_make(head_text, sizeof head_text);
    http_head_write(head, &out);
    check(!out.overflowed);
    if (exchange->is_head)
        body = asset = SLICE_NONE;
    exchange->reply_len = out.len + body.len;
    exchange->reply_sent = 0;
    exchange->is_head_sent = false;
    exchange->asset = asset;
    exchange->reply = malloc(exchange->reply_len);
    check(exchange->reply != NULL);
    memcpy(exchange->reply, head_text, out.len);
    if (body.len > 0)
        memcpy(exchange->reply + out.len, body.bytes, body.len);
    inbound_finish(&exchange->body, &server->memory);
    exchange->stage = EXCHANGE_WRITING;
    server_look_in(server, connection, server->options.reply_ms_max);
    lws_rx_flow_control(connection->wsi, 1);
    lws_callback_on_writable(connection->wsi);
}

void exchange_refuse(struct ws_server *server, struct connection *connection, int status)
{
    char body[HTTP_ERROR_BODY_MAX];
    struct slice body_text = slice_make(body, http_error_body(status, body, sizeof body));
    struct slice extra = status == 405   ? SLICE_OF("Allow: GET, HEAD\r\n")
                         : status == 503 ? SLICE_OF("Retry-After: 1\r\n")
                                         : SLICE_NONE;
    struct http_head head = {status, SLICE_OF("application/json"), extra, body_text.len};
    exchange_reply(server, connection, &head, body_text, SLICE_NONE);
}

void exchange_refuse_upgrade(struct connection *connection, int status)
{
    char body[HTTP_ERROR_BODY_MAX];
    uint8_t bytes[LWS_PRE + HTTP_HEAD_MAX + HTTP_ERROR_BODY_MAX];
    struct buffer out = buffer_make(bytes + LWS_PRE, sizeof bytes - LWS_PRE);
    struct slice body_text = slice_make(body, http_error_body(status, body, sizeof body));
    struct http_head head = {status, SLICE_OF("application/json"),
            status == 426 ? SLICE_OF("Sec-WebSocket-Version: 13\r\n") : SLICE_NONE, body_text.len};
    http_head_write(&head, &out);
    buffer_put_slice(&out, body_text);
    check(!out.overflowed);
    int written = lws_write(connection->wsi, bytes + LWS_PRE, out.len, LWS_WRITE_HTTP_HEADERS);
    (void)written; /* the connection ends either way */
}

static void serve_asset(
        struct ws_server *server, struct connection *connection, const struct request_texts *texts)
{
    struct static_reply reply;
    if (!connection->exchange.is_head && connection->exchange.method != HTTP_GET) {
        exchange_refuse(server, connection, 405);
        return;
    }
    static_files_answer(server->files, &texts->asset, &reply);
    if (reply.status == 404) {
        exchange_refuse(server, connection, 404);
        return;
    }
    struct http_head head = {reply.status, reply.content_type,
            slice_make(reply.headers, reply.headers_len), reply.body.len};
    exchange_reply(server, connection, &head, SLICE_NONE, reply.body);
}

/* The request is whole: an asset is answered here, the rest by the flow. */
static void dispatch(struct ws_server *server, struct connection *connection)
{
    struct request_texts texts;
    struct exchange *exchange = &connection->exchange;
    int status = request_texts_read(connection, &texts);
    if (status != 0) {
        exchange_refuse(server, connection, status);
        return;
    }
    if (!request_is_for_flow(texts.request.path)) {
        serve_asset(server, connection, &texts);
        return;
    }
    if (slice_is(texts.request.path, "/v1/socket")) {
        exchange_refuse(server, connection, 426);
        return;
    }
    struct inbound body = exchange->body;
    exchange->body = (struct inbound){0};
    exchange->stage = EXCHANGE_WAITING;
    texts.request.body = slice_make(body.bytes, body.len);
    texts.request.body_len = exchange->body_left;
    /* Nothing is read meanwhile: libwebsockets would spin on bytes that it may not take yet. */
    if (exchange->body_left == 0)
        lws_rx_flow_control(connection->wsi, 0);
    server->handlers.http_events->on_request(server->handlers.http_user,
            (struct http_exchange){connection->index, connection->generation}, &texts.request);
    inbound_finish(&body, &server->memory);
}

int exchange_begin(struct ws_server *server, struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    struct body_rule rule;
    if (connection->kind != CONNECTION_HTTP || exchange->stage != EXCHANGE_IDLE)
        return -1;
    *exchange = (struct exchange){0};
    lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0); /* our own deadlines hold from here */
    server_look_in(server, connection, server->options.reply_ms_max);
    exchange->method = request_method(connection->wsi, &exchange->is_head);
    bool is_streamed = request_is_streamed(connection->wsi);
    request_judge_body(connection->wsi, is_streamed, &rule);
    exchange->has_unread_body = rule.is_body_coming;
    if (rule.status == 0 && is_streamed && rule.len > 0)
        stream_begin_body(server, connection, rule.len);
    if (rule.status != 0)
        exchange_refuse(server, connection, rule.status);
    else if (exchange->body_left > 0)
        dispatch(server, connection);
    else if (rule.len > 0)
        exchange->stage = EXCHANGE_COLLECTING;
    else
        dispatch(server, connection);
    return 0;
}

int exchange_body(
        struct ws_server *server, struct connection *connection, const char *bytes, size_t len)
{
    struct exchange *exchange = &connection->exchange;
    if (connection->kind != CONNECTION_HTTP)
        return -1;
    if (exchange->stage == EXCHANGE_WAITING)
        stream_take_body(server, connection, bytes, len);
    else if (exchange->stage == EXCHANGE_COLLECTING &&
             !inbound_append(&exchange->body, &server->memory, HTTP_BODY_MAX, bytes, len))
        exchange_refuse(server, connection, 503);
    return 0;
}

int exchange_body_complete(struct ws_server *server, struct connection *connection)
{
    if (connection->kind != CONNECTION_HTTP)
        return -1;
    connection->exchange.has_unread_body = false;
    if (connection->exchange.stage == EXCHANGE_COLLECTING)
        dispatch(server, connection);
    return 0;
}

void exchange_finish(struct ws_server *server, struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    stream_end(server, connection);
    inbound_finish(&exchange->body, &server->memory);
    free(exchange->reply);
    *exchange = (struct exchange){0};
}

/* Moves the next bytes into the scratch; 0 when all were taken. */
static size_t take_chunk(struct exchange *exchange, uint8_t *out)
{
    size_t len = exchange->reply_len - exchange->reply_sent;
    if (len > 0) {
        len = len < CHUNK_SIZE ? len : CHUNK_SIZE;
        memcpy(out, exchange->reply + exchange->reply_sent, len);
        exchange->reply_sent += len;
        return len;
    }
    struct slice *left = &exchange->asset;
    len = left->len < CHUNK_SIZE ? left->len : CHUNK_SIZE;
    if (len == 0)
        return 0;
    memcpy(out, left->bytes, len);
    *left = slice_make(left->bytes + len, left->len - len);
    return len;
}

static int end(struct ws_server *server, struct connection *connection)
{
    bool has_unread_body = connection->exchange.has_unread_body;
    exchange_finish(server, connection);
    connection_renew(connection);
    if (!has_unread_body)
        return -1;
    shutdown(lws_get_socket_fd(connection->wsi), SHUT_WR);
    connection->exchange.stage = EXCHANGE_LINGERING;
    server_look_in(server, connection, LINGER_MS);
    return 0;
}

int exchange_writable(struct ws_server *server, struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;
    if (connection->kind != CONNECTION_HTTP)
        return -1;
    if (exchange->stage != EXCHANGE_WRITING)
        return 0;
    size_t len = take_chunk(exchange, server->scratch + LWS_PRE);
    if (len == 0 && exchange->reply_left > 0) {
        stream_ask_for_piece(server, connection);
        return 0;
    }
    if (len == 0)
        return end(server, connection);
    if (lws_write(connection->wsi, server->scratch + LWS_PRE, len,
                exchange->is_head_sent ? LWS_WRITE_HTTP : LWS_WRITE_HTTP_HEADERS) < (int)len)
        return -1;
    exchange->is_head_sent = true;
    server_look_in(server, connection, server->options.reply_ms_max);
    lws_callback_on_writable(connection->wsi);
    return 0;
}

void exchange_due(struct ws_server *server, struct connection *connection)
{
    if (connection->exchange.stage != EXCHANGE_WAITING) {
        server_kill(connection);
        return;
    }
    bool is_body_slow = connection->exchange.body_left > 0;
    stream_end(server, connection);
    connection_renew(connection); /* the flow's late reply finds nobody */
    exchange_refuse(server, connection, is_body_slow ? 408 : 503);
}
