/* SPDX-License-Identifier: Apache-2.0 */
/* Plain HTTP requests, as flows see them: one request in, one reply out.
 *
 * The adapter serves static assets by itself, bounds bodies to HTTP_BODY_MAX, refuses what is not
 * HTTP/1.1 with a body it can measure, and hands over only paths below /v1/ and the health pages.
 */
#ifndef WEFT_PORT_HTTP_H
#define WEFT_PORT_HTTP_H

#include "base/slice.h"

#include <stdint.h>

enum { HTTP_BODY_MAX = 65536 };
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
};

struct http;

struct http_ops {
    /* Does nothing when the client has gone. */
    void (*reply)(struct http *, struct http_exchange, const struct http_reply *);
};

struct http {
    const struct http_ops *ops;
};

#endif
