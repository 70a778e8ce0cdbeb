/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the listening sockets of a node.
 *
 * Invariant: either every socket that the address asks for is open, or none is; IPv6 is left out
 * only where the system has none. With port 0 the first socket finds a free port and the second
 * takes the same one.
 *
 * SO_REUSEPORT lets any process of the same user share the port: whoever starts nodes makes sure
 * that no stranger has it.
 */
#include "ws/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

union any_address {
    struct sockaddr base;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool read_address(const char *text, uint16_t port, union any_address *out_address)
{
    memset(out_address, 0, sizeof *out_address);
    if (inet_pton(AF_INET, text, &out_address->v4.sin_addr) == 1) {
        out_address->v4.sin_family = AF_INET;
        out_address->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &out_address->v6.sin6_addr) != 1)
        return false;
    out_address->v6.sin6_family = AF_INET6;
    out_address->v6.sin6_port = htons(port);
    return true;
}

static int open_one(const union any_address *address, bool is_dual)
{
    int yes = 1, v6_only = !is_dual;
    socklen_t len = address->base.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
    int fd = socket(address->base.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0 ||
            (address->base.sa_family == AF_INET6 &&
                    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0) ||
            bind(fd, &address->base, len) != 0 || listen(fd, BACKLOG) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    union any_address address = {0};
    socklen_t len = sizeof address;
    if (getsockname(fd, &address.base, &len) != 0)
        return 0;
    return ntohs(address.base.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static bool has_no_ipv6(int reason)
{
    return reason == EAFNOSUPPORT || reason == EADDRNOTAVAIL || reason == EPROTONOSUPPORT;
}

/* The second socket of "localhost", on the first one's port. */
static size_t open_other_loopback(uint16_t port, int *fds)
{
    union any_address address;
    read_address("::1", port, &address);
    fds[1] = open_one(&address, false);
    if (fds[1] >= 0)
        return 2;
    if (has_no_ipv6(errno))
        return 1;
    int reason = errno;
    close(fds[0]);
    errno = reason;
    return 0;
}

size_t listen_open(const char *text, uint16_t port, int *fds, uint16_t *out_port, char *sentence,
        size_t sentence_len)
{
    union any_address address;
    bool is_every = strcmp(text, "*") == 0, is_localhost = strcmp(text, "localhost") == 0;
    const char *first = is_every ? "::" : is_localhost ? "127.0.0.1" : text;
    size_t count = 1;
    if (!read_address(first, port, &address)) {
        snprintf(sentence, sentence_len,
                "cannot listen on '%s': it is not a numeric address, 'localhost' or '*'", text);
        return 0;
    }
    fds[0] = open_one(&address, is_every || strcmp(first, "::") == 0);
    if (fds[0] < 0 && is_every && has_no_ipv6(errno)) {
        read_address("0.0.0.0", port, &address);
        fds[0] = open_one(&address, false);
    }
    if (fds[0] >= 0 && is_localhost)
        count = open_other_loopback(port_of(fds[0]), fds);
    if (fds[0] < 0 || count == 0) {
        snprintf(sentence, sentence_len, "cannot listen on %s port %u: %s", text, port,
                strerror(errno));
        return 0;
    }
    *out_port = port_of(fds[0]);
    return count;
}
