/* SPDX-License-Identifier: Apache-2.0 */
/* The WebSocket peers: upgrade, outbound, closing, liveness.
 *
 * Invariant: between on_opened and on_closed a peer's messages leave in the order of the sends.
 * They wait in the peer's ring until the end of the loop's turn, and then leave in one write; what
 * the socket does not take then is libwebsockets', and the rest waits for its WRITEABLE. A write
 * ends with a whole frame, so pings and pongs never come between the halves of one.
 *
 * No call of peers_ops calls back: lws_write and lws_callback_on_writable never do, and a socket
 * that failed is killed in a later turn. Closing is a state, bounded by close_ms_max: first the
 * ring, then the close frame; whatever is left when the time is over is dropped with the socket.
 */
#include "base/log_line.h"
#include "ws/http_request.h"
#include "ws/receive_pages.h"
#include "ws/server.h"

#include <libwebsockets.h>
#include <stdlib.h>

/* From this length on copying costs more than a write of its own. */
enum {
    ORIGIN_MAX = 256,
    PROTOCOL_LIST_MAX = 128,
    CLOSE_TIMEOUT = 4408,
    BATCH_BYTES_MAX = 8192,
    DIRECT_MIN = 16384
};

static struct ws_server *server_of(struct peers *peers)
{
    return LIST_ITEM(peers, struct ws_server, peers);
}

static struct peer handle_of(const struct connection *connection)
{
    return (struct peer){connection->index, connection->generation};
}

static bool is_listed(struct slice list, struct slice word)
{
    while (list.len > 0) {
        const char *comma = memchr(list.bytes, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.bytes) : list.len;
        struct slice item = slice_make(list.bytes, len);
        list = slice_make(list.bytes + len + (comma != NULL), list.len - len - (comma != NULL));
        while (item.len > 0 && (item.bytes[0] == ' ' || item.bytes[0] == '\t'))
            item = slice_make(item.bytes + 1, item.len - 1);
        while (item.len > 0 && item.bytes[item.len - 1] == ' ')
            item.len--;
        if (slice_equal(item, word))
            return true;
    }
    return false;
}

/* 0: may be upgraded; else the status that says why not. */
static int judge_upgrade(struct ws_server *server, struct connection *connection)
{
    char path[32], version[8], key[64], protocols[PROTOCOL_LIST_MAX], origin[ORIGIN_MAX];
    struct slice path_text, version_text, key_text, protocol_list;
    struct lws *wsi = connection->wsi;
    struct peer_info info = {0};
    if (!request_header(wsi, WSI_TOKEN_GET_URI, path, sizeof path, &path_text) ||
            !slice_is(path_text, "/v1/socket"))
        return 404;
    if (!request_is_http1(wsi))
        return 400;
    if (!request_header(wsi, WSI_TOKEN_VERSION, version, sizeof version, &version_text) ||
            !slice_is(version_text, "13"))
        return 426;
    if (!request_header(wsi, WSI_TOKEN_KEY, key, sizeof key, &key_text) || key_text.len != 24 ||
            !request_header(wsi, WSI_TOKEN_PROTOCOL, protocols, sizeof protocols, &protocol_list))
        return 400;
    bool is_json = is_listed(protocol_list, SLICE_OF("weft.v1.json"));
    if (!is_json && !is_listed(protocol_list, SLICE_OF("weft.v1.msgpack")))
        return 400;
    info.codec = is_json ? PEER_JSON : PEER_MSGPACK;
    if (!request_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin, &info.origin) ||
            !server->handlers.peer_events->may_open(server->handlers.peer_user, &info))
        return 403;
    return 0;
}

int peer_upgrade(struct ws_server *server, struct connection *connection)
{
    char upgrade[16];
    struct slice upgrade_text;
    if (!request_header(
                connection->wsi, WSI_TOKEN_UPGRADE, upgrade, sizeof upgrade, &upgrade_text) ||
            strcasecmp(upgrade, "websocket") != 0)
        return -1;
    int status = judge_upgrade(server, connection);
    if (status == 0)
        return 0;
    exchange_refuse_upgrade(connection, status);
    return -1;
}

