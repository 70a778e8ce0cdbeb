/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: the least that a server can do that keeps each message before anybody is told of it.
 *
 *   weft-floor PORT REDIS_SOCKET CUSTOMERS AGENTS
 *
 * One epoll loop, framing by hand, one XADD a message, pipelined; when Redis has answered, an ack
 * to the sender and the entry to the other side. Customer i talks to agent i modulo AGENTS. No
 * validation, no sealing, no routing, no resume: what Weft costs more is what Weft does more. It
 * speaks the plain dialect of weft-load, prints its port, and listens on the loopback only.
 *
 * Invariant: ack and entry follow the XADD's answer; commands and frames are written once a turn.
 */
#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PEERS_MAX = 32768, TEXT_MAX = 512, ASKED_MAX = 1 << 16, PAGE = 1 << 16 };

struct bytes {
    char *at;
    size_t len, room;
};

struct peer {
    bool is_open, is_upgraded, is_dirty, is_agent;
    unsigned number;
    struct bytes in, out;
};

/* A message on its way through Redis. */
struct asked {
    int from, to;
    unsigned customer, text_len;
    unsigned long n;
    char text[TEXT_MAX];
};

static struct peer peers[PEERS_MAX];
static int *customer_fds, *agent_fds;
static unsigned agent_count, customer_count;
static int redis_fd, poll_fd;
static struct bytes to_redis, from_redis;
static struct asked asked[ASKED_MAX]; /* in the order of the commands */
static unsigned asked_first, asked_next;
static int dirty[PEERS_MAX];
static unsigned dirty_count;

static void put(struct bytes *bytes, const void *from, size_t len)
{
    if (bytes->len + len > bytes->room) {
        bytes->room = (bytes->len + len) * 2;
        bytes->at = realloc(bytes->at, bytes->room);
        check(bytes->at != NULL);
    }
    memcpy(bytes->at + bytes->len, from, len);
    bytes->len += len;
}

static void drop(struct bytes *bytes, size_t len)
{
    bytes->len -= len;
    memmove(bytes->at, bytes->at + len, bytes->len);
}

/* ---- out ----------------------------------------------------------------------------------------
 */

static void write_frame(int fd, const char *text, size_t len)
{
    struct peer *peer = &peers[fd];
    unsigned char head[4] = {0x81, (unsigned char)len};
    size_t head_len = 2;
    if (!peer->is_open)
        return;
    if (len >= 126) {
        head[1] = 126;
        head[2] = (unsigned char)(len >> 8);
        head[3] = (unsigned char)len;
        head_len = 4;
    }
    put(&peer->out, head, head_len);
    put(&peer->out, text, len);
    if (!peer->is_dirty) {
        peer->is_dirty = true;
        dirty[dirty_count++] = fd;
    }
}

static void leave(int fd)
{
    free(peers[fd].in.at);
    free(peers[fd].out.at);
    peers[fd] = (struct peer){0};
    close(fd);
}

static void flush_peers(void)
{
    for (unsigned i = 0; i < dirty_count; i++) {
        struct peer *peer = &peers[dirty[i]];
        peer->is_dirty = false;
        if (!peer->is_open)
            continue;
        ssize_t sent = send(dirty[i], peer->out.at, peer->out.len, MSG_NOSIGNAL);
        if (sent != (ssize_t)peer->out.len) /* slow or gone: the floor keeps nothing for anybody */
            leave(dirty[i]);
        else
            peer->out.len = 0;
    }
    dirty_count = 0;
}

static void flush_redis(void)
{
    size_t at = 0;
    while (at < to_redis.len) {
        ssize_t sent = send(redis_fd, to_redis.at + at, to_redis.len - at, MSG_NOSIGNAL);
        check(sent > 0);
        at += (size_t)sent;
    }
    to_redis.len = 0;
}

/* ---- in -----------------------------------------------------------------------------------------
 */

static const char *value_of(const char *text, size_t len, const char *name)
{
    const char *at = memmem(text, len, name, strlen(name));
    return at ? at + strlen(name) : NULL;
}

static void greet(int fd, const char *text, size_t len)
{
    const char *number = value_of(text, len, "\"number\":"),
               *role = value_of(text, len, "\"role\":\"");
    char welcome[128];
    check(number != NULL && role != NULL);
    struct peer *peer = &peers[fd];
    peer->number = (unsigned)strtoul(number, NULL, 10);
    peer->is_agent = *role == 'a';
    check(peer->number < (peer->is_agent ? agent_count : customer_count));
    (peer->is_agent ? agent_fds : customer_fds)[peer->number] = fd;
    int size = snprintf(welcome, sizeof welcome,
            "{\"type\":\"welcome\",\"id\":\"h\",\"lineage\":\"l\",\"conversation\":\"c%u\"}",
            peer->number);
    write_frame(fd, welcome, (size_t)size);
}

