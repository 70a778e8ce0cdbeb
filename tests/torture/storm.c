/* SPDX-License-Identifier: Apache-2.0 */
/* Clients by the thousand: connect, say hello with cursor and ticket, follow the chain of entries,
 * and come back with full jitter when the line breaks, as the protocol says.
 *
 * Invariant: an entry is counted once: as the next (its `after` is the cursor), as a gap, or as a
 * double.
 *
 * Frames are looked into by searching for members: good enough for a server that is known to speak
 * well; whoever tests malformed frames does it elsewhere.
 */
#include "storm.h"

#include "base/check.h"
#include "port/crypto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_ROOM = 16 * 1024,
    IN_FIRST = 2048,
    IN_MAX = 512 * 1024,
    JITTER_MS = 400,
    JITTER_MS_MAX = 15000,
    STEADY_MS = 1000, /* a life of so long, and the jitter begins anew */
    ADDRESSES = 8
};

struct storm storm;

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool text_member(const char *text, size_t len, const char *name, char *out, size_t room)
{
    char key[64];
    int key_len = snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = memmem(text, len, key, (size_t)key_len);
    if (at == NULL)
        return false;
    at += key_len;
    const char *end = memchr(at, '"', len - (size_t)(at - text));
    check(end != NULL && (size_t)(end - at) < room);
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
    return true;
}

uint64_t number_member(const char *text, size_t len, const char *name)
{
    char key[64];
    int key_len = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = memmem(text, len, key, (size_t)key_len);
    return at ? strtoull(at + key_len, NULL, 10) : 0;
}

static bool is_type(const char *text, size_t len, const char *type)
{
    char key[64];
    int key_len = snprintf(key, sizeof key, "\"type\":\"%s\"", type);
    return memmem(text, len < 80 ? len : 80, key, (size_t)key_len) != NULL;
}

/* ---- coming and going -------------------------------------------------------------------------
 */

static void leave(struct client *client)
{
    uint32_t random;
    uint64_t most = JITTER_MS;
    check(getrandom(&random, sizeof random, 0) == sizeof random);
    if (client->state == THERE && now_ns() - client->welcomed_ns > (uint64_t)STEADY_MS * 1000000)
        client->attempt = 0;
    for (uint32_t i = 0; i < client->attempt && most < JITTER_MS_MAX; i++)
        most *= 2;
    most = most < JITTER_MS_MAX ? most : JITTER_MS_MAX;
    close(client->fd);
    storm.there -= client->state == THERE;
    storm.opening -= client->state == OPENING || client->state == GREETING;
    client->fd = -1;
    client->state = AWAY;
    client->held = 0;
    client->attempt++;
    client->due_ns = now_ns() + random % (most + 1) * 1000000u;
}

static void put_all(struct client *client, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0 && client->fd >= 0) {
        ssize_t sent = send(client->fd, at, len, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EINTR)
                leave(client);
            return;
        }
        at += sent;
        len -= (size_t)sent;
    }
}

/* A masked text frame; the mask is zero, which is a mask. */
static void put_frame(struct client *client, uint8_t opcode, const char *text, size_t len)
{
    static uint8_t frame[FRAME_ROOM + 8];
    size_t head = len < 126 ? 6 : 8;
    check(len <= FRAME_ROOM);
    frame[0] = (uint8_t)(0x80 | opcode);
    frame[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    frame[2] = (uint8_t)(len >> 8);
    frame[3] = (uint8_t)len;
    memset(frame + head - 4, 0, 4);
    memcpy(frame + head, text, len);
    put_all(client, frame, head + len);
}

void client_listen(struct client *client, bool is_listening)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    client->is_deaf = !is_listening;
    if (client->fd >= 0)
        epoll_ctl(storm.poll_fd, is_listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, client->fd, &event);
}