int peer_opened(struct ws_server *server, struct connection *connection)
{
    char origin[ORIGIN_MAX];
    const struct lws_protocols *protocol = lws_get_protocol(connection->wsi);
    struct peer_info info = {.codec = protocol->id == 2 ? PEER_MSGPACK : PEER_JSON};
    if (protocol->id == 0 ||
            !request_header(connection->wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin, &info.origin))
        return -1;
    exchange_finish(server, connection);
    connection_renew(connection);
    connection->kind = CONNECTION_PEER;
    connection->peer = (struct peer_state){.codec = info.codec, .heard_ms = server_now_ms(server)};
    connection->receive_page = receive_pages_newest();
    server->peer_count++;
    server_look_in(server, connection, server->options.ping_ms);
    server->handlers.peer_events->on_opened(
            server->handlers.peer_user, handle_of(connection), &info);
    return 0;
}

static bool write_frame(struct ws_server *server, struct connection *connection, size_t len,
        enum lws_write_protocol kind)
{
    return lws_write(connection->wsi, server->scratch + LWS_PRE, len, kind) >= (int)len;
}

/* The head of an unmasked frame that is whole. Returns its length. */
static size_t put_head(uint8_t *out, enum peer_codec codec, size_t len)
{
    out[0] = codec == PEER_JSON ? 0x81 : 0x82;
    if (len < 126) {
        out[1] = (uint8_t)len;
        return 2;
    }
    size_t size = len < 65536 ? 2 : 8;
    out[1] = size == 2 ? 126 : 127;
    for (size_t i = 0; i < size; i++)
        out[2 + i] = (uint8_t)((uint64_t)len >> 8 * (size - 1 - i));
    return 2 + size;
}

/* Some whole messages, framed here and written at once: one write for what a turn had to say.
 * libwebsockets takes them as they are, and keeps what the socket does not: so a batch is small, or
 * a slow peer would have a second ring there. */
static bool write_messages(struct ws_server *server, struct connection *connection)
{
    struct outbound *outbound = &connection->peer.outbound;
    uint8_t *out = server->scratch + LWS_PRE;
    size_t room = FRAME_HEAD_MAX + server->options.queue_bytes_max, at = 0;
    while (!outbound_is_empty(outbound)) {
        size_t len = outbound_next(outbound);
        if (at + FRAME_HEAD_MAX + len > (at > 0 ? BATCH_BYTES_MAX : room))
            break;
        at += put_head(out + at, connection->peer.codec, len);
        at += outbound_take(outbound, &server->memory, out + at);
    }
    return lws_write(connection->wsi, out, at, LWS_WRITE_HTTP) >= (int)at;
}

static void mark_dirty(struct ws_server *server, struct connection *connection)
{
    if (connection->peer.is_dirty)
        return;
    connection->peer.is_dirty = true;
    list_append(&server->dirty, &connection->dirty);
}

static void mark_clean(struct connection *connection)
{
    if (connection->peer.is_dirty)
        list_remove(&connection->dirty);
    connection->peer.is_dirty = false;
}

static void write_ping(struct ws_server *server, struct connection *connection)
{
    struct peer_state *peer = &connection->peer;
    peer->wants_ping = false;
    peer->pinged_ms = server_now_ms(server);
    /* libwebsockets keeps a pong without a payload to itself, so the ping has one. */
    memcpy(server->scratch + LWS_PRE, "weft", 4);
    if (!write_frame(server, connection, 4, LWS_WRITE_PING))
        server_kill(connection);
}

static bool write_at_once(
        struct ws_server *server, struct connection *connection, const char *bytes, size_t len)
{
    uint8_t *out = server->scratch + LWS_PRE;
    size_t head = put_head(out, connection->peer.codec, len);
    memcpy(out + head, bytes, len);
    if (lws_write(connection->wsi, out, head + len, LWS_WRITE_HTTP) >= (int)(head + len))
        return true;
    connection->peer.is_closing = true;
    server_kill(connection);
    return false;
}

