/* SPDX-License-Identifier: Apache-2.0 */
/* The fake broker: a WebSocket server of the simplest kind, on the test's own loop.
 *
 * It shares the codec with the client under test, but not the framing: frames are taken apart here
 * by other code, so that a mistake in websocket.c does not cancel out.
 */
#include "unit/bots/fake_broker.h"

#include "base/check.h"
#include "bots/sdk/c/sha1.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { IN_MAX = 300000, SCRATCH_MAX = 1 << 20 };

struct fake_broker {
    struct fake_broker_options options;
    uv_tcp_t listener;
    struct fake_client *clients; /* linked */
    struct fake_client *latest;
    size_t accepted, pongs;
    int port, outstanding;
    bool is_killed;
};

struct fake_client {
    uv_tcp_t tcp;
    struct fake_broker *broker;
    struct fake_client *next;
    bool is_open, is_closing, is_frozen;
    char in[IN_MAX];
    size_t in_len;
};

static void release(struct fake_broker *broker)
{
    if (--broker->outstanding == 0)
        free(broker);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct fake_client *client = handle->data;
    release(client->broker);
    free(client);
}

static void forget(struct fake_client *client)
{
    struct fake_client **link = &client->broker->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    if (client->broker->latest == client)
        client->broker->latest = NULL;
    client->is_closing = true;
}

