/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: the least that a server can do that keeps each message before it acks it.
 *
 *   floor PORT REDIS_SOCKET
 *
 * One epoll loop, framing by hand, one XADD a message, pipelined, and the ack when Redis has
 * answered. No validation, no sealing, no routing, no resume: what Weft costs more is what Weft
 * does more. It listens on the loopback only.
 *
 * Invariant: an ack follows its XADD's answer; commands and frames are written once per turn.
 */
#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PEERS_MAX = 4096, IN_MAX = 8192, REDIS_MAX = 1 << 22, ASKED_MAX = 1 << 16 };

struct peer {
    bool is_open, is_upgraded, is_greeted;
    size_t held;
    char in[IN_MAX];
};

static struct peer peers[PEERS_MAX];
static int redis_fd, poll_fd;
static char to_redis[REDIS_MAX], from_redis[REDIS_MAX];
static size_t to_redis_len, from_redis_len;
static int asked[ASKED_MAX]; /* who waits for the answers to come, in order */
static unsigned asked_first, asked_next;

static void write_frame(int fd, const char *text)
{
    char frame[512];
    size_t len = strlen(text), head = len < 126 ? 2 : 4;
    frame[0] = (char)0x81;
    frame[1] = (char)(len < 126 ? len : 126);
    if (len >= 126) {
        frame[2] = (char)(len >> 8);
        frame[3] = (char)len;
    }
    memcpy(frame + head, text, len);
    ssize_t sent = send(fd, frame, head + len, MSG_NOSIGNAL);
    (void)sent; /* a peer that left */
}

static void upgrade(int fd)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                 "Sec-WebSocket-Protocol: weft.v1.json\r\n\r\n";
    ssize_t sent = send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    (void)sent;
}

static void store(int fd, const char *text, size_t len)
{
    int head = snprintf(to_redis + to_redis_len, sizeof to_redis - to_redis_len,
            "*5\r\n$4\r\nXADD\r\n$%d\r\nf:%05d\r\n$1\r\n*\r\n$1\r\ne\r\n$%zu\r\n", 7, fd, len);
    to_redis_len += (size_t)head;
    check(to_redis_len + len + 2 < sizeof to_redis);
    memcpy(to_redis + to_redis_len, text, len);
    memcpy(to_redis + to_redis_len + len, "\r\n", 2);
    to_redis_len += len + 2;
    asked[asked_next++ % ASKED_MAX] = fd;
}

static void on_text(int fd, struct peer *peer, char *text, size_t len)
{
    if (!peer->is_greeted) {
        peer->is_greeted = true;
        write_frame(fd, "{\"type\":\"welcome\",\"lineage\":\"000000000a-0000000000000\"}");
        return;
    }
    store(fd, text, len);
}

static size_t take_frame(int fd, struct peer *peer, char *bytes, size_t len)
{
    size_t head = 6, size;
    if (len < 8)
        return 0;
    size = (unsigned char)bytes[1] & 127;
    if (size == 126) {
        size = (size_t)(unsigned char)bytes[2] << 8 | (unsigned char)bytes[3];
        head = 8;
    }
    if (len < head + size)
        return 0;
    for (size_t i = 0; i < size; i++)
        bytes[head + i] = (char)(bytes[head + i] ^ bytes[head - 4 + i % 4]);
    on_text(fd, peer, bytes + head, size);
    return head + size;
}

static void on_peer(int fd)
{
    struct peer *peer = &peers[fd];
    ssize_t got = recv(fd, peer->in + peer->held, sizeof peer->in - peer->held, 0);
    size_t at = 0, used;
    if (got <= 0) {
        close(fd);
        *peer = (struct peer){0};
        return;
    }
    peer->held += (size_t)got;
    if (!peer->is_upgraded) {
        char *end = memmem(peer->in, peer->held, "\r\n\r\n", 4);
        if (end == NULL)
            return;
        at = (size_t)(end + 4 - peer->in);
        peer->is_upgraded = true;
        upgrade(fd);
    }
    while ((used = take_frame(fd, peer, peer->in + at, peer->held - at)) > 0)
        at += used;
    peer->held -= at;
    memmove(peer->in, peer->in + at, peer->held);
}

/* Each answer is a bulk string: "$15\r\n1700000000000-0\r\n". */
static void on_redis(void)
{
    ssize_t got =
            recv(redis_fd, from_redis + from_redis_len, sizeof from_redis - from_redis_len, 0);
    char *at = from_redis, *end;
    check(got > 0);
    from_redis_len += (size_t)got;
    for (;;) {
        size_t left = from_redis_len - (size_t)(at - from_redis);
        check(left == 0 || *at == '$');
        char *line = memmem(at, left, "\r\n", 2);
        end = line ? memmem(line + 2, left - (size_t)(line + 2 - at), "\r\n", 2) : NULL;
        if (end == NULL)
            break;
        int fd = asked[asked_first++ % ASKED_MAX];
        if (peers[fd].is_open)
            write_frame(
                    fd, "{\"type\":\"ack\",\"id\":\"1\",\"at\":\"1-0000000000000000\",\"n\":1}");
        at = end + 2;
    }
    from_redis_len -= (size_t)(at - from_redis);
    memmove(from_redis, at, from_redis_len);
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    check(epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void on_caller(int listen_fd)
{
    int yes = 1, fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    check(fd >= 0 && fd < PEERS_MAX);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    peers[fd] = (struct peer){.is_open = true};
    watch(fd);
}

static void flush_redis(void)
{
    size_t at = 0;
    while (at < to_redis_len) {
        ssize_t sent = send(redis_fd, to_redis + at, to_redis_len - at, MSG_NOSIGNAL);
        check(sent > 0);
        at += (size_t)sent;
    }
    to_redis_len = 0;
}

static int listen_on(uint16_t port)
{
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    check(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1024) == 0);
    check(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event events[256];
    if (argc != 3) {
        fprintf(stderr, "usage: floor PORT REDIS_SOCKET   (PORT 0: a free one; it is printed)\n");
        return 64;
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
    redis_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(connect(redis_fd, (struct sockaddr *)&address, sizeof address) == 0);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listen_fd = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    watch(redis_fd);
    watch(listen_fd);
    for (;;) {
        int count = epoll_wait(poll_fd, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listen_fd)
                on_caller(fd);
            else if (fd == redis_fd)
                on_redis();
            else
                on_peer(fd);
        }
        flush_redis();
    }
}