static bool peers_send(struct peers *peers, struct peer handle, const char *bytes, size_t len)
{
    struct ws_server *server = server_of(peers);
    struct connection *connection =
            connection_find(&server->pool, handle.index, handle.generation, CONNECTION_PEER);
    check(len <= server->options.queue_bytes_max - OUTBOUND_HEAD_SIZE);
    if (connection == NULL || connection->peer.is_closing)
        return false;
    struct peer_state *peer = &connection->peer;
    bool is_first = outbound_is_empty(&peer->outbound) && !lws_partial_buffered(connection->wsi);
    if (is_first && len >= DIRECT_MIN)
        return write_at_once(server, connection, bytes, len);
    bool is_queued = outbound_put(
            &peer->outbound, &server->memory, server->options.queue_bytes_max, bytes, len);
    if (!is_queued && is_first) /* no memory for rings: the socket may have room */
        return write_at_once(server, connection, bytes, len);
    peer->is_owed_writable |= !is_queued;
    mark_dirty(server, connection);
    return is_queued;
}

static size_t peers_room(struct peers *peers, struct peer handle)
{
    struct ws_server *server = server_of(peers);
    struct connection *connection =
            connection_find(&server->pool, handle.index, handle.generation, CONNECTION_PEER);
    if (connection == NULL || connection->peer.is_closing)
        return 0;
    size_t room = outbound_room(&connection->peer.outbound, server->options.queue_bytes_max);
    if (connection->peer.outbound.used > server->options.queue_bytes_max / 2)
        connection->peer.is_owed_writable = true; /* whoever finds it too little hears of more */
    return room;
}

static void peers_close(struct peers *peers, struct peer handle, uint16_t code, struct slice reason)
{
    struct ws_server *server = server_of(peers);
    struct connection *connection =
            connection_find(&server->pool, handle.index, handle.generation, CONNECTION_PEER);
    if (connection != NULL)
        peer_begin_close(server, connection, code, reason);
}

const struct peers_ops ws_peers_ops = {peers_send, peers_room, peers_close};

/* Says goodbye from a turn of its own: when a callback of libwebsockets asks for the end, Debian's
 * build (with _DEBUG) closes twice, and the second time drops the close frame of the first. */
