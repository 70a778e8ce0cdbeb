/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP/1.1 client over a blocking socket, one request a connection.
 *
 * Invariant: no answer is longer than HTTP_ANSWER_MAX and no call lasts longer than its time; an
 * answer counts only when it is whole. Chunked answers are refused: Weft's doors send lengths.
 */
#include "cli/http_call.h"

#include "base/buffer.h"
#include "bots/sdk/c/address.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_HEAD_MAX = 8192, READ_STEP = 65536 };

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the connection ---------------------------------------------------------------------------
 */

struct line {
    int fd;
    uint64_t until_ms;
};

static bool wait_for(const struct line *line, short events)
{
    struct pollfd poll_fd = {.fd = line->fd, .events = events};
    for (;;) {
        uint64_t now_ms = clock_ms();
        if (now_ms >= line->until_ms)
            return false;
        int count = poll(&poll_fd, 1, (int)(line->until_ms - now_ms));
        if (count > 0)
            return true;
        if (count < 0 && errno != EINTR)
            return false;
    }
}

static int connect_one(const struct addrinfo *info, struct line *line)
{
    int failure = 0;
    socklen_t len = sizeof failure;
    line->fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (line->fd < 0)
        return -1;
    if (connect(line->fd, info->ai_addr, info->ai_addrlen) == 0)
        return 0;
    if (errno == EINPROGRESS && wait_for(line, POLLOUT) &&
            getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &failure, &len) == 0 && failure == 0)
        return 0;
    close(line->fd);
    line->fd = -1;
    return -1;
}

static bool connect_line(const struct address *address, struct line *line)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    if (getaddrinfo(address->host, address->port, &hints, &all) != 0)
        return false;
    bool is_connected = false;
    for (const struct addrinfo *at = all; at != NULL && !is_connected; at = at->ai_next)
        is_connected = connect_one(at, line) == 0;
    freeaddrinfo(all);
    return is_connected;
}