static void come(struct client *client)
{
    char request[512];
    int yes = 1, small = 4096;
    uint32_t number = (uint32_t)(client - storm.clients);
    struct sockaddr_in here = {
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + number % ADDRESSES)};
    struct sockaddr_in there = {.sin_family = AF_INET,
            .sin_port = htons(storm.port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(client->fd >= 0);
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (client->is_slow)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    storm.opening++;
    client->state = OPENING;
    if (bind(client->fd, (struct sockaddr *)&here, sizeof here) != 0 ||
            connect(client->fd, (struct sockaddr *)&there, sizeof there) != 0) {
        leave(client);
        return;
    }
    client_listen(client, true);
    int len = snprintf(request, sizeof request,
            "GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: "
            "Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: weft.v1.json\r\n\r\n",
            storm.port);
    put_all(client, request, (size_t)len);
}

static size_t write_token(const struct client *client, char *out, size_t room)
{
    char subject[32];
    struct timespec wall;
    struct buffer token = buffer_make(out, room);
    if (client->is_service) {
        buffer_put_slice(&token, slice_of_string(storm.service_key));
        return token.len;
    }
    clock_gettime(CLOCK_REALTIME, &wall);
    snprintf(subject, sizeof subject, "x:storm-%zu", (size_t)(client - storm.clients));
    struct token_claims claims = {.tenant = slice_of_string(storm.tenant),
            .role = SLICE_OF("customer"),
            .subject = slice_of_string(subject),
            .issued_ms = (uint64_t)wall.tv_sec * 1000,
            .expires_ms = (uint64_t)wall.tv_sec * 1000 + 3600000};
    check(token_sign(storm.secret, &claims, &token));
    return token.len;
}

static void greet(struct client *client)
{
    char text[FRAME_ROOM], token[TOKEN_MAX], cursors[160] = "";
    size_t len = 0;
    if (client->ticket[0] == '\0')
        len = write_token(client, token, sizeof token);
    if (client->cursor[0] != '\0')
        snprintf(cursors, sizeof cursors, "{\"conversation\":\"%s\",\"at\":\"%s\"}",
                client->conversation, client->cursor);
    int size = snprintf(text, sizeof text,
            "{\"type\":\"hello\",\"id\":\"hello\",\"%s\":\"%.*s\",\"cursors\":[%s]}",
            len ? "token" : "ticket", len ? (int)len : (int)strlen(client->ticket),
            len ? token : client->ticket, cursors);
    put_frame(client, 1, text, (size_t)size);
}

void client_say(struct client *client, const char *conversation, uint64_t n, size_t len)
{
    static char text[FRAME_ROOM];
    int head = snprintf(text, sizeof text,
            "{\"type\":\"send\",\"id\":\"%" PRIu64
            "\",\"conversation\":\"%s\",\"lineage\":\"%s\",\"n\":%" PRIu64
            ",\"body\":{\"kind\":\"text\",\"text\":\"",
            n, conversation, client->lineage, n);
    check(len <= TEXT_MAX);
    memset(text + head, 'x', len);
    memcpy(text + head + len, "\"}}", 3);
    client->sent_ns = now_ns();
    put_frame(client, 1, text, (size_t)head + len + 3);
}

/* ---- what comes -------------------------------------------------------------------------------
 */

static void on_welcome(struct client *client, const char *text, size_t len)
{
    text_member(text, len, "conversation", client->conversation, sizeof client->conversation);
    text_member(text, len, "ticket", client->ticket, sizeof client->ticket);
    if (client->lineage[0] == '\0')
        text_member(text, len, "lineage", client->lineage, sizeof client->lineage);
    client->welcomed_ns = now_ns();
    client->state = THERE;
    storm.there++;
    storm.opening--;
    storm.on_welcome(client);
}

static void on_entry(struct client *client, const char *text, size_t len)
{
    char at[NAME_ROOM], after[NAME_ROOM];
    check(text_member(text, len, "at", at, sizeof at) &&
            text_member(text, len, "after", after, sizeof after));
    if (client->cursor[0] != '\0' && strcmp(client->cursor, after) != 0) {
        bool is_old = strtoull(at, NULL, 10) <= strtoull(client->cursor, NULL, 10);
        client->doubles += is_old;
        client->gaps += !is_old;
        if (is_old)
            return;
    }
    snprintf(client->cursor, sizeof client->cursor, "%s", at);
    client->entries++;
    client->own += client->lineage[0] != '\0' &&
                   memmem(text, len, client->lineage, strlen(client->lineage)) != NULL;
}

static void on_text(struct client *client, const char *text, size_t len)
{
    if (is_type(text, len, "welcome")) {
        on_welcome(client, text, len);
    } else if (is_type(text, len, "entry")) {
        on_entry(client, text, len);
    } else if (is_type(text, len, "ack")) {
        storm.on_ack(client, text, len);
    } else if (is_type(text, len, "reset")) {
        client->resets++;
        client->cursor[0] = '\0';
    } else if (is_type(text, len, "error")) {
        client->refused++;
        leave(client); /* come back, and try again what is not acked */
    }
}

/* Takes one frame off the front. Returns its whole length, 0 when it is not there yet. */
static size_t take_frame(struct client *client, const char *bytes, size_t len)
{
    size_t head = 2, size;
    if (len < 2)
        return 0;
    size = (uint8_t)bytes[1] & 127;
    if (size == 126)
        head = 4;
    if (size == 127)
        head = 10;
    if (len < head)
        return 0;
    if (size == 126)
        size = (size_t)(uint8_t)bytes[2] << 8 | (uint8_t)bytes[3];
    else if (size == 127)
        size = (size_t)(uint8_t)bytes[7] << 16 | (size_t)(uint8_t)bytes[8] << 8 | (uint8_t)bytes[9];
    if (len < head + size)
        return 0;
    if ((bytes[0] & 15) == 1)
        on_text(client, bytes + head, size);
    else if ((bytes[0] & 15) == 9)
        put_frame(client, 10, bytes + head, size);
    return head + size;
}

static void take(struct client *client)
{
    size_t at = 0, used;
    if (client->state == OPENING) {
        const char *end = memmem(client->in, client->held, "\r\n\r\n", 4);
        if (end == NULL)
            return;
        if (memcmp(client->in, "HTTP/1.1 101", 12) != 0) {
            client->refused++;
            leave(client);
            return;
        }
        at = (size_t)(end + 4 - client->in);
        client->state = GREETING;
        greet(client);
    }
    while (client->fd >= 0 && (used = take_frame(client, client->in + at, client->held - at)) > 0)
        at += used;
    if (client->fd < 0)
        return; /* gone, and held nothing any more */
    client->held -= at;
    memmove(client->in, client->in + at, client->held);
}

void client_read(struct client *client, size_t most)
{
    if (client->room - client->held < 1024) {
        client->room = client->room ? 2 * client->room : IN_FIRST;
        check(client->room <= IN_MAX);
        client->in = realloc(client->in, client->room);
        check(client->in != NULL);
    }
    size_t room = client->room - client->held;
    ssize_t got =
            recv(client->fd, client->in + client->held, most < room ? most : room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        client->cut += client->state == THERE;
        leave(client);
        return;
    }
    client->held += (size_t)got;
    take(client);
}

static void call_those_who_are_due(void)
{
    uint64_t now = now_ns();
    for (uint32_t i = 0; i < storm.count && storm.opening < OPENING_MAX; i++)
        if (storm.clients[i].state == AWAY && storm.clients[i].due_ns <= now)
            come(&storm.clients[i]);
}

void storm_turn(int wait_ms)
{
    struct epoll_event events[512];
    call_those_who_are_due();
    int count = epoll_wait(storm.poll_fd, events, 512, wait_ms);
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (client->fd >= 0 && !client->is_deaf)
            client_read(client, IN_MAX);
    }
}

void storm_start(uint16_t port, uint32_t count, const char *tenant, const char *secret)
{
    size_t len = 0;
    check(crypto_start() && count > 0 && count <= CLIENTS_MAX);
    check(base64url_read(slice_of_string(secret), storm.secret, sizeof storm.secret, &len) &&
            len == sizeof storm.secret);
    storm.port = port;
    storm.count = count;
    storm.tenant = tenant;
    storm.clients = calloc(count, sizeof *storm.clients);
    storm.poll_fd = epoll_create1(EPOLL_CLOEXEC);
    check(storm.clients != NULL && storm.poll_fd >= 0);
    for (uint32_t i = 0; i < count; i++)
        storm.clients[i].fd = -1;
}
