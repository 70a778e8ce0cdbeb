/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request and its answer: blocking, bounded in size and time, without TLS. */
#ifndef WEFT_CLI_HTTP_CALL_H
#define WEFT_CLI_HTTP_CALL_H

#include <stddef.h>
#include <stdint.h>

enum { HTTP_ANSWER_MAX = 4 * 1024 * 1024, HTTP_DATE_MAX = 64 };

struct http_call {
    const char *url;    /* http://host:port */
    const char *method; /* "GET" */
    const char *path;
    const char *bearer; /* may be NULL */
    const char *body;   /* JSON; may be NULL */
    uint64_t timeout_ms;
};

struct http_answer {
    int status;
    char *body; /* with a NUL */
    size_t len;
    char date[HTTP_DATE_MAX]; /* the Date header; empty when there was none */
};

enum http_outcome {
    HTTP_ANSWERED,
    HTTP_BAD_URL,     /* not an http:// address */
    HTTP_UNREACHABLE, /* nobody answered, or the connection broke: it may have been carried out */
    HTTP_TOO_LATE,    /* as before, for want of time */
    HTTP_GARBLED,     /* what answered speaks no HTTP, or says too much */
};

/* owns: free(out_answer->body) when HTTP_ANSWERED */
enum http_outcome http_do(const struct http_call *call, struct http_answer *out_answer);

#endif
