/* SPDX-License-Identifier: Apache-2.0 */
/* The raw client of the WebSocket tests.
 *
 * Invariant: no wait is endless; while one lasts, the server's loop turns in this same thread, so a
 * test is one sequence of events. Nothing here is bounded like a product: it is as naive as a
 * client can be.
 */
#include "client.h"

#include "lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void turn_until(struct loop *loop, bool (*holds)(void *user), void *user, const char *what)
{
    uint64_t end_ms = now_ms() + CLIENT_WAIT_MS_MAX;
    while (!holds(user)) {
        test_note("waiting until %s", what);
        expect(now_ms() < end_ms);
        loop_turn(loop);
        poll(NULL, 0, 1);
    }
}

void turn_for_ms(struct loop *loop, uint64_t ms)
{
    uint64_t end_ms = now_ms() + ms;
    while (now_ms() < end_ms) {
        loop_turn(loop);
        poll(NULL, 0, 1);
    }
}

static uint64_t cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

struct alarm_clock {
    struct timer timer;
    struct loop *loop;
};

static void on_alarm(struct timer *timer)
{
    loop_stop(((struct alarm_clock *)(void *)timer)->loop);
}

void expect_sleep(struct loop *loop, const char *while_what)
{
    struct timers *timers = loop_timers(loop);
    struct alarm_clock alarm_clock = {{.on_due = on_alarm}, loop};
    turn_for_ms(loop, 20);
    uint64_t before_ms = cpu_ms();
    timers->ops->arm(timers, &alarm_clock.timer, timers->ops->now_ms(timers) + 300);
    loop_run(loop);
    test_note("while %s, %d ms of 300", while_what, (int)(cpu_ms() - before_ms));
    expect(cpu_ms() - before_ms < 40);
}

static struct client connect_with(struct loop *loop, uint16_t port, size_t capacity)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct client client = {.loop = loop, .bytes = malloc(capacity), .capacity = capacity};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Segments as on an Ethernet: one of the loopback's 64 KiB does not fit into a small window,
     * and would wait for the kernel's probes. */
    int segment = 1400;
    expect(client.bytes != NULL && client.fd >= 0);
    expect(setsockopt(client.fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment) == 0);
    expect(connect(client.fd, (struct sockaddr *)&address, sizeof address) == 0);
    return client;
}

struct client client_connect(struct loop *loop, uint16_t port)
{
    return connect_with(loop, port, CLIENT_BUFFER_SIZE);
}

struct client client_connect_small(struct loop *loop, uint16_t port)
{
    return connect_with(loop, port, CLIENT_SMALL_SIZE);
}

void client_close(struct client *client)
{
    close(client->fd);
    free(client->bytes);
    *client = (struct client){.fd = -1};
}

