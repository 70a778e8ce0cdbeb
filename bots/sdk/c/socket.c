/* SPDX-License-Identifier: Apache-2.0 */
/* A WebSocket connection over libuv's TCP.
 *
 *   RESOLVING -> CONNECTING -> SHAKING -> OPEN -> LINGERING -> CLOSING -> freed
 *
 * Any state may go to CLOSING; only OPEN to LINGERING. Invariant: memory goes only when libuv holds
 * nothing of it any more (outstanding is 0), and on_end is called from there, so never inside a
 * call of the owner's. An own client rather than libwebsockets': hundreds of links share a loop
 * here, and that client's life cycle on a foreign loop, its own timers and its missing bounds on
 * messages would all have to be worked around. TLS is left to a proxy.
 */
#include "bots/sdk/c/socket.h"

#include "base/check.h"
#include "bots/sdk/c/handshake.h"
#include "bots/sdk/c/outbound.h"
#include "bots/sdk/c/websocket.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <uv.h>

enum { LINGER_MS = 1000, READ_SIZE = 65536 };
enum socket_state { RESOLVING, CONNECTING, SHAKING, OPEN, LINGERING, CLOSING };

struct socket {
    struct socket_options options;
    struct address address;
    enum socket_state state;
    bool is_abandoned; /* the owner wants no callback any more */
    int outstanding;   /* handles and requests that libuv holds */
    struct socket_end end;
    uint64_t heard_ms;
    struct handshake handshake;
    char *head; /* the handshake's answer, while SHAKING */
    size_t head_len;
    struct websocket_reader reader;
    struct outbound outbound;
    uv_tcp_t tcp;
    uv_timer_t linger;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
};

/* Shared by all sockets of a thread: libuv reads, and the parser copies, within one call. */
static _Thread_local char read_space[READ_SIZE];
static _Thread_local char write_space[WEBSOCKET_MESSAGE_MAX + WEBSOCKET_HEAD_MAX];

static void random_bytes(void *out, size_t len)
{
    check(getrandom(out, len, 0) == (ssize_t)len);
}

static void release(struct socket *socket)
{
    if (--socket->outstanding > 0)
        return;
    struct socket_options options = socket->options;
    struct socket_end end = socket->end;
    bool is_abandoned = socket->is_abandoned;
    websocket_reader_finish(&socket->reader);
    free(socket->head);
    outbound_finish(&socket->outbound);
    free(socket);
    if (!is_abandoned)
        options.on_end(options.context, &end);
}

static void on_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void finish(struct socket *socket)
{
    if (socket->state == CLOSING)
        return;
    if (socket->state == RESOLVING)
        uv_cancel((uv_req_t *)&socket->resolve); /* its callback comes either way */
    socket->state = CLOSING;
    outbound_stop(&socket->outbound);
    uv_close((uv_handle_t *)&socket->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&socket->linger, on_handle_closed);
}

static void finish_with(struct socket *socket, enum socket_end_kind kind, int detail)
{
    if (socket->state == CLOSING)
        return;
    socket->end = (struct socket_end){.kind = kind, .close_code = CLOSE_ABNORMAL};
    if (kind == SOCKET_REFUSED)
        socket->end.http_status = detail;
    if (kind == SOCKET_CLOSED)
        socket->end.close_code = detail;
    finish(socket);
}

/* ---- outbound ------------------------------------------------------------------------------ */

static void on_broken(void *context)
{
    finish_with(context, SOCKET_CLOSED, CLOSE_ABNORMAL);
}

static bool write_frame(struct socket *socket, enum websocket_opcode opcode, struct slice payload)
{
    uint8_t mask[4];
    struct buffer out = buffer_make(write_space, sizeof write_space);
    random_bytes(mask, sizeof mask);
    websocket_write(&out, opcode, payload, mask);
    return !out.overflowed &&
           outbound_write(&socket->outbound, out.bytes, out.len) == OUTBOUND_TAKEN;
}

static void write_close(struct socket *socket, int code)
{
    char payload[2] = {(char)(code >> 8), (char)(code & 0xff)};
    write_frame(socket, WEBSOCKET_CLOSE,
            slice_make(payload, code == CLOSE_NO_STATUS ? 0 : sizeof payload));
}