static void end_client(struct fake_client *client)
{
    if (client->is_closing)
        return;
    forget(client);
    uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

void fake_client_reset(struct fake_client *client)
{
    forget(client);
    uv_tcp_close_reset(&client->tcp, on_client_closed);
}

void fake_client_send_raw(struct fake_client *client, struct slice bytes)
{
    uv_buf_t buffer = uv_buf_init((char *)bytes.bytes, (unsigned)bytes.len);
    int written = uv_try_write((uv_stream_t *)&client->tcp, &buffer, 1);
    check(written == (int)bytes.len);
}

static void send_frame(struct fake_client *client, int opcode, struct slice payload)
{
    char head[4] = {(char)(0x80 | opcode), (char)payload.len};
    size_t len = 2;
    if (payload.len > 125) {
        head[1] = 126;
        head[2] = (char)(payload.len >> 8);
        head[3] = (char)(payload.len & 0xff);
        len = 4;
    }
    fake_client_send_raw(client, slice_make(head, len));
    if (payload.len > 0)
        fake_client_send_raw(client, payload);
}

void fake_client_send(struct fake_client *client, const struct proto_frame *frame)
{
    static char space[65536];
    struct buffer out = buffer_make(space, sizeof space);
    bool use_json = client->broker->options.use_json;
    proto_frame_write(use_json ? PROTO_JSON : PROTO_MSGPACK, frame, &out);
    check(!out.overflowed);
    send_frame(client, use_json ? 1 : 2, buffer_slice(&out));
}

void fake_client_ping(struct fake_client *client)
{
    send_frame(client, 9, SLICE_OF("are you there"));
}

void fake_client_close(struct fake_client *client, int code)
{
    char payload[2] = {(char)(code >> 8), (char)(code & 0xff)};
    send_frame(client, 8, slice_make(payload, 2));
    end_client(client);
}

void fake_client_freeze(struct fake_client *client)
{
    client->is_frozen = true;
    uv_read_stop((uv_stream_t *)&client->tcp);
}

void fake_client_welcome(struct fake_client *client, const char *lineage, const char *ticket)
{
    struct proto_frame frame = {.kind = PROTO_KIND_WELCOME};
    frame.as.welcome = (struct proto_welcome){.id = SLICE_OF("1"),
            .role = PROTO_ROLE_CUSTOMER,
            .tenant = SLICE_OF("demo"),
            .session = SLICE_OF("s_1"),
            .conversation = SLICE_OF("c1"),
            .lineage = slice_of_string(lineage),
            .ticket = slice_of_string(ticket),
            .ticket_expires_in_ms = 60000,
            .limits = {65536, 8192, 64, 50, 25000, 40000},
            .durability = PROTO_DURABILITY_ALWAYS,
            .time_ms = 1795000000000};
    fake_client_send(client, &frame);
}

/* ---- what clients send ---------------------------------------------------------------------- */

static void on_payload(struct fake_client *client, int opcode, char *bytes, size_t len)
{
    static char space[SCRATCH_MAX];
    struct fake_broker *broker = client->broker;
    struct arena scratch;
    struct proto_frame frame;
    struct proto_problem problem;
    if (opcode == 10)
        broker->pongs++;
    if (opcode == 9)
        send_frame(client, 10, slice_make(bytes, len));
    if (opcode == 8)
        end_client(client);
    if (opcode != 1 && opcode != 2)
        return;
    arena_init(&scratch, space, sizeof space);
    const struct proto_source source = {broker->options.use_json ? PROTO_JSON : PROTO_MSGPACK,
            bytes, len, &proto_client_bounds, &scratch};
    check((opcode == 1) == broker->options.use_json);
    check(proto_frame_read(&source, PROTO_FROM_CLIENT, &frame, &problem));
    if (frame.kind == PROTO_KIND_HELLO)
        broker->latest = client;
    if (frame.kind == PROTO_KIND_HELLO && !broker->options.greets_by_hand)
        fake_client_welcome(client, "lineage-1", "tk1.ticket");
    if (broker->options.on_frame != NULL)
        broker->options.on_frame(broker->options.context, client, &frame);
}

/* One masked frame from the front of `in`; answers its length, or 0 when it is not complete. */
static size_t read_frame(struct fake_client *client)
{
    const unsigned char *in = (unsigned char *)client->in;
    size_t len = client->in_len < 2 ? 0 : in[1] & 127, head = 6;
    if (client->in_len < 2)
        return 0;
    check(in[1] & 0x80); /* RFC 6455, 5.1: a server must refuse what is not masked */
    if (len >= 126) {
        size_t extra = len == 126 ? 2 : 8;
        if (client->in_len < 2 + extra)
            return 0;
        len = 0;
        for (size_t i = 0; i < extra; i++)
            len = len << 8 | in[2 + i];
        head += extra;
    }
    if (client->in_len < head + len)
        return 0;
    char *payload = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        payload[i] = (char)(in[head + i] ^ in[head - 4 + i % 4]);
    on_payload(client, in[0] & 15, payload, len);
    free(payload);
    return head + len;
}

static void answer_handshake(struct fake_client *client, const char *key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[128], accept[32] = {0}, answer[512];
    uint8_t digest[21] = {0};
    enum fake_manners manners = client->broker->options.manners;
    snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(slice_of_string(text), digest);
    for (size_t i = 0; i < 27; i++) {
        size_t bit = i * 6;
        unsigned pair = (unsigned)(digest[bit / 8] << 8 | digest[bit / 8 + 1]);
        accept[i] = digits[pair >> (10 - bit % 8) & 63];
    }
    accept[27] = '=';
    if (manners == FAKE_WRONG_ACCEPT)
        accept[0] ^= 1;
    if (manners == FAKE_UNAVAILABLE)
        snprintf(answer, sizeof answer, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    else
        snprintf(answer, sizeof answer,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
                accept,
                manners == FAKE_WRONG_SUBPROTOCOL  ? "weft.v9.xml"
                : client->broker->options.use_json ? "weft.v1.json"
                                                   : "weft.v1.msgpack");
    fake_client_send_raw(client, slice_of_string(answer));
}

static size_t read_request(struct fake_client *client)
{
    char *end = memmem(client->in, client->in_len, "\r\n\r\n", 4);
    if (end == NULL || client->broker->options.manners == FAKE_MUTE)
        return 0;
    *end = '\0';
    const char *key = strstr(client->in, "Sec-WebSocket-Key: ");
    check(key != NULL && strstr(client->in, "GET /v1/socket HTTP/1.1") == client->in);
    client->is_open = true;
    answer_handshake(client, key + strlen("Sec-WebSocket-Key: "));
    return (size_t)(end - client->in) + 4;
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct fake_client *client = handle->data;
    (void)suggested;
    *out = uv_buf_init(client->in + client->in_len, (unsigned)(IN_MAX - client->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct fake_client *client = stream->data;
    (void)buffer;
    if (len < 0) {
        end_client(client);
        return;
    }
    client->in_len += (size_t)len;
    size_t used;
    do {
        used = client->is_open ? read_frame(client) : read_request(client);
        client->in_len -= used;
        memmove(client->in, client->in + used, client->in_len);
    } while (used > 0 && !client->is_closing && !client->is_frozen);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_broker *broker = listener->data;
    struct fake_client *client = calloc(1, sizeof *client);
    check(status == 0 && uv_tcp_init(broker->options.loop, &client->tcp) == 0);
    client->tcp.data = client;
    client->broker = broker;
    client->next = broker->clients;
    broker->clients = client;
    broker->outstanding++;
    broker->accepted++;
    check(uv_accept(listener, (uv_stream_t *)&client->tcp) == 0);
    uv_read_start((uv_stream_t *)&client->tcp, on_allocate, on_read);
}

/* ---- the broker ----------------------------------------------------------------------------- */

struct fake_broker *fake_broker_open(const struct fake_broker_options *options, int port)
{
    struct fake_broker *broker = calloc(1, sizeof *broker);
    struct sockaddr_in where;
    int len = sizeof where;
    broker->options = *options;
    broker->outstanding = 1;
    uv_ip4_addr("127.0.0.1", port, &where);
    check(uv_tcp_init(options->loop, &broker->listener) == 0);
    broker->listener.data = broker;
    check(uv_tcp_bind(&broker->listener, (struct sockaddr *)&where, 0) == 0);
    check(uv_listen((uv_stream_t *)&broker->listener, 1024, on_connection) == 0);
    uv_tcp_getsockname(&broker->listener, (struct sockaddr *)&where, &len);
    broker->port = ntohs(where.sin_port);
    return broker;
}

static void on_listener_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void fake_broker_kill(struct fake_broker *broker)
{
    while (broker->clients != NULL)
        fake_client_reset(broker->clients);
    uv_close((uv_handle_t *)&broker->listener, on_listener_closed);
}

int fake_broker_port(const struct fake_broker *broker)
{
    return broker->port;
}

const char *fake_broker_url(const struct fake_broker *broker)
{
    static char url[64];
    snprintf(url, sizeof url, "ws://127.0.0.1:%d", broker->port);
    return url;
}

void fake_broker_set_manners(struct fake_broker *broker, enum fake_manners manners)
{
    broker->options.manners = manners;
}

size_t fake_broker_accepted(const struct fake_broker *broker)
{
    return broker->accepted;
}

size_t fake_broker_pongs(const struct fake_broker *broker)
{
    return broker->pongs;
}

struct fake_client *fake_broker_client(struct fake_broker *broker)
{
    return broker->latest;
}
