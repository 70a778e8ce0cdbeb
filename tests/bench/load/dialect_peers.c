/* SPDX-License-Identifier: Apache-2.0 */
/* What the peers speak: Socket.IO (Engine.IO 4 in text frames) and NATS (its text protocol in
 * binary frames, JetStream's acknowledgement as an answer to the publish).
 *
 * Whom a customer talks to is fixed: agent number modulo agents. A conversation is "c<number>".
 */
#include "base/check.h"
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_ROOM = 1024, NATS_FIELDS = 6 };

#define ARGS(slice) (int)(slice).len, (slice).bytes

static void tell(struct line *line, enum news_kind kind, struct slice conversation,
        struct slice text, uint64_t n)
{
    struct news news = {.kind = kind, .conversation = conversation, .text = text, .n = n};
    load_news(line, &news);
}

/* ---- Socket.IO --------------------------------------------------------------------------------
 * open 0{...}  ->  connect 40{"role","number"}  ->  40{sid} : welcome
 * event with ack: 42<n>["say","c7","text"]  ->  43<n>[]        delivery: 42["said","c7","text"]
 */

static void hello_socketio(struct line *line, const struct hello *hello)
{
    char text[96];
    int len = snprintf(
            text, sizeof text, "40{\"role\":\"%c\",\"number\":%u}", hello->role, hello->number);
    line_write(line, text, (size_t)len, false);
}

static void say_socketio(struct line *line, const struct words *words)
{
    char text[FRAME_ROOM];
    uint64_t n = words->role == 'c' ? words->n : words->n * load.customers + words->number;
    int len = snprintf(text, sizeof text, "42%" PRIu64 "[\"say\",\"c%u\",\"%.*s\"]", n,
            words->number, ARGS(words->text));
    line_write(line, text, (size_t)len, false);
}

/* ["said","c7","text"] */
static void read_said(struct line *line, const char *at, const char *end)
{
    struct slice parts[3];
    size_t count = 0;
    while (count < 3 && (at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (close == NULL)
            return;
        parts[count++] = slice_make(at + 1, (size_t)(close - at - 1));
        at = close + 1;
    }
    if (count == 3)
        tell(line, NEWS_ENTRY, parts[1], parts[2], 0);
}

static void read_socketio(struct line *line, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    if (len >= 1 && bytes[0] == '2')
        line_write(line, "3", 1, false);
    else if (len >= 2 && memcmp(bytes, "40", 2) == 0)
        tell(line, NEWS_WELCOME, SLICE_NONE, SLICE_NONE, 0);
    else if (len >= 3 && memcmp(bytes, "43", 2) == 0)
        tell(line, NEWS_ACK, SLICE_NONE, SLICE_NONE, strtoull(bytes + 2, NULL, 10));
    else if (len >= 3 && memcmp(bytes, "42", 2) == 0)
        read_said(line, bytes + 2, end);
    else if (len >= 2 && memcmp(bytes, "44", 2) == 0)
        tell(line, NEWS_ERROR, SLICE_NONE, slice_make(bytes, len), 0);
}

/* ---- NATS -------------------------------------------------------------------------------------
 * INFO  ->  CONNECT, SUB  ->  PING -> PONG : welcome
 * PUB m.a.7 _I.<line>.<n> 200 : the stream takes "m.>" and answers on the inbox, once it has
 * stored.
 */

static void hello_nats(struct line *line, const struct hello *hello)
{
    char text[4096];
    int len = snprintf(text, sizeof text,
            "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false}\r\nSUB _I.%c%u.* "
            "1\r\n",
            hello->role, hello->number);
    if (hello->role == 'c') {
        len += snprintf(text + len, sizeof text - (size_t)len, "SUB m.c.%u 2\r\n", hello->number);
    }
    line_write(line, text, (size_t)len, true);
    for (uint32_t i = hello->number; hello->role == 'a' && i < load.customers; i += load.agents) {
        len = snprintf(text, sizeof text, "SUB m.a.%u 2\r\n", i);
        line_write(line, text, (size_t)len, true);
    }
    line_write(line, "PING\r\n", 6, true);
}

static void say_nats(struct line *line, const struct words *words)
{
    char text[FRAME_ROOM];
    bool is_customer = words->role == 'c';
    uint32_t from = is_customer ? words->number : words->number % load.agents;
    uint64_t n = is_customer ? words->n : words->n * load.customers + words->number;
    int len = snprintf(text, sizeof text, "PUB m.%c.%u _I.%c%u.%" PRIu64 " %zu\r\n%.*s\r\n",
            is_customer ? 'a' : 'c', words->number, words->role, from, n, words->text.len,
            ARGS(words->text));
    line_write(line, text, (size_t)len, true);
}

static void on_message(struct line *line, struct slice subject, struct slice payload)
{
    char conversation[24];
    const char *dot = memrchr(subject.bytes, '.', subject.len);
    uint64_t number = dot ? strtoull(dot + 1, NULL, 10) : 0;
    if (subject.len > 3 && subject.bytes[0] == '_') {
        bool is_stored = memmem(payload.bytes, payload.len, "\"seq\"", 5) != NULL;
        tell(line, is_stored ? NEWS_ACK : NEWS_ERROR, SLICE_NONE, payload,
                line->kind == 'c' ? number : number / load.customers);
        return;
    }
    int len = snprintf(conversation, sizeof conversation, "c%" PRIu64, number);
    tell(line, NEWS_ENTRY, slice_make(conversation, (size_t)len), payload, 0);
}

/* MSG subject sid [reply] size\r\n payload \r\n. Returns its length; 0: not all there yet. */
static size_t take_message(struct line *line, const char *at, size_t head, size_t len)
{
    const char *subject_end = memchr(at + 4, ' ', head - 4);
    const char *size_at = memrchr(at, ' ', head);
    check(subject_end != NULL && size_at != NULL);
    size_t size = strtoul(size_at + 1, NULL, 10);
    if (len < head + 2 + size + 2)
        return 0;
    on_message(line, slice_make(at + 4, (size_t)(subject_end - at - 4)),
            slice_make(at + head + 2, size));
    return head + 2 + size + 2;
}

static size_t take_nats(struct line *line, const char *at, size_t len)
{
    const char *end = memmem(at, len, "\r\n", 2);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - at);
    if (head > 4 && memcmp(at, "MSG ", 4) == 0)
        return take_message(line, at, head, len);
    if (memcmp(at, "PING", 4) == 0)
        line_write(line, "PONG\r\n", 6, true);
    else if (memcmp(at, "PONG", 4) == 0)
        tell(line, NEWS_WELCOME, SLICE_NONE, SLICE_NONE, 0);
    else if (memcmp(at, "-ERR", 4) == 0)
        tell(line, NEWS_ERROR, SLICE_NONE, slice_make(at, head), 0);
    return head + 2;
}

/* A frame is a piece of a stream: it may end within a message. */
static void read_nats(struct line *line, const char *bytes, size_t len)
{
    size_t at = 0, used;
    bytes_put(&line->stream, bytes, len);
    while (at < line->stream.len &&
            (used = take_nats(line, line->stream.at + at, line->stream.len - at)) > 0)
        at += used;
    bytes_drop(&line->stream, at);
}

const struct dialect dialect_socketio = {.name = "socketio",
        .path = "/socket.io/?EIO=4&transport=websocket",
        .subprotocol = "",
        .hello = hello_socketio,
        .say = say_socketio,
        .read = read_socketio};
const struct dialect dialect_nats = {.name = "nats",
        .path = "/",
        .subprotocol = "",
        .hello = hello_nats,
        .say = say_nats,
        .read = read_nats};