/* ---- inbound ------------------------------------------------------------------------------- */

static void on_frame(struct socket *socket, const struct websocket_message *message)
{
    switch (message->opcode) {
    case WEBSOCKET_TEXT:
    case WEBSOCKET_BINARY:
        if (socket->state == OPEN)
            socket->options.on_message(socket->options.context, message->opcode == WEBSOCKET_BINARY,
                    socket->reader.message, message->payload.len);
        break;
    case WEBSOCKET_PING:
        if (socket->state == OPEN)
            write_frame(socket, WEBSOCKET_PONG, message->payload);
        break;
    case WEBSOCKET_CLOSE:
        if (socket->state == OPEN)
            write_close(socket, message->close_code);
        finish_with(socket, SOCKET_CLOSED, message->close_code);
        break;
    case WEBSOCKET_PONG:
    case WEBSOCKET_CONTINUATION:
        break;
    }
}

static void read_frames(struct socket *socket, struct slice bytes)
{
    struct websocket_message message = {0};
    while (socket->state == OPEN || socket->state == LINGERING) {
        enum websocket_verdict verdict = websocket_read(&socket->reader, &bytes, &message);
        if (verdict == WEBSOCKET_MORE)
            return;
        if (verdict == WEBSOCKET_MESSAGE) {
            on_frame(socket, &message);
            continue;
        }
        if (socket->state == OPEN)
            write_close(socket, message.close_code);
        finish_with(socket, SOCKET_CLOSED, CLOSE_ABNORMAL); /* the code is ours, not theirs */
    }
}

static void read_head(struct socket *socket, struct slice bytes)
{
    size_t room = HANDSHAKE_HEAD_MAX - socket->head_len, before = socket->head_len, len = 0;
    size_t taken = bytes.len < room ? bytes.len : room;
    int status = 0;
    memcpy(socket->head + before, bytes.bytes, taken);
    socket->head_len += taken;
    switch (handshake_read(
            &socket->handshake, slice_make(socket->head, socket->head_len), &len, &status)) {
    case HANDSHAKE_MORE:
        return;
    case HANDSHAKE_REFUSED:
    case HANDSHAKE_BROKEN:
        finish_with(socket, SOCKET_REFUSED, status);
        return;
    case HANDSHAKE_DONE:
        break;
    }
    free(socket->head);
    socket->head = NULL;
    socket->state = OPEN;
    socket->options.on_open(socket->options.context);
    len -= before;
    read_frames(socket, slice_make(bytes.bytes + len, bytes.len - len));
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out_buffer)
{
    (void)handle, (void)suggested;
    *out_buffer = uv_buf_init(read_space, sizeof read_space);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct socket *socket = stream->data;
    if (len == 0)
        return;
    if (len < 0) {
        if (socket->state == SHAKING)
            finish_with(socket, SOCKET_REFUSED, 0);
        else
            finish_with(socket, SOCKET_CLOSED, CLOSE_ABNORMAL);
        return;
    }
    socket->heard_ms = uv_now(socket->options.loop);
    if (socket->state == SHAKING)
        read_head(socket, slice_make(buffer->base, (size_t)len));
    else
        read_frames(socket, slice_make(buffer->base, (size_t)len));
}

/* ---- dialling ------------------------------------------------------------------------------ */

static void on_connected(uv_connect_t *request, int status)
{
    struct socket *socket = request->data;
    uint8_t nonce[HANDSHAKE_NONCE_SIZE];
    char space[2048];
    struct buffer out = buffer_make(space, sizeof space);
    if (status < 0 || socket->state == CLOSING) {
        finish_with(socket, SOCKET_UNREACHABLE, 0);
        return;
    }
    random_bytes(nonce, sizeof nonce);
    handshake_init(&socket->handshake, nonce, socket->options.subprotocol);
    handshake_write(&socket->handshake, &socket->address, socket->options.origin, &out);
    socket->head = malloc(HANDSHAKE_HEAD_MAX);
    check(socket->head != NULL && !out.overflowed);
    socket->state = SHAKING;
    uv_tcp_nodelay(&socket->tcp, 1);
    if (uv_read_start((uv_stream_t *)&socket->tcp, on_allocate, on_read) < 0)
        finish_with(socket, SOCKET_UNREACHABLE, 0);
    else
        outbound_write(&socket->outbound, out.bytes, out.len);
}