void client_reset(struct client *client)
{
    struct linger none = {1, 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    client_close(client);
}

void client_write(struct client *client, const void *bytes, size_t len)
{
    uint64_t end_ms = now_ms() + CLIENT_WAIT_MS_MAX;
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(
                client->fd, (const char *)bytes + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
        else if (errno != EAGAIN)
            return; /* closed: the test sees it on reading */
        expect(now_ms() < end_ms);
        loop_turn(client->loop);
    }
}

void client_say(struct client *client, const char *text)
{
    client_write(client, text, strlen(text));
}

static void receive(struct client *client)
{
    while (!client->is_at_end && client->len < client->capacity) {
        ssize_t got = recv(client->fd, client->bytes + client->len, client->capacity - client->len,
                MSG_DONTWAIT);
        if (got > 0)
            client->len += (size_t)got;
        else if (got < 0 && errno == EAGAIN)
            return;
        else
            client->is_at_end = true;
        client->was_reset = got < 0;
    }
}

bool client_wait(struct client *client, size_t len)
{
    uint64_t end_ms = now_ms() + CLIENT_WAIT_MS_MAX;
    for (;;) {
        struct pollfd poll_fd = {client->fd, POLLIN, 0};
        loop_turn(client->loop);
        receive(client);
        if (client->len >= len || client->is_at_end)
            return client->len >= len;
        test_note("waiting for %zu bytes, have %zu", len, client->len);
        expect(now_ms() < end_ms);
        poll(&poll_fd, 1, 1);
    }
}

static void take(struct client *client, size_t len)
{
    memmove(client->bytes, client->bytes + len, client->len - len);
    client->len -= len;
}

void client_expect_end(struct client *client)
{
    while (client_wait(client, client->len + 1))
        ;
    expect(client->is_at_end);
}

static size_t content_length(struct slice head)
{
    const char *line = memmem(head.bytes, head.len, "Content-Length: ", 16);
    return line ? strtoul(line + 16, NULL, 10) : 0;
}

struct reply client_expect_reply(struct client *client, int status, bool is_head)
{
    static uint8_t kept[CLIENT_BUFFER_SIZE];
    const uint8_t *end = NULL;
    while (end == NULL) {
        expect(client_wait(client, client->len + 1) || client->len > 0);
        end = memmem(client->bytes, client->len, "\r\n\r\n", 4);
        expect(end != NULL || !client->is_at_end);
    }
    size_t head_len = (size_t)(end - client->bytes) + 4;
    size_t body_len = is_head ? 0 : content_length(slice_make(client->bytes, head_len));
    test_note("head '%.60s'", (const char *)client->bytes);
    expect(client_wait(client, head_len + body_len));
    expect(strncmp((const char *)client->bytes, "HTTP/1.1 ", 9) == 0);
    expect_u64(strtoul((const char *)client->bytes + 9, NULL, 10), (uint64_t)status);
    memcpy(kept, client->bytes, head_len + body_len);
    take(client, head_len + body_len);
    return (struct reply){slice_make(kept, head_len), slice_make(kept + head_len, body_len)};
}

bool reply_has(const struct reply *reply, const char *text)
{
    return memmem(reply->head.bytes, reply->head.len, text, strlen(text)) != NULL;
}

void client_ask_upgrade(struct client *client, const char *subprotocol, const char *origin)
{
    char text[1024];
    snprintf(text, sizeof text,
            "GET /v1/socket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s%s%s%s\r\n",
            subprotocol ? "Sec-WebSocket-Protocol: " : "", subprotocol ? subprotocol : "",
            subprotocol ? "\r\n" : "", origin ? "Origin: " : "", origin ? origin : "",
            origin ? "\r\n" : "");
    client_say(client, text);
}

struct client client_join(struct loop *loop, uint16_t port, const char *subprotocol)
{
    struct client client = client_connect(loop, port);
    client_ask_upgrade(&client, subprotocol, NULL);
    struct reply reply = client_expect_reply(&client, 101, false);
    /* source: the key and answer of RFC 6455 section 1.3 */
    expect(reply_has(&reply, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    return client;
}

void client_frame(struct client *client, int first_byte, const void *bytes, size_t len)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    uint8_t *frame = malloc(len + 14);
    size_t at = 0;
    expect(frame != NULL);
    frame[at++] = (uint8_t)first_byte;
    if (len < 126) {
        frame[at++] = (uint8_t)(0x80 | len);
    } else if (len < 65536) {
        frame[at++] = 0x80 | 126;
        frame[at++] = (uint8_t)(len >> 8);
        frame[at++] = (uint8_t)len;
    } else {
        frame[at++] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            frame[at++] = (uint8_t)((uint64_t)len >> shift);
    }
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        frame[at + i] = ((const uint8_t *)bytes)[i] ^ mask[i % 4];
    client_write(client, frame, at + len);
    free(frame);
}

struct frame client_read_frame(struct client *client)
{
    static uint8_t kept[CLIENT_BUFFER_SIZE];
    size_t head_len = 2, len;
    expect(client_wait(client, 2));
    expect((client->bytes[1] & 0x80) == 0); /* a server does not mask */
    len = client->bytes[1];
    if (len == 126) {
        expect(client_wait(client, 4));
        len = (size_t)client->bytes[2] << 8 | client->bytes[3];
        head_len = 4;
    } else if (len == 127) {
        expect(client_wait(client, 10));
        len = 0;
        for (int i = 0; i < 8; i++)
            len = len << 8 | client->bytes[2 + i];
        head_len = 10;
    }
    expect(client_wait(client, head_len + len));
    int first_byte = client->bytes[0];
    memcpy(kept, client->bytes + head_len, len);
    take(client, head_len + len);
    return (struct frame){first_byte, slice_make(kept, len)};
}

void client_expect_text(struct client *client, const char *text)
{
    struct frame frame = client_read_frame(client);
    expect_u64((uint64_t)frame.first_byte, OPCODE_FIN | OPCODE_TEXT);
    expect_text(frame.payload, text);
}

void client_expect_closed(struct client *client, uint16_t code)
{
    struct frame frame = client_read_frame(client);
    expect_u64((uint64_t)frame.first_byte, OPCODE_FIN | OPCODE_CLOSE);
    expect(frame.payload.len >= 2);
    const uint8_t *bytes = (const uint8_t *)frame.payload.bytes;
    expect_u64((uint64_t)(bytes[0] << 8 | bytes[1]), code);
    uint8_t answer[2] = {bytes[0], bytes[1]};
    client_frame(client, OPCODE_FIN | OPCODE_CLOSE, answer, 2);
    client_expect_end(client);
}
