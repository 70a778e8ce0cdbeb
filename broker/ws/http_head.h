/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an HTTP/1.1 reply, which ends its connection, and the bodies of the errors that the
 * adapter answers itself. */
#ifndef WEFT_WS_HTTP_HEAD_H
#define WEFT_WS_HTTP_HEAD_H

#include "base/buffer.h"

enum { HTTP_HEAD_MAX = 4096, HTTP_ERROR_BODY_MAX = 256 };

struct http_head {
    int status;
    struct slice content_type;
    struct slice extra_headers; /* whole lines, each ended by CRLF */
    size_t content_len;
};

/* errors: out overflows when extra_headers are too long */
void http_head_write(const struct http_head *head, struct buffer *out);

/* {"error":{"code":...,"message":...,"retry":...}}, in the shape that the flows' errors have.
 * Returns its length.
 *
 * errors: checks that status is one that the adapter answers itself */
size_t http_error_body(int status, char *out, size_t out_len);

#endif