static void store(int fd, const char *text, size_t len)
{
    struct peer *peer = &peers[fd];
    struct asked *item = &asked[asked_next++ % ASKED_MAX];
    const char *n = value_of(text, len, "\"n\":"), *words = value_of(text, len, "\"text\":\"");
    const char *whose = value_of(text, len, "\"conversation\":\"c");
    const char *end = words ? memchr(words, '"', (size_t)(text + len - words)) : NULL;
    char command[160];
    check(n != NULL && end != NULL && end - words <= TEXT_MAX &&
            asked_next - asked_first < ASKED_MAX);
    item->customer = peer->is_agent && whose ? (unsigned)strtoul(whose, NULL, 10) : peer->number;
    check(item->customer < customer_count);
    item->from = fd;
    item->to = peer->is_agent ? customer_fds[item->customer]
                              : (agent_count ? agent_fds[item->customer % agent_count] : -1);
    item->n = strtoul(n, NULL, 10);
    item->text_len = (unsigned)(end - words);
    memcpy(item->text, words, item->text_len);
    int head = snprintf(command, sizeof command,
            "*5\r\n$4\r\nXADD\r\n$7\r\nf:%05u\r\n$1\r\n*\r\n$1\r\ne\r\n$%zu\r\n", item->customer,
            len);
    put(&to_redis, command, (size_t)head);
    put(&to_redis, text, len);
    put(&to_redis, "\r\n", 2);
}

static void on_text(int fd, const char *text, size_t len)
{
    if (memmem(text, len < 24 ? len : 24, "\"send\"", 6) != NULL)
        store(fd, text, len);
    else
        greet(fd, text, len);
}

static size_t take_frame(int fd, char *bytes, size_t len)
{
    size_t head = 6, size;
    if (len < 6)
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
    if ((bytes[0] & 15) == 1)
        on_text(fd, bytes + head, size);
    return head + size;
}

static size_t upgrade(int fd)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                 "Sec-WebSocket-Protocol: weft.v1.json\r\n\r\n";
    struct peer *peer = &peers[fd];
    char *end = memmem(peer->in.at, peer->in.len, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    peer->is_upgraded = true;
    ssize_t sent = send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    (void)sent; /* a peer that left is met again by its next read */
    return (size_t)(end + 4 - peer->in.at);
}

static void on_peer(int fd)
{
    static char page[PAGE];
    struct peer *peer = &peers[fd];
    ssize_t got = recv(fd, page, sizeof page, 0);
    size_t at = 0, used;
    if (got <= 0) {
        leave(fd);
        return;
    }
    put(&peer->in, page, (size_t)got);
    if (!peer->is_upgraded && (at = upgrade(fd)) == 0)
        return;
    while ((used = take_frame(fd, peer->in.at + at, peer->in.len - at)) > 0)
        at += used;
    drop(&peer->in, at);
}

/* ---- Redis --------------------------------------------------------------------------------------
 */

static void tell(const struct asked *item)
{
    char frame[TEXT_MAX + 256];
    int len = snprintf(frame, sizeof frame,
            "{\"type\":\"ack\",\"id\":\"%lu\",\"conversation\":\"c%u\",\"n\":%lu,\"at\":\"1-"
            "0000000000000000\"}",
            item->n, item->customer, item->n);
    write_frame(item->from, frame, (size_t)len);
    if (item->to < 0)
        return;
    len = snprintf(frame, sizeof frame,
            "{\"type\":\"entry\",\"conversation\":\"c%u\",\"at\":\"1-0000000000000000\",\"parts\":["
            "{\"kind\":"
            "\"message\",\"body\":{\"kind\":\"text\",\"text\":\"%.*s\"}}]}",
            item->customer, (int)item->text_len, item->text);
    write_frame(item->to, frame, (size_t)len);
}

/* Each answer is a bulk string: "$15\r\n1700000000000-0\r\n". */
static void on_redis(void)
{
    static char page[PAGE];
    ssize_t got = recv(redis_fd, page, sizeof page, 0);
    size_t at = 0;
    check(got > 0);
    put(&from_redis, page, (size_t)got);
    for (;;) {
        char *line = from_redis.at + at;
        size_t left = from_redis.len - at;
        char *end = memmem(line, left, "\r\n", 2);
        end = end ? memmem(end + 2, left - (size_t)(end + 2 - line), "\r\n", 2) : NULL;
        if (end == NULL)
            break;
        check(*line == '$');
        tell(&asked[asked_first++ % ASKED_MAX]);
        at = (size_t)(end + 2 - from_redis.at);
    }
    drop(&from_redis, at);
}

/* ---- the loop -----------------------------------------------------------------------------------
 */

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    check(epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void on_caller(int listen_fd)
{
    int yes = 1, fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    check(fd >= 0 && fd < PEERS_MAX);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    peers[fd] = (struct peer){.is_open = true};
    watch(fd);
}

static int listen_on(uint16_t port)
{
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    check(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 4096) == 0);
    check(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void begin(char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
    customer_count = (unsigned)strtoul(argv[3], NULL, 10);
    agent_count = (unsigned)strtoul(argv[4], NULL, 10);
    customer_fds = calloc(customer_count + 1, sizeof *customer_fds);
    agent_fds = calloc(agent_count + 1, sizeof *agent_fds);
    redis_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(customer_fds != NULL && agent_fds != NULL);
    check(connect(redis_fd, (struct sockaddr *)&address, sizeof address) == 0);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(redis_fd);
}

int main(int argc, char **argv)
{
    struct epoll_event events[512];
    if (argc != 5) {
        fprintf(stderr,
                "usage: weft-floor PORT REDIS_SOCKET CUSTOMERS AGENTS   (PORT 0: a free one)\n");
        return 64;
    }
    begin(argv);
    int listen_fd = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
    watch(listen_fd);
    for (;;) {
        int count = epoll_wait(poll_fd, events, 512, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listen_fd)
                on_caller(fd);
            else if (fd == redis_fd)
                on_redis();
            else if (peers[fd].is_open)
                on_peer(fd);
        }
        flush_redis();
        flush_peers();
    }
}
