/* SPDX-License-Identifier: Apache-2.0 */
/* One accepted socket: first it speaks HTTP, then perhaps it becomes a peer.
 *
 *     FREE ──accept──> HTTP ──upgrade──> PEER ──closed──> GONE ──socket closed──> FREE
 *                        └───────────────────socket closed──────────────────────────┘
 *
 * GONE: the flow was told; libwebsockets still closes the socket. generation changes whenever a
 * handle must stop working: at the end of an exchange, at the upgrade, at GONE and at FREE.
 */
#ifndef WEFT_WS_CONNECTION_H
#define WEFT_WS_CONNECTION_H

#include "base/list.h"
#include "port/http.h"
#include "port/peers.h"
#include "port/timers.h"
#include "ws/heartbeat.h"
#include "ws/inbound.h"
#include "ws/outbound.h"

#include <netinet/in.h>

enum { CLOSE_REASON_MAX = 120 };

enum connection_kind { CONNECTION_FREE, CONNECTION_HTTP, CONNECTION_PEER, CONNECTION_GONE };

/* COLLECTING the body, WAITING for the flow, WRITING the reply, LINGERING after a refusal. */
enum exchange_stage {
    EXCHANGE_IDLE,
    EXCHANGE_COLLECTING,
    EXCHANGE_WAITING,
    EXCHANGE_WRITING,
    EXCHANGE_LINGERING,
};

struct exchange {
    enum exchange_stage stage;
    enum http_method method;
    bool is_head;         /* the reply goes without its body */
    bool has_unread_body; /* so end by lingering, else a reset eats the reply */
    bool is_streamed;     /* the flow must hear of its end: http_stream.c */
    bool wants_body, wants_piece;
    bool is_head_sent;
    uint64_t body_left, reply_left; /* of a stream: what has not come, what was not given */
    struct inbound body;
    uint8_t *reply; /* owned: head, and the body or a piece of it when it is not borrowed */
    size_t reply_len, reply_sent;
    struct slice asset; /* borrowed for ever: what is left of the body of a static reply */
};

/* A peer's close frame, to be said once its ring is empty. */
struct goodbye {
    struct timer timer;
    struct connection *connection;
    bool is_said; /* it is libwebsockets' now */
    uint16_t code;
    uint8_t reason_len;
    char reason[];
};

struct peer_state {
    enum peer_codec codec;
    bool is_closing;       /* by us or by the other side: nothing is sent or read any more */
    bool is_deaf;          /* a fault was seen: nothing is read any more */
    bool is_in_message;    /* a message has begun and is not complete */
    bool is_owed_writable; /* a send was told no */
    bool wants_ping;
    bool is_dirty;           /* in the server's list */
    struct goodbye *goodbye; /* owned: while we close it; NULL: nothing to say */
    uint64_t heard_ms, pinged_ms, message_ms;
    struct inbound inbound;
    struct outbound outbound;
};

struct address_count;
struct lws;

struct connection {
    struct heartbeat_item beat;
    struct lws *wsi; /* NULL until it is adopted */
    struct address_count *address;
    uint32_t index, generation;
    uint32_t next_free;
    enum connection_kind kind;
    struct list dirty;
    void *receive_page; /* libwebsockets'; NULL: its buffer is on the heap */
    union {
        struct exchange exchange; /* HTTP */
        struct peer_state peer;   /* PEER */
    };
};

struct connection_pool {
    struct connection *connections;
    uint32_t capacity, in_use, first_free;
};

/* errors: false when there is no memory */
bool connection_pool_init(struct connection_pool *pool, uint32_t capacity);
void connection_pool_finish(struct connection_pool *pool);

/* A fresh connection of kind HTTP; NULL when the pool is used up. */
struct connection *connection_take(struct connection_pool *pool);
void connection_give_back(struct connection_pool *pool, struct connection *connection);

/* The connection that the handle names, NULL when it is gone. */
struct connection *connection_find(const struct connection_pool *pool, uint32_t index,
        uint32_t generation, enum connection_kind kind);

/* Makes every handle of this connection stop working. */
void connection_renew(struct connection *connection);

#endif
