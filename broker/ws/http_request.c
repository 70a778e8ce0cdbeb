/* SPDX-License-Identifier: Apache-2.0 */
/* Reading requests out of libwebsockets' header table, and judging their bodies.
 *
 * Invariant: what is read is bounded and what does not fit is refused, never cut. A length is
 * digits, once; a repeated header comes joined by a comma and so is none.
 *
 * libwebsockets has decoded the path (and folded "//" and "/../") and the values of the query.
 */
#include "ws/http_request.h"

#include <arpa/inet.h>
#include <libwebsockets.h>

/* The other side's, as text; empty when the socket has none any more. An IPv4 address that came
 * over IPv6 is told as what it is. */
static struct slice read_address(struct lws *wsi, char out[INET6_ADDRSTRLEN])
{
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof from;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&from;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&from;
    out[0] = '\0';
    if (getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&from, &len) != 0)
        return SLICE_NONE;
    if (from.ss_family == AF_INET)
        inet_ntop(AF_INET, &v4->sin_addr, out, INET6_ADDRSTRLEN);
    else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, INET6_ADDRSTRLEN);
    else
        inet_ntop(AF_INET6, &v6->sin6_addr, out, INET6_ADDRSTRLEN);
    return slice_of_string(out);
}

bool request_header(struct lws *wsi, int token, char *out, int out_len, struct slice *out_value)
{
    int len = lws_hdr_copy(wsi, out, out_len, (enum lws_token_indexes)token);
    *out_value = slice_make(out, len > 0 ? (size_t)len : 0);
    return len >= 0;
}

bool request_is_http1(struct lws *wsi)
{
    char text[16];
    struct slice version;
    return request_header(wsi, WSI_TOKEN_HTTP, text, sizeof text, &version) &&
           (slice_is(version, "HTTP/1.1") || slice_is(version, "HTTP/1.0"));
}

/* libwebsockets has decoded the piece; what would end it, or begin an escape, is one again. Returns
 * its length now; 0: it does not fit. */
static size_t escape_again(char *piece, size_t len, size_t capacity)
{
    for (size_t i = 0; i < len; i++) {
        char c = piece[i];
        if (c != '&' && c != '%')
            continue;
        if (len + 2 > capacity)
            return 0;
        memmove(piece + i + 3, piece + i + 1, len - i - 1);
        memcpy(piece + i, c == '&' ? "%26" : "%25", 3);
        len += 2;
        i += 2;
    }
    return len;
}

/* The query is kept in pieces, split at each '&'. */
static bool read_query(struct lws *wsi, char *out, size_t out_len, struct slice *query)
{
    size_t len = 0;
    *query = slice_make(out, 0);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS) == 0)
        return true;
    for (int i = 0;; i++) {
        int piece_len = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (piece_len <= 0)
            break;
        if (len + (size_t)piece_len + 2 > out_len)
            return false;
        if (i > 0)
            out[len++] = '&';
        lws_hdr_copy_fragment(wsi, out + len, (int)(out_len - len), WSI_TOKEN_HTTP_URI_ARGS, i);
        piece_len = (int)escape_again(out + len, (size_t)piece_len, out_len - len - 2);
        if (piece_len == 0)
            return false;
        len += (size_t)piece_len;
    }
    *query = slice_make(out, len);
    return true;
}

static const struct {
    int token;
    enum http_method method;
} methods[] = {{WSI_TOKEN_GET_URI, HTTP_GET}, {WSI_TOKEN_HEAD_URI, HTTP_GET},
        {WSI_TOKEN_POST_URI, HTTP_POST}, {WSI_TOKEN_PUT_URI, HTTP_PUT},
        {WSI_TOKEN_DELETE_URI, HTTP_DELETE}, {WSI_TOKEN_OPTIONS_URI, HTTP_OPTIONS},
        {WSI_TOKEN_PATCH_URI, HTTP_OTHER}};

enum http_method request_method(struct lws *wsi, bool *out_is_head)
{
    *out_is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (lws_hdr_total_length(wsi, (enum lws_token_indexes)methods[i].token) > 0)
            return methods[i].method;
    return HTTP_OTHER;
}

static bool read_path(struct lws *wsi, char *out, int out_len, struct slice *path)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (lws_hdr_total_length(wsi, (enum lws_token_indexes)methods[i].token) > 0)
            return request_header(wsi, methods[i].token, out, out_len, path);
    return false;
}

int request_texts_read(const struct connection *connection, struct request_texts *out_texts)
{
    struct lws *wsi = connection->wsi;
    struct request_texts *texts = out_texts;
    struct http_request *request = &texts->request;
    char encodings[REQUEST_TEXT_MAX];
    struct slice encoding_list;
    if (!read_path(wsi, texts->path, sizeof texts->path, &request->path))
        return 404;
    if (!read_query(wsi, texts->query, sizeof texts->query, &request->query) ||
            !request_header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, texts->authorization,
                    sizeof texts->authorization, &request->authorization) ||
            !request_header(
                    wsi, WSI_TOKEN_ORIGIN, texts->origin, sizeof texts->origin, &request->origin) ||
            !request_header(wsi, WSI_TOKEN_HOST, texts->host, sizeof texts->host, &request->host))
        return 431;
    request->method = connection->exchange.method;
    request->address = read_address(wsi, texts->address);
    request->body = SLICE_NONE;
    texts->asset.path = request->path;
    if (!request_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, texts->if_none_match,
                sizeof texts->if_none_match, &texts->asset.if_none_match))
        texts->asset.if_none_match = SLICE_NONE;
    texts->asset.accepts_gzip = request_header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, encodings,
                                        sizeof encodings, &encoding_list) &&
                                memmem(encodings, encoding_list.len, "gzip", 4) != NULL;
    return 0;
}

static bool read_length(struct slice text, uint64_t *out_len)
{
    uint64_t len = 0;
    if (text.len == 0 || text.len > 18)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        len = len * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *out_len = len;
    return true;
}

bool request_is_streamed(struct lws *wsi)
{
    char text[sizeof HTTP_STREAMED_PATH];
    struct slice path;
    return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0 &&
           request_header(wsi, WSI_TOKEN_POST_URI, text, sizeof text, &path) &&
           slice_is(path, HTTP_STREAMED_PATH);
}

void request_judge_body(struct lws *wsi, bool is_streamed, struct body_rule *out_rule)
{
    char text[32];
    struct slice length_text;
    uint64_t len = 0;
    bool has_length = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    bool has_coding = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
    bool has_body_by_method = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0 ||
                              lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) > 0 ||
                              lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI) > 0;
    bool is_readable =
            has_length &&
            request_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof text, &length_text) &&
            read_length(length_text, &len);
    *out_rule = (struct body_rule){0, 0, has_length ? !is_readable || len > 0 : has_body_by_method};
    if (!request_is_http1(wsi) || (has_length && (!is_readable || has_coding)))
        out_rule->status = 400;
    else if (has_coding || (!has_length && has_body_by_method))
        out_rule->status = 411;
    else if (len > HTTP_BODY_MAX && !is_streamed)
        out_rule->status = 413;
    else
        out_rule->len = (size_t)len;
}

bool request_is_for_flow(struct slice path)
{
    return slice_starts_with(path, SLICE_OF("/v1/")) || slice_is(path, "/healthz") ||
           slice_is(path, "/readyz");
}
