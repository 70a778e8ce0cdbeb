/* SPDX-License-Identifier: Apache-2.0 */
/* One WebSocket connection to a broker, from dialling to its end. It never comes back: whoever
 * wants a new connection opens a new socket (link.h does).
 *
 * With waker.h the doorway to libuv: no libuv type goes further than the loop's name. SIGPIPE is
 * set to be ignored unless the process has a handler of its own.
 */
#ifndef WEFT_BOTS_SOCKET_H
#define WEFT_BOTS_SOCKET_H

#include "base/slice.h"
#include "bots/sdk/c/address.h"

#include <stdbool.h>
#include <stdint.h>

struct socket;
struct uv_loop_s;

enum socket_end_kind {
    SOCKET_UNREACHABLE, /* nobody answered at this address */
    SOCKET_REFUSED,     /* an HTTP answer other than an upgrade: http_status */
    SOCKET_CLOSED,      /* the open socket ended: close_code */
};

struct socket_end {
    enum socket_end_kind kind;
    int http_status; /* 0: the answer was not HTTP, or not to our question */
    int close_code;  /* CLOSE_ABNORMAL when none came */
};

struct socket_options {
    struct uv_loop_s *loop;
    const struct address *address; /* copied */
    unsigned address_choice;       /* which of a name's addresses, counted round */
    const char *subprotocol;       /* a literal */
    const char *origin;            /* NULL: none is sent; must outlive the socket */
    size_t outbound_bytes_max;
    void *context;
    void (*on_open)(void *context);
    /* bytes are borrowed for the call, and may be spoilt by it. */
    void (*on_message)(void *context, bool is_binary, char *bytes, size_t len);
    /* Once, and the last call: the socket is gone when it returns. Never inside another call. */
    void (*on_end)(void *context, const struct socket_end *end);
};

/* Dials.
 *
 * owns: the socket frees itself after on_end, or some time after socket_close */
struct socket *socket_open(const struct socket_options *options);

/* Sends one message, or keeps it while the network is slow.
 *
 * errors: false when the socket is not open or its outbound buffer has no room for it */
bool socket_send(struct socket *socket, bool is_binary, struct slice payload);

/* Asks the other end for a sign of life. */
void socket_ping(struct socket *socket);

/* Milliseconds since the other end was last heard. */
uint64_t socket_silent_ms(const struct socket *socket);

/* Ends the socket in good order: what was sent goes out first, within a second. No callback comes
 * after this call. */
void socket_close(struct socket *socket, int close_code);

/* Ends the socket at once: for one that no longer answers. No callback comes after this call. */
void socket_drop(struct socket *socket);

#endif