static bool send_all(const struct line *line, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(line->fd, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN && wait_for(line, POLLOUT))
            continue;
        if (sent < 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* ---- the request ------------------------------------------------------------------------------
 */

static void put_text(struct buffer *out, const char *text)
{
    buffer_put(out, text, strlen(text));
}

static bool send_request(
        const struct line *line, const struct http_call *call, const struct address *address)
{
    char bytes[REQUEST_HEAD_MAX];
    struct buffer head = buffer_make(bytes, sizeof bytes);
    bool is_six = strchr(address->host, ':') != NULL;
    const char *const parts[] = {call->method, " ", call->path,
            " HTTP/1.1\r\nHost: ", is_six ? "[" : "", address->host, is_six ? "]:" : ":",
            address->port,
            "\r\nConnection: close\r\nUser-Agent: weft\r\nAccept: application/json\r\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        put_text(&head, parts[i]);
    if (call->bearer != NULL) {
        put_text(&head, "Authorization: Bearer ");
        put_text(&head, call->bearer);
        put_text(&head, "\r\n");
    }
    if (call->body != NULL) {
        put_text(&head, "Content-Type: application/json\r\nContent-Length: ");
        buffer_put_u64(&head, strlen(call->body));
        put_text(&head, "\r\n");
    }
    put_text(&head, "\r\n");
    return !head.overflowed && send_all(line, head.bytes, head.len) &&
           (call->body == NULL || send_all(line, call->body, strlen(call->body)));
}

/* ---- the answer -------------------------------------------------------------------------------
 */

struct received {
    char *bytes;
    size_t len, capacity;
};

/* Answers 1 when more came, 0 at the end, -1 when it broke, came too late or is too much. */
static int read_more(const struct line *line, struct received *received)
{
    if (received->capacity - received->len < READ_STEP) {
        size_t capacity = received->capacity ? received->capacity * 2 : READ_STEP * 2;
        char *bytes = capacity <= HTTP_ANSWER_MAX ? realloc(received->bytes, capacity) : NULL;
        if (bytes == NULL)
            return -1;
        received->bytes = bytes;
        received->capacity = capacity;
    }
    for (;;) {
        ssize_t len = recv(line->fd, received->bytes + received->len, READ_STEP - 1, 0);
        if (len >= 0) {
            received->len += (size_t)len;
            received->bytes[received->len] = '\0';
            return len > 0;
        }
        if (errno == EINTR || (errno == EAGAIN && wait_for(line, POLLIN)))
            continue;
        return -1;
    }
}

/* The value of a header in a head that ends with an empty line; NULL when there is none. */
static const char *header(const char *head, const char *name)
{
    size_t name_len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL && line[2] != '\r';
            line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, name_len) == 0 && line[2 + name_len] == ':')
            return line + 3 + name_len + strspn(line + 3 + name_len, " \t");
    return NULL;
}

static void keep_date(const char *head, struct http_answer *out)
{
    const char *date = header(head, "date");
    size_t len = date ? strcspn(date, "\r\n") : 0;
    if (len < sizeof out->date) {
        memcpy(out->date, date ? date : "", len);
        out->date[len] = '\0';
    }
}

/* "HTTP/1.1 200 …" -> 200, or 0. */
static int read_status(const char *head)
{
    bool is_http = strncmp(head, "HTTP/1.1 ", 9) == 0 || strncmp(head, "HTTP/1.0 ", 9) == 0;
    return is_http && strspn(head + 9, "0123456789") == 3 ? (int)strtol(head + 9, NULL, 10) : 0;
}

static enum http_outcome take_answer(struct received *received, struct http_answer *out)
{
    char *end = received->bytes ? strstr(received->bytes, "\r\n\r\n") : NULL;
    if (end == NULL)
        return received->len > 0 ? HTTP_GARBLED : HTTP_UNREACHABLE;
    int status = read_status(received->bytes);
    if (status == 0 || header(received->bytes, "transfer-encoding") != NULL)
        return HTTP_GARBLED;
    const char *length = header(received->bytes, "content-length");
    size_t body_len = received->len - (size_t)(end + 4 - received->bytes);
    size_t wanted_len = length ? strtoul(length, NULL, 10) : body_len;
    if (body_len < wanted_len)
        return HTTP_UNREACHABLE;
    *out = (struct http_answer){.status = status, .len = wanted_len};
    keep_date(received->bytes, out);
    memmove(received->bytes, end + 4, wanted_len);
    received->bytes[wanted_len] = '\0';
    out->body = received->bytes;
    received->bytes = NULL;
    return HTTP_ANSWERED;
}

/* A server may keep the connection open whatever it was asked. */
static bool is_whole(const struct received *received)
{
    const char *end = received->bytes ? strstr(received->bytes, "\r\n\r\n") : NULL;
    const char *length = end ? header(received->bytes, "content-length") : NULL;
    size_t head_len = end ? (size_t)(end + 4 - received->bytes) : 0;
    return length != NULL && received->len - head_len >= strtoul(length, NULL, 10);
}

static enum http_outcome talk(const struct line *line, const struct http_call *call,
        const struct address *address, struct http_answer *out)
{
    struct received received = {NULL, 0, 0};
    int more = 1;
    if (!send_request(line, call, address))
        return HTTP_UNREACHABLE;
    while (more > 0 && !is_whole(&received))
        more = read_more(line, &received);
    enum http_outcome outcome = HTTP_UNREACHABLE;
    if (more >= 0)
        outcome = take_answer(&received, out);
    else if (clock_ms() >= line->until_ms)
        outcome = HTTP_TOO_LATE;
    else if (received.len + READ_STEP * 2 > HTTP_ANSWER_MAX)
        outcome = HTTP_GARBLED;
    free(received.bytes);
    return outcome;
}

enum http_outcome http_do(const struct http_call *call, struct http_answer *out_answer)
{
    struct address address;
    if (address_read(call->url, &address) != ADDRESS_READ)
        return HTTP_BAD_URL;
    struct line line = {.fd = -1, .until_ms = clock_ms() + call->timeout_ms};
    if (!connect_line(&address, &line))
        return clock_ms() >= line.until_ms ? HTTP_TOO_LATE : HTTP_UNREACHABLE;
    enum http_outcome outcome = talk(&line, call, &address, out_answer);
    close(line.fd);
    return outcome;
}
