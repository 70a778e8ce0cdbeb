/* SPDX-License-Identifier: Apache-2.0 */
/* Lines: sockets, client framing, and one write a turn for each line that has something to say.
 *
 * Invariant: frames of a line leave in the order of line_write, in as few writes as the socket
 * takes; a partial write waits for EPOLLOUT. Masks are zero, which is a mask.
 */
#include "base/check.h"
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 512, READ_SIZE = 65536 };

static int poll_fd;
static const struct net_events *events_to;
static struct line *dirty;

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bytes_put(struct bytes *bytes, const void *from, size_t len)
{
    if (bytes->len + len > bytes->room) {
        bytes->room = bytes->room ? bytes->room : 1024;
        while (bytes->room < bytes->len + len)
            bytes->room *= 2;
        bytes->at = realloc(bytes->at, bytes->room);
        check(bytes->at != NULL);
    }
    memcpy(bytes->at + bytes->len, from, len);
    bytes->len += len;
}

void bytes_drop(struct bytes *bytes, size_t len)
{
    bytes->len -= len;
    memmove(bytes->at, bytes->at + len, bytes->len);
}

static void bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){0};
}

void net_start(const struct net_events *events)
{
    events_to = events;
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    check(poll_fd >= 0);
}

static void mark_dirty(struct line *line)
{
    if (line->is_dirty)
        return;
    line->is_dirty = true;
    line->next_dirty = dirty;
    dirty = line;
}

static void watch(struct line *line, int operation, bool is_writing)
{
    struct epoll_event event = {.events = EPOLLIN | (is_writing ? EPOLLOUT : 0), .data.ptr = line};
    line->is_writing = is_writing;
    check(epoll_ctl(poll_fd, operation, line->fd, &event) == 0);
}

void line_open(struct line *line, uint16_t port, const char *path, const char *subprotocol)
{
    char request[512];
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    /* One address has some 28,000 ports to call from; the loopback has more addresses. */
    struct sockaddr_in from = {.sin_family = AF_INET,
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + line->number % 16)};
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (line->fd < 0)
        load_fail("there are no more sockets", slice_of_string(strerror(errno)));
    setsockopt(line->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    check(bind(line->fd, (struct sockaddr *)&from, sizeof from) == 0);
    if (connect(line->fd, (struct sockaddr *)&address, sizeof address) != 0)
        load_fail("cannot connect", slice_of_string(strerror(errno)));
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    line->phase = LINE_OPENING;
    line->port = port;
    line->in.len = line->out.len = line->stream.len = 0;
    int len = snprintf(request, sizeof request,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: "
            "13\r\n%s%s%s\r\n",
            path, port, subprotocol[0] ? "Sec-WebSocket-Protocol: " : "", subprotocol,
            subprotocol[0] ? "\r\n" : "");
    watch(line, EPOLL_CTL_ADD, false);
    bytes_put(&line->out, request, (size_t)len);
    mark_dirty(line);
}

void line_drop(struct line *line)
{
    struct linger at_once = {.l_onoff = 1};
    if (line->phase == LINE_CLOSED)
        return;
    setsockopt(line->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(line->fd);
    line->phase = LINE_CLOSED;
    bytes_free(&line->in);
    bytes_free(&line->stream);
    line->out.len = 0;
}

void line_write(struct line *line, const char *bytes, size_t len, bool is_binary)
{
    uint8_t head[14] = {is_binary ? 0x82 : 0x81};
    size_t head_len;
    check(line->phase == LINE_OPEN && len < 65536);
    if (len < 126) {
        head[1] = (uint8_t)(0x80 | len);
        head_len = 6;
    } else {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
        head_len = 8;
    }
    bytes_put(&line->out, head, head_len);
    bytes_put(&line->out, bytes, len);
    mark_dirty(line);
}

static void end_line(struct line *line)
{
    line_drop(line);
    events_to->on_close(line);
}

static void flush(struct line *line)
{
    if (line->phase == LINE_CLOSED || line->out.len == 0)
        return;
    ssize_t sent = send(line->fd, line->out.at, line->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) {
        end_line(line);
        return;
    }
    bytes_drop(&line->out, sent > 0 ? (size_t)sent : 0);
    if ((line->out.len > 0) != line->is_writing)
        watch(line, EPOLL_CTL_MOD, line->out.len > 0);
    if (line->out.room > READ_SIZE || line->out.len == 0) { /* idle lines hold nothing */
        if (line->out.len == 0)
            bytes_free(&line->out);
    }
}

static void flush_all(void)
{
    while (dirty != NULL) {
        struct line *line = dirty;
        dirty = line->next_dirty;
        line->is_dirty = false;
        flush(line);
    }
}

/* Takes one frame off the front. Returns its whole length, 0 when it is not there yet. */
static size_t take_frame(struct line *line, const char *bytes, size_t len)
{
    const uint8_t *at = (const uint8_t *)bytes;
    size_t head = 2, size;
    if (len < 2)
        return 0;
    size = at[1] & 127;
    if (size == 126) {
        head = 4;
        size = len < 4 ? SIZE_MAX / 2 : (size_t)at[2] << 8 | at[3];
    } else if (size == 127) {
        head = 10;
        size = SIZE_MAX / 2;
        for (size_t i = 2, value = 0; len >= 10 && i < 10; i++, size = value)
            value = value << 8 | at[i];
    }
    if (len < head + size)
        return 0;
    unsigned opcode = at[0] & 15;
    if (opcode == 9 && size < 126) { /* ping */
        uint8_t pong[6] = {0x8a, (uint8_t)(0x80 | size)};
        bytes_put(&line->out, pong, sizeof pong);
        bytes_put(&line->out, bytes + head, size);
        mark_dirty(line);
    } else if (opcode == 1 || opcode == 2 || opcode == 0) {
        events_to->on_frame(line, bytes + head, size);
    }
    return head + size;
}

static size_t take_upgrade(struct line *line)
{
    const char *end = memmem(line->in.at, line->in.len, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (line->in.len < 12 || memcmp(line->in.at + 9, "101", 3) != 0)
        load_fail("the upgrade was refused", slice_make(line->in.at, line->in.len));
    line->phase = LINE_OPEN;
    events_to->on_open(line);
    return (size_t)(end + 4 - line->in.at);
}

static void take_all(struct line *line)
{
    size_t at = 0, used;
    if (line->phase == LINE_OPENING && (at = take_upgrade(line)) == 0)
        return;
    while (line->phase == LINE_OPEN &&
            (used = take_frame(line, line->in.at + at, line->in.len - at)) > 0)
        at += used;
    if (line->phase == LINE_CLOSED)
        return;
    bytes_drop(&line->in, at);
    if (line->in.len == 0)
        bytes_free(&line->in);
}

static void on_readable(struct line *line)
{
    static char page[READ_SIZE];
    ssize_t got = recv(line->fd, page, sizeof page, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        end_line(line);
        return;
    }
    if (got < 0)
        return;
    bytes_put(&line->in, page, (size_t)got);
    take_all(line);
}

void net_turn(int wait_ms)
{
    struct epoll_event events[EVENTS_MAX];
    flush_all();
    int count = epoll_wait(poll_fd, events, EVENTS_MAX, wait_ms);
    for (int i = 0; i < count; i++) {
        struct line *line = events[i].data.ptr;
        if (events[i].events & EPOLLOUT)
            mark_dirty(line);
        if ((events[i].events & ~(unsigned)EPOLLOUT) != 0 && line->phase != LINE_CLOSED)
            on_readable(line);
    }
    flush_all();
}
