/* SPDX-License-Identifier: Apache-2.0 */
/* Inside broker/ws only: what a request says, out of libwebsockets' header table. */
#ifndef WEFT_WS_HTTP_REQUEST_H
#define WEFT_WS_HTTP_REQUEST_H

#include "ws/connection.h"
#include "ws/static_files.h"

enum {
    REQUEST_PATH_MAX = 1024,
    REQUEST_QUERY_MAX = 1024,
    REQUEST_AUTHORIZATION_MAX = 3072,
    REQUEST_TEXT_MAX = 256,
};

/* A request, and the storage that it borrows from. */
struct request_texts {
    struct http_request request;
    struct static_request asset;
    char path[REQUEST_PATH_MAX], query[REQUEST_QUERY_MAX];
    char authorization[REQUEST_AUTHORIZATION_MAX];
    char address[INET6_ADDRSTRLEN], origin[REQUEST_TEXT_MAX], host[REQUEST_TEXT_MAX],
            if_none_match[REQUEST_TEXT_MAX];
};

/* Copies a header out. An absent one is empty, a repeated one is joined by commas.
 *
 * shape: out is of out_len bytes, a NUL included
 * errors: false when it does not fit */
bool request_header(struct lws *wsi, int token, char *out, int out_len, struct slice *out_value);

/* HTTP/1.1 or HTTP/1.0, and a request line that ends where it seems to: libwebsockets decodes %0a
 * in a path before it looks for the end of the line, and takes what follows for a header. Such a
 * request has lost its version. */
bool request_is_http1(struct lws *wsi);

/* 0, or the status of a refusal. The body is the caller's. */
int request_texts_read(const struct connection *connection, struct request_texts *out_texts);

/* HEAD is GET, with out_is_head. */
enum http_method request_method(struct lws *wsi, bool *out_is_head);

struct body_rule {
    int status; /* 0, or the status of a refusal */
    size_t len;
    bool is_body_coming; /* libwebsockets will read one */
};

/* is_streamed: of any length. */
void request_judge_body(struct lws *wsi, bool is_streamed, struct body_rule *out_rule);
/* A POST to HTTP_STREAMED_PATH. */
bool request_is_streamed(struct lws *wsi);

bool request_is_for_flow(struct slice path);

#endif
