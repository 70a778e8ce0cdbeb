/* SPDX-License-Identifier: Apache-2.0 */
/* Plain HTTP requests, as flows see them: one request in, one reply out.
 *
 * The adapter serves static assets by itself, bounds bodies to HTTP_BODY_MAX, refuses what is not
 * HTTP/1.1 with a body it can measure, and hands over only paths below /v1/ and the health pages.
 *
 * A body may also come in pieces, and a reply may leave so, neither ever whole in memory:
 *
 *   on_request(body_len) -> read_body -> on_body -> read_body -> … on_body(is_last) -> reply
 *   reply_begin(len) -> on_room -> reply_piece -> on_room -> … all len bytes
 */
#ifndef WEFT_PORT_HTTP_H
#define WEFT_PORT_HTTP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { HTTP_BODY_MAX = 65536 };
#define HTTP_STREAMED_PATH "/v1/uploads" /* a POST to it brings its body in pieces */
enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER };

/* Everything is borrowed until on_request returns. */
struct http_request {
    enum http_method method;
    struct slice path;  /* decoded, without the query */
    struct slice query; /* raw */
    struct slice origin;
    struct slice authorization;
    struct slice host;
    struct slice address; /* the numeric address of the other side */
    struct slice body;
    uint64_t body_len; /* of a body that is still to come, by read_body; 0: none is */
};

struct http_exchange {
    uint32_t index, generation;
};

/* extra_headers: whole lines, each ended by CRLF, may be empty. Borrowed during the call. */
struct http_reply {
    int status;
    struct slice content_type;
    struct slice extra_headers;
    struct slice body;
};

struct http_events {
    /* The flow answers each exchange exactly once, now or later (within 30 s, else 503 is sent). */
    void (*on_request)(
            void *user, struct http_exchange exchange, const struct http_request *request);
    /* The next piece, borrowed; at most HTTP_BODY_MAX bytes. One for each read_body. */
    void (*on_body)(void *user, struct http_exchange exchange, struct slice piece, bool is_last);
    /* The next piece of the reply may come. */
    void (*on_room)(void *user, struct http_exchange exchange);
    /* Before its end the client went, or was too slow (a body's length gives it its time), or it
     * asked for the head alone. */
    void (*on_gone)(void *user, struct http_exchange exchange);
};

struct http;

struct http_ops {
    /* Does nothing when the client has gone. */
    void (*reply)(struct http *, struct http_exchange, const struct http_reply *);
    /* Asks for a piece of the body; on_body may come before it returns. */
    void (*read_body)(struct http *, struct http_exchange);
    /* A reply whose body of len bytes follows in pieces; its own body is ignored. */
    void (*reply_begin)(
            struct http *, struct http_exchange, const struct http_reply *, uint64_t len);
    /* Once for each on_room. 0 < piece.len <= HTTP_BODY_MAX, and all of them together are len. */
    void (*reply_piece)(struct http *, struct http_exchange, struct slice piece);
    /* Ends the connection in the middle: the client sees that something is missing. */
    void (*reply_cut)(struct http *, struct http_exchange);
};

struct http {
    const struct http_ops *ops;
};

#endif
