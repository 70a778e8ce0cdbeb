/* SPDX-License-Identifier: Apache-2.0 */
/* The listening side of a node: WebSocket peers and plain HTTP on one port.
 *
 *   struct ws_server *server = ws_server_create(loop, &options, &handlers, &failure);
 *   struct peers *peers = ws_server_peers(server);
 *   loop_run(loop);
 *   ws_server_destroy(server);
 *
 * What the flows see of it is port/peers.h and port/http.h.
 */
#ifndef WEFT_WS_WS_SERVER_H
#define WEFT_WS_WS_SERVER_H

#include "loop/loop.h"
#include "port/http.h"
#include "port/peers.h"

#include <stddef.h>
#include <stdint.h>

/* Every field that is 0 or NULL has the default written beside it. Strings are borrowed during
 * ws_server_create. */
struct ws_options {
    const char *listen_address; /* "127.0.0.1"; a numeric address, "localhost" (both loopbacks) or
                                   "*" (every address, IPv6 too where there is one) */
    uint16_t port;              /* a free one */
    const char *assets_folder;  /* no assets */
    uint32_t connections_max;   /* 10,000; lowered to what the descriptor limit allows */
    uint32_t connections_per_address_max; /* no cap; IPv6 counts by /64 */
    uint32_t ping_ms, dead_ms;            /* 25,000 and 40,000 */
    uint32_t head_ms_max;       /* 10,000: from the connection to the whole request head */
    uint32_t reply_ms_max;      /* 30,000: for the flow, for a body, for a stalled write */
    uint32_t close_ms_max;      /* 2,000: to flush and to close */
    uint32_t message_bytes_max; /* 65,536: one message from a peer */
    uint32_t queue_bytes_max;   /* 245,776: what waits for one peer; one longest frame, and all in
                                   all less than 256 KiB of memory */
    size_t memory_bytes_max;    /* 256 MiB: all queues, bodies and half messages */
    int send_buffer_bytes;      /* the kernel's choice */
};

struct ws_handlers {
    const struct peer_events *peer_events;
    void *peer_user;
    const struct http_events *http_events;
    void *http_user;
};

/* One sentence for the operator: "cannot listen on 127.0.0.1 port 8080: address already in use". */
struct ws_failure {
    char sentence[256];
};

struct ws_server;

/* Listens at once; events come once the loop runs.
 *
 * owns: keeps what handlers points to; loop must outlive the server
 * errors: NULL, with the reason in out_failure */
struct ws_server *ws_server_create(struct loop *loop, const struct ws_options *options,
        const struct ws_handlers *handlers, struct ws_failure *out_failure);

/* Takes no new connections; those that are open go on. May be called twice. */
void ws_server_stop_accepting(struct ws_server *server);

/* Closes everything; on_closed comes for each peer that is still open.
 *
 * order: never inside an event; turns the loop for as long as the closing takes */
void ws_server_destroy(struct ws_server *server);

/* Borrowed, for the life of the server. */
struct peers *ws_server_peers(struct ws_server *server);
struct http *ws_server_http(struct ws_server *server);

uint16_t ws_server_port(const struct ws_server *server);

struct ws_counts {
    uint32_t connections, connections_max; /* peers and HTTP together */
    uint32_t peers;
    size_t memory_bytes;    /* in queues, bodies and half messages now */
    uint64_t refused_total; /* connections over a cap */
    uint64_t accepted_total;
};

struct ws_counts ws_server_counts(const struct ws_server *server);

#endif