static void on_goodbye(struct timer *timer)
{
    struct goodbye *goodbye = LIST_ITEM(timer, struct goodbye, timer);
    struct connection *connection = goodbye->connection;
    if (lws_partial_buffered(connection->wsi)) {
        lws_callback_on_writable(connection->wsi); /* WRITEABLE comes after what it holds */
        return;
    }
    goodbye->is_said = true;
    lws_close_reason(connection->wsi, (enum lws_close_status)goodbye->code,
            (unsigned char *)goodbye->reason, goodbye->reason_len);
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void keep_goodbye(struct connection *connection, uint16_t code, struct slice reason)
{
    struct goodbye *goodbye = malloc(sizeof *goodbye + reason.len);
    check(goodbye != NULL && reason.len <= CLOSE_REASON_MAX);
    *goodbye = (struct goodbye){.timer.on_due = on_goodbye,
            .connection = connection,
            .code = code,
            .reason_len = (uint8_t)reason.len};
    if (reason.len > 0)
        memcpy(goodbye->reason, reason.bytes, reason.len);
    connection->peer.goodbye = goodbye;
}

/* When the other side closes, libwebsockets answers that by itself. */
static void arm_goodbye(struct ws_server *server, struct connection *connection)
{
    struct goodbye *goodbye = connection->peer.goodbye;
    if (goodbye != NULL && !goodbye->is_said)
        server->timers->ops->arm(server->timers, &goodbye->timer, 0);
}

static void drop_goodbye(struct ws_server *server, struct connection *connection)
{
    struct goodbye *goodbye = connection->peer.goodbye;
    connection->peer.goodbye = NULL;
    if (goodbye != NULL)
        server->timers->ops->cancel(server->timers, &goodbye->timer);
    free(goodbye);
}

void peer_begin_close(
        struct ws_server *server, struct connection *connection, uint16_t code, struct slice reason)
{
    struct peer_state *peer = &connection->peer;
    if (peer->is_closing)
        return;
    peer->is_closing = true;
    keep_goodbye(connection, code, reason);
    server_look_in(server, connection, server->options.close_ms_max);
    if (outbound_is_empty(&peer->outbound))
        arm_goodbye(server, connection);
    else
        mark_dirty(server, connection);
}

/* A pong lies in the receive page, and nothing else: it came between two frames. */
void peer_heard(struct ws_server *server, struct connection *connection)
{
    if (connection->kind != CONNECTION_PEER)
        return;
    connection->peer.heard_ms = server_now_ms(server);
    if (connection->receive_page != NULL)
        receive_page_rest(connection->receive_page);
}

void peer_leaves(struct ws_server *server, struct connection *connection)
{
    if (connection->kind != CONNECTION_PEER || connection->peer.is_closing)
        return;
    connection->peer.is_closing = true;
    mark_clean(connection);
    outbound_finish(&connection->peer.outbound, &server->memory);
    server_look_in(server, connection, server->options.close_ms_max);
}

void peer_closed(struct ws_server *server, struct connection *connection)
{
    struct peer handle = handle_of(connection);
    if (connection->kind != CONNECTION_PEER)
        return;
    mark_clean(connection);
    inbound_finish(&connection->peer.inbound, &server->memory);
    outbound_finish(&connection->peer.outbound, &server->memory);
    drop_goodbye(server, connection);
    heartbeat_remove(&connection->beat);
    connection_renew(connection);
    connection->kind = CONNECTION_GONE;
    server->peer_count--;
    server->handlers.peer_events->on_closed(server->handlers.peer_user, handle);
}

/* What may be done once something was written: the close that waited, and the news of room. */
static void on_written(struct ws_server *server, struct connection *connection)
{
    struct peer_state *peer = &connection->peer;
    if (!outbound_is_empty(&peer->outbound) || peer->wants_ping)
        lws_callback_on_writable(connection->wsi);
    else if (peer->is_closing)
        arm_goodbye(server, connection);
    if (peer->is_owed_writable && !peer->is_closing &&
            peer->outbound.used <= server->options.queue_bytes_max / 2) {
        peer->is_owed_writable = false;
        server->handlers.peer_events->on_writable(
                server->handlers.peer_user, handle_of(connection));
    }
}

static void flush(struct ws_server *server, struct connection *connection)
{
    if (connection->kind != CONNECTION_PEER)
        return;
    if (lws_partial_buffered(connection->wsi)) { /* WRITEABLE comes after what it holds */
        lws_callback_on_writable(connection->wsi);
    } else if (!outbound_is_empty(&connection->peer.outbound) &&
               !write_messages(server, connection)) {
        connection->peer.is_closing = true;
        server_kill(connection);
    } else {
        on_written(server, connection);
    }
}

/* on_writable may send more, to this peer or another: then the list has one more at its end. */
void peers_flush(struct ws_server *server)
{
    while (!list_is_empty(&server->dirty)) {
        struct connection *connection = LIST_ITEM(server->dirty.next, struct connection, dirty);
        mark_clean(connection);
        flush(server, connection);
    }
}

int peer_writable(struct ws_server *server, struct connection *connection)
{
    struct peer_state *peer = &connection->peer;
    if (connection->kind != CONNECTION_PEER)
        return -1;
    if (peer->wants_ping)
        write_ping(server, connection);
    else if (!outbound_is_empty(&peer->outbound) && !write_messages(server, connection))
        return -1;
    on_written(server, connection);
    return 0;
}

static void ping(struct ws_server *server, struct connection *connection)
{
    if (!lws_partial_buffered(connection->wsi)) {
        write_ping(server, connection);
        return;
    }
    connection->peer.wants_ping = true;
    connection->peer.pinged_ms = server_now_ms(server);
    lws_callback_on_writable(connection->wsi);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void peer_due(struct ws_server *server, struct connection *connection)
{
    struct peer_state *peer = &connection->peer;
    const struct ws_options *options = &server->options;
    uint64_t now_ms = server_now_ms(server);
    if (peer->is_closing || now_ms >= peer->heard_ms + options->dead_ms) {
        log_line(LOG_DEBUG, "ws.cut", "why=%s", peer->is_closing ? "close_timeout" : "silent");
        server_kill(connection);
        peer_closed(server, connection);
        return;
    }
    if (peer->is_in_message && now_ms >= peer->message_ms + options->reply_ms_max) {
        peer_begin_close(server, connection, CLOSE_TIMEOUT, SLICE_OF("timeout"));
        return;
    }
    uint64_t last_ms = peer->heard_ms > peer->pinged_ms ? peer->heard_ms : peer->pinged_ms;
    if (now_ms >= last_ms + options->ping_ms) {
        ping(server, connection);
        last_ms = now_ms;
    }
    heartbeat_schedule(&server->heartbeat, &connection->beat,
            earlier(last_ms + options->ping_ms, peer->heard_ms + options->dead_ms));
}
