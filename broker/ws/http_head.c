/* SPDX-License-Identifier: Apache-2.0 */
/* Composing reply heads.
 *
 * Invariant: every reply says how long it is, so a cut one is known as such; every reply forbids
 * sniffing and sends no referrer on. What is not an asset is never stored.
 *
 * Content security policies are the assets' (static_files.c); replies of flows are data.
 */
#include "ws/http_head.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

static const struct reason {
    int status;
    const char *phrase, *code, *message, *retry;
} reasons[] = {
        {200, "OK", "", "", ""},
        {201, "Created", "", "", ""},
        {202, "Accepted", "", "", ""},
        {204, "No Content", "", "", ""},
        {304, "Not Modified", "", "", ""},
        {308, "Permanent Redirect", "", "", ""},
        {400, "Bad Request", "bad_request", "The request is not well-formed.", "never"},
        {401, "Unauthorized", "", "", ""},
        {403, "Forbidden", "bad_origin", "This website may not use this server.", "never"},
        {404, "Not Found", "not_found", "There is nothing at this address.", "never"},
        {405, "Method Not Allowed", "bad_request", "This address is only read.", "never"},
        {408, "Request Timeout", "rate_limited", "The body came too slowly.", "later"},
        {409, "Conflict", "", "", ""},
        {410, "Gone", "", "", ""},
        {411, "Length Required", "bad_request", "The request needs a Content-Length.", "never"},
        {413, "Content Too Large", "too_large", "The body is larger than the limit.", "never"},
        {426, "Upgrade Required", "bad_request", "This address speaks WebSocket, version 13.",
                "never"},
        {429, "Too Many Requests", "", "", ""},
        {431, "Request Header Fields Too Large", "too_large", "A header is longer than the limit.",
                "never"},
        {500, "Internal Server Error", "internal", "Something went wrong on our side.", "later"},
        {507, "Insufficient Storage", "", "", ""},
        {503, "Service Unavailable", "busy", "The server is busy: wait a little.", "later"},
};

static const struct reason *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return &reasons[i];
    return NULL;
}

static void put_line(struct buffer *out, const char *name, struct slice value)
{
    buffer_put_slice(out, slice_of_string(name));
    buffer_put_slice(out, value);
    buffer_put_slice(out, SLICE_OF("\r\n"));
}

static bool contains(struct slice text, struct slice word)
{
    return text.len > 0 && memmem(text.bytes, text.len, word.bytes, word.len) != NULL;
}

void http_head_write(const struct http_head *head, struct buffer *out)
{
    const struct reason *reason = reason_of(head->status);
    buffer_put_slice(out, SLICE_OF("HTTP/1.1 "));
    buffer_put_u64(out, (uint64_t)head->status);
    put_line(out, " ", slice_of_string(reason ? reason->phrase : "Status"));
    if (head->content_type.len > 0)
        put_line(out, "Content-Type: ", head->content_type);
    if (head->status != 204 && head->status != 304) {
        buffer_put_slice(out, SLICE_OF("Content-Length: "));
        buffer_put_u64(out, head->content_len);
        buffer_put_slice(out, SLICE_OF("\r\n"));
    }
    put_line(out, "X-Content-Type-Options: ", SLICE_OF("nosniff"));
    put_line(out, "Referrer-Policy: ", SLICE_OF("no-referrer"));
    if (!contains(head->extra_headers, SLICE_OF("Cache-Control:")))
        put_line(out, "Cache-Control: ", SLICE_OF("no-store"));
    put_line(out, "Connection: ", SLICE_OF("close"));
    buffer_put_slice(out, head->extra_headers);
    buffer_put_slice(out, SLICE_OF("\r\n"));
}

size_t http_error_body(int status, char *out, size_t out_len)
{
    const struct reason *reason = reason_of(status);
    check(reason != NULL && reason->code[0] != '\0');
    return (size_t)snprintf(out, out_len,
            "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"retry\":\"%s\"}}\n", reason->code,
            reason->message, reason->retry);
}
