/* SPDX-License-Identifier: Apache-2.0 */
/* A whole ws_server on a loopback socket: request heads, bodies, upgrades and frames, as bytes. The
 * first byte says where the input is cut in two, so that the server reads it in pieces.
 *
 * Guards: whatever comes in, the server stays up, tells the flow of each peer's end exactly once,
 * hands over only what is bounded, and forgets the connection when the other side has gone.
 */
#include "fuzz.h"
#include "loop/loop.h"
#include "ws/ws_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096, TURNS_MAX = 200000, QUIET_TURNS = 3 };
enum { TALKS_PER_ADDRESS = 8192, ADDRESSES = 200, DIALS_MAX = 20 };

static struct loop *loop;
static struct ws_server *server;
static uint32_t opened, closed;

static bool may_open(void *user, const struct peer_info *info)
{
    (void)user;
    return !slice_is(info->origin, "https://evil.example");
}

static void on_opened(void *user, struct peer peer, const struct peer_info *info)
{
    (void)user;
    (void)peer;
    (void)info;
    opened++;
}

static void on_frame(void *user, struct peer peer, char *bytes, size_t len)
{
    (void)user;
    struct peers *peers = ws_server_peers(server);
    check(len <= MESSAGE_MAX);
    peers->ops->send(peers, peer, bytes, len);
    memset(bytes, 'x', len); /* the reader may write over it */
}

static void on_fault(void *user, struct peer peer, enum peer_fault fault)
{
    (void)user;
    (void)peer;
    (void)fault;
}

static void on_writable(void *user, struct peer peer)
{
    (void)user;
    (void)peer;
}

static void on_closed(void *user, struct peer peer)
{
    (void)user;
    (void)peer;
    closed++;
}

static void on_request(
        void *user, struct http_exchange exchange, const struct http_request *request)
{
    (void)user;
    struct http *http = ws_server_http(server);
    char *body = fuzz_copy(request->body.bytes, request->body.len); /* each byte is there */
    check(slice_starts_with(request->path, SLICE_OF("/")));
    struct http_reply reply = {200, SLICE_OF("text/plain"), SLICE_NONE, request->path};
    if (request->body_len > 0)
        http->ops->read_body(http, exchange);
    else
        http->ops->reply(http, exchange, &reply);
    free(body);
}

static void on_body(void *user, struct http_exchange exchange, struct slice piece, bool is_last)
{
    (void)user;
    struct http *http = ws_server_http(server);
    free(fuzz_copy(piece.bytes, piece.len));
    struct http_reply reply = {200, SLICE_OF("text/plain"), SLICE_NONE, SLICE_OF("taken")};
    if (is_last)
        http->ops->reply(http, exchange, &reply);
    else
        http->ops->read_body(http, exchange);
}

static void on_nothing(void *user, struct http_exchange exchange)
{
    (void)user;
    (void)exchange;
}

static void start(void)
{
    static const struct peer_events peer_events = {
            may_open, on_opened, on_frame, on_fault, on_writable, on_closed};
    static const struct http_events http_events = {on_request, on_body, on_nothing, on_nothing};
    struct ws_options options = {.message_bytes_max = MESSAGE_MAX};
    struct ws_handlers handlers = {&peer_events, NULL, &http_events, NULL};
    struct ws_failure failure;
    if (server != NULL)
        return;
    loop = loop_create();
    server = ws_server_create(loop, &options, &handlers, &failure);
    check(server != NULL);
}

/* Turns until nothing more comes out of the server for a few turns. */
static void turn(int fd)
{
    char bytes[4096];
    for (int quiet = 0; quiet < QUIET_TURNS;) {
        loop_turn(loop);
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        quiet = got > 0 ? 0 : quiet + 1;
    }
}

/* Ports of closed connections rest for a minute, and an address has only some ten thousands: each
 * loopback address serves for a while. A signal, or a port that rests after all, is no finding: the
 * next address is tried. */
static int dial(void)
{
    static uint32_t talks;
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(ws_server_port(server))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < DIALS_MAX; i++, talks += TALKS_PER_ADDRESS) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        uint32_t turn = talks++ / TALKS_PER_ADDRESS % ADDRESSES;
        source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn);
        if (fd >= 0 && bind(fd, (struct sockaddr *)&source, sizeof source) == 0 &&
                connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        close(fd);
    }
    check(false);
    return -1;
}

static void talk(const char *bytes, size_t len, size_t cut)
{
    struct linger none = {1, 0}; /* a reset: no port lingers */
    int fd = dial();
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    send(fd, bytes, cut, MSG_NOSIGNAL | MSG_DONTWAIT);
    turn(fd);
    send(fd, bytes + cut, len - cut, MSG_NOSIGNAL | MSG_DONTWAIT);
    turn(fd);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 16384)
        return 0;
    start();
    size_t len = size - 1, cut = data[0] * len / 255;
    talk((const char *)data + 1, len, cut);
    for (int i = 0; i < TURNS_MAX && ws_server_counts(server).connections > 0; i++)
        loop_turn(loop);
    check(ws_server_counts(server).connections == 0);
    check(opened == closed && ws_server_counts(server).memory_bytes == 0);
    return 0;
}