static void connect_to(struct socket *socket, const struct sockaddr *where)
{
    socket->state = CONNECTING;
    socket->connect.data = socket;
    if (uv_tcp_connect(&socket->connect, &socket->tcp, where, on_connected) < 0)
        finish_with(socket, SOCKET_UNREACHABLE, 0);
}

static const struct addrinfo *choose(const struct addrinfo *first, unsigned choice)
{
    unsigned count = 0;
    for (const struct addrinfo *at = first; at != NULL; at = at->ai_next)
        count++;
    for (unsigned skip = choice % count; skip > 0; skip--)
        first = first->ai_next;
    return first;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct socket *socket = request->data;
    if (socket->state == RESOLVING && status == 0 && found != NULL) {
        connect_to(socket, choose(found, socket->options.address_choice)->ai_addr);
    } else if (socket->state == RESOLVING) {
        socket->state = CONNECTING; /* nothing left to cancel */
        finish_with(socket, SOCKET_UNREACHABLE, 0);
    }
    uv_freeaddrinfo(found);
    release(socket);
}

static void dial(struct socket *socket)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } where;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    int port = (int)strtol(socket->address.port, NULL, 10);
    if (uv_ip4_addr(socket->address.host, port, &where.v4) == 0 ||
            uv_ip6_addr(socket->address.host, port, &where.v6) == 0) {
        connect_to(socket, &where.any);
        return;
    }
    socket->resolve.data = socket;
    if (uv_getaddrinfo(socket->options.loop, &socket->resolve, on_resolved, socket->address.host,
                socket->address.port, &hints) == 0) {
        socket->outstanding++;
        return;
    }
    socket->state = CONNECTING;
    finish_with(socket, SOCKET_UNREACHABLE, 0);
}

/* libuv writes without MSG_NOSIGNAL: a broken connection must be an error, not a death. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

struct socket *socket_open(const struct socket_options *options)
{
    struct socket *socket = calloc(1, sizeof *socket);
    check(socket != NULL);
    ignore_broken_pipes();
    socket->options = *options;
    socket->address = *options->address;
    socket->heard_ms = uv_now(options->loop);
    websocket_reader_init(&socket->reader);
    check(uv_tcp_init(options->loop, &socket->tcp) == 0);
    check(uv_timer_init(options->loop, &socket->linger) == 0);
    socket->tcp.data = socket->linger.data = socket;
    outbound_init(&socket->outbound, (uv_stream_t *)&socket->tcp, options->outbound_bytes_max);
    socket->outbound.context = socket;
    socket->outbound.on_failed = on_broken;
    socket->outstanding = 2;
    dial(socket);
    return socket;
}

/* ---- what the owner calls ------------------------------------------------------------------ */

bool socket_send(struct socket *socket, bool is_binary, struct slice payload)
{
    return socket->state == OPEN &&
           write_frame(socket, is_binary ? WEBSOCKET_BINARY : WEBSOCKET_TEXT, payload);
}

void socket_ping(struct socket *socket)
{
    if (socket->state == OPEN)
        write_frame(socket, WEBSOCKET_PING, SLICE_NONE);
}

uint64_t socket_silent_ms(const struct socket *socket)
{
    return uv_now(socket->options.loop) - socket->heard_ms;
}

void socket_drop(struct socket *socket)
{
    socket->is_abandoned = true;
    finish(socket);
}

static void on_linger_over(uv_timer_t *timer)
{
    finish(timer->data);
}

void socket_close(struct socket *socket, int close_code)
{
    socket->is_abandoned = true;
    if (socket->state != OPEN) {
        finish(socket);
        return;
    }
    write_close(socket, close_code);
    if (socket->state != OPEN)
        return;
    socket->state = LINGERING;
    uv_timer_start(&socket->linger, on_linger_over, LINGER_MS, 0);
}
