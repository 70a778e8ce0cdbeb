/* SPDX-License-Identifier: Apache-2.0 */
/* Weft's own wire: weft.v1.json, weft.v1.msgpack, and the plain subset that the floor speaks.
 *
 * It is read by looking for members by name: the server is trusted to be well-formed here, so that
 * the generator stays cheaper than what it measures. The plain dialect has the same frames without
 * tokens and offers: {type: hello, role, number}, send, ack, entry.
 */
#include "base/check.h"
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FRAME_ROOM = 4096 };

/* ---- reading ----------------------------------------------------------------------------------
 */

struct frame {
    const char *bytes;
    size_t len;
    bool is_packed;
};

/* Where the member's value begins; NULL: there is none. */
static const char *find(const struct frame *frame, const char *name)
{
    char pattern[40];
    size_t len = strlen(name);
    check(len + 4 < sizeof pattern && len < 32);
    if (frame->is_packed) {
        pattern[0] = (char)(0xa0 | len);
        memcpy(pattern + 1, name, len);
        len++;
    } else {
        len = (size_t)snprintf(pattern, sizeof pattern, "\"%s\":", name);
    }
    const char *at = memmem(frame->bytes, frame->len, pattern, len),
               *end = frame->bytes + frame->len;
    /* {kind: text, text: …}: packed, a value may look as the name after it. */
    while (at != NULL && frame->is_packed && (size_t)(end - at) >= 2 * len &&
            memcmp(at + len, pattern, len) == 0)
        at += len;
    return at ? at + len : NULL;
}

static struct slice find_text(const struct frame *frame, const char *name)
{
    const char *at = find(frame, name);
    const uint8_t *head = (const uint8_t *)at;
    size_t left = at ? (size_t)(frame->bytes + frame->len - at) : 0;
    if (left < 2)
        return SLICE_NONE;
    if (!frame->is_packed) {
        const char *end = *at == '"' ? memchr(at + 1, '"', left - 1) : NULL;
        return end ? slice_make(at + 1, (size_t)(end - at - 1)) : SLICE_NONE;
    }
    if ((head[0] & 0xe0) == 0xa0)
        return slice_make(at + 1, head[0] & 31u);
    if (head[0] == 0xd9)
        return slice_make(at + 2, head[1]);
    if (head[0] == 0xda)
        return slice_make(at + 3, (size_t)head[1] << 8 | head[2]);
    return SLICE_NONE;
}

static uint64_t find_number(const struct frame *frame, const char *name)
{
    const char *at = find(frame, name);
    const uint8_t *head = (const uint8_t *)at;
    uint64_t value = 0;
    if (at == NULL)
        return 0;
    if (!frame->is_packed) {
        while (*at >= '0' && *at <= '9')
            value = value * 10 + (uint64_t)(*at++ - '0');
        return value;
    }
    if (head[0] < 0x80)
        return head[0];
    size_t size = head[0] >= 0xcc && head[0] <= 0xcf ? (size_t)1 << (head[0] - 0xcc) : 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | head[1 + i];
    return value;
}

static uint64_t count_entries(const struct frame *frame)
{
    const char *at = frame->bytes, *end = at + frame->len;
    uint64_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), "time_ms", 7)) != NULL)
        at++, count++;
    return count;
}

static void read_frame(struct line *line, const struct frame *whole)
{
    struct slice type = find_text(whole, "type");
    /* The type is the first member, and its value may be the name of another: `offer`, `turn`. */
    const char *end = whole->bytes + whole->len;
    const char *rest = type.len > 0 ? type.bytes + type.len : whole->bytes;
    const struct frame *frame = &(struct frame){rest, (size_t)(end - rest), whole->is_packed};
    struct news news = {.conversation = find_text(frame, "conversation")};
    if (slice_is(type, "ack")) {
        news.kind = NEWS_ACK;
        news.n = find_number(frame, "n");
        news.at = find_text(frame, "at");
    } else if (slice_is(type, "entry")) {
        news.kind = NEWS_ENTRY;
        news.at = find_text(frame, "at");
        news.text = find_text(frame, "text");
    } else if (slice_is(type, "welcome")) {
        news.kind = NEWS_WELCOME;
        news.lineage = find_text(frame, "lineage");
        news.ticket = find_text(frame, "ticket");
        news.at = find_text(frame, "head");
    } else if (slice_is(type, "offer")) {
        news.kind = NEWS_OFFER;
        news.at = find_text(frame, "offer");
    } else if (slice_is(type, "assigned")) {
        news.kind = NEWS_ASSIGNED;
        news.at = find_text(frame, "owner");
    } else if (slice_is(type, "turn")) {
        news.kind = NEWS_TURN;
        news.at = find_text(frame, "turn");
        news.text = find_text(frame, "text");
    } else if (slice_is(type, "page")) {
        news.kind = NEWS_PAGE;
        news.count = count_entries(frame);
        news.at = find_text(frame, "after");
    } else if (slice_is(type, "done")) {
        news.kind = NEWS_DONE;
    } else if (slice_is(type, "error")) {
        news.kind = NEWS_ERROR;
        news.text = slice_make(whole->bytes, whole->len);
    }
    load_news(line, &news);
}

static void read_json(struct line *line, const char *bytes, size_t len)
{
    read_frame(line, &(struct frame){bytes, len, false});
}

static void read_packed(struct line *line, const char *bytes, size_t len)
{
    read_frame(line, &(struct frame){bytes, len, true});
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

#define ARGS(slice) (int)(slice).len, (slice).bytes

static void write_json(struct line *line, const char *text, int len)
{
    check(len > 0 && len < FRAME_ROOM);
    line_write(line, text, (size_t)len, false);
}

static void hello_json(struct line *line, const struct hello *hello)
{
    char text[FRAME_ROOM], cursor[160] = "";
    if (hello->at.len > 0)
        snprintf(cursor, sizeof cursor,
                ",\"cursors\":[{\"conversation\":\"%.*s\",\"at\":\"%.*s\"}]",
                ARGS(hello->conversation), ARGS(hello->at));
    write_json(line, text,
            snprintf(text, sizeof text, "{\"type\":\"hello\",\"id\":\"h\",\"%s\":\"%.*s\"%s%s}",
                    hello->is_ticket ? "ticket" : "token", ARGS(hello->token), cursor,
                    hello->role == 'b' ? ",\"bot\":{\"name\":\"load\",\"credits\":1024}" : ""));
}

static void hello_plain(struct line *line, const struct hello *hello)
{
    char text[128];
    write_json(line, text,
            snprintf(text, sizeof text, "{\"type\":\"hello\",\"role\":\"%c\",\"number\":%u}",
                    hello->role, hello->number));
}

static void say_json(struct line *line, const struct words *words)
{
    char text[FRAME_ROOM], owner[80] = "", conversation[80] = "";
    if (words->owner.len > 0)
        snprintf(owner, sizeof owner, ",\"owner\":\"%.*s\"", ARGS(words->owner));
    if (words->role != 'c')
        snprintf(conversation, sizeof conversation, "\"conversation\":\"%.*s\",",
                ARGS(words->conversation));
    write_json(line, text,
            snprintf(text, sizeof text,
                    "{\"type\":\"send\",\"id\":\"%" PRIu64
                    "\",%s\"lineage\":\"%.*s\",\"n\":%" PRIu64
                    ",\"body\":{\"kind\":\"text\",\"text\":\"%.*s\"}%s}",
                    words->n, conversation, ARGS(words->lineage), words->n, ARGS(words->text),
                    owner));
}

static void online_json(struct line *line)
{
    static const char text[] = "{\"type\":\"set_presence\",\"id\":\"p\",\"status\":\"online\"}";
    line_write(line, text, sizeof text - 1, false);
}

static void accept_json(struct line *line, struct slice offer)
{
    char text[256];
    write_json(line, text,
            snprintf(text, sizeof text, "{\"type\":\"accept\",\"id\":\"a\",\"offer\":\"%.*s\"}",
                    ARGS(offer)));
}

static void commit_json(struct line *line, const struct news *turn, struct slice words)
{
    char text[FRAME_ROOM];
    write_json(line, text,
            snprintf(text, sizeof text,
                    "{\"type\":\"commit\",\"id\":\"c\",\"conversation\":\"%.*s\",\"turn\":\"%.*s\","
                    "\"messages\":[{\"kind\":\"text\",\"text\":\"%.*s\"}]}",
                    ARGS(turn->conversation), ARGS(turn->at), ARGS(words)));
}

static void history_json(struct line *line, struct slice before)
{
    char text[256], from[80] = "";
    if (before.len > 0)
        snprintf(from, sizeof from, ",\"before\":\"%.*s\"", ARGS(before));
    write_json(line, text,
            snprintf(
                    text, sizeof text, "{\"type\":\"history\",\"id\":\"h\",\"limit\":50%s}", from));
}

static void track_json(struct line *line, struct slice event)
{
    char text[FRAME_ROOM];
    write_json(line, text,
            snprintf(text, sizeof text,
                    "{\"type\":\"event\",\"id\":\"t\",\"event\":\"%.*s\",\"name\":\"page_viewed\","
                    "\"properties\":[{\"name\":\"page\",\"value\":\"/treadmills/warranty\"},"
                    "{\"name\":\"seconds\",\"value\":\"41\"}]}",
                    ARGS(event)));
}

/* ---- MessagePack ------------------------------------------------------------------------------
 */

struct packer {
    size_t len;
    char bytes[FRAME_ROOM];
};

static void pack_byte(struct packer *packer, unsigned value)
{
    check(packer->len < FRAME_ROOM);
    packer->bytes[packer->len++] = (char)value;
}

static void pack_text(struct packer *packer, struct slice text)
{
    check(packer->len + text.len + 3 < FRAME_ROOM);
    if (text.len < 32) {
        pack_byte(packer, 0xa0 | (unsigned)text.len);
    } else {
        pack_byte(packer, 0xda);
        pack_byte(packer, (unsigned)(text.len >> 8));
        pack_byte(packer, text.len & 255);
    }
    memcpy(packer->bytes + packer->len, text.bytes, text.len);
    packer->len += text.len;
}

static void pack_pair(struct packer *packer, const char *name, struct slice value)
{
    pack_text(packer, slice_of_string(name));
    pack_text(packer, value);
}

static void pack_number(struct packer *packer, const char *name, uint64_t value)
{
    pack_text(packer, slice_of_string(name));
    pack_byte(packer, 0xcf);
    for (int shift = 56; shift >= 0; shift -= 8)
        pack_byte(packer, (unsigned)(value >> shift) & 255);
}

static void pack_body(struct packer *packer, struct slice text)
{
    pack_byte(packer, 0x82);
    pack_pair(packer, "kind", SLICE_OF("text"));
    pack_pair(packer, "text", text);
}

static void pack_begin(struct packer *packer, unsigned members, const char *type)
{
    packer->len = 0;
    pack_byte(packer, 0x80 | members);
    pack_pair(packer, "type", slice_of_string(type));
}

static void pack_end(struct line *line, const struct packer *packer)
{
    line_write(line, packer->bytes, packer->len, true);
}

static void hello_packed(struct line *line, const struct hello *hello)
{
    struct packer packer;
    bool is_bot = hello->role == 'b', has_cursor = hello->at.len > 0;
    pack_begin(&packer, 3u + is_bot + has_cursor, "hello");
    pack_pair(&packer, "id", SLICE_OF("h"));
    pack_pair(&packer, hello->is_ticket ? "ticket" : "token", hello->token);
    if (has_cursor) {
        pack_text(&packer, SLICE_OF("cursors"));
        pack_byte(&packer, 0x91);
        pack_byte(&packer, 0x82);
        pack_pair(&packer, "conversation", hello->conversation);
        pack_pair(&packer, "at", hello->at);
    }
    if (is_bot) {
        pack_text(&packer, SLICE_OF("bot"));
        pack_byte(&packer, 0x82);
        pack_pair(&packer, "name", SLICE_OF("load"));
        pack_number(&packer, "credits", 1024);
    }
    pack_end(line, &packer);
}

static void say_packed(struct line *line, const struct words *words)
{
    struct packer packer;
    char id[24];
    bool has_owner = words->owner.len > 0, is_named = words->role != 'c';
    int len = snprintf(id, sizeof id, "%" PRIu64, words->n);
    pack_begin(&packer, 5u + has_owner + is_named, "send");
    pack_pair(&packer, "id", slice_make(id, (size_t)len));
    if (is_named)
        pack_pair(&packer, "conversation", words->conversation);
    pack_pair(&packer, "lineage", words->lineage);
    pack_number(&packer, "n", words->n);
    pack_text(&packer, SLICE_OF("body"));
    pack_body(&packer, words->text);
    if (has_owner)
        pack_pair(&packer, "owner", words->owner);
    pack_end(line, &packer);
}

static void online_packed(struct line *line)
{
    struct packer packer;
    pack_begin(&packer, 3, "set_presence");
    pack_pair(&packer, "id", SLICE_OF("p"));
    pack_pair(&packer, "status", SLICE_OF("online"));
    pack_end(line, &packer);
}

static void accept_packed(struct line *line, struct slice offer)
{
    struct packer packer;
    pack_begin(&packer, 3, "accept");
    pack_pair(&packer, "id", SLICE_OF("a"));
    pack_pair(&packer, "offer", offer);
    pack_end(line, &packer);
}

static void commit_packed(struct line *line, const struct news *turn, struct slice words)
{
    struct packer packer;
    pack_begin(&packer, 5, "commit");
    pack_pair(&packer, "id", SLICE_OF("c"));
    pack_pair(&packer, "conversation", turn->conversation);
    pack_pair(&packer, "turn", turn->at);
    pack_text(&packer, SLICE_OF("messages"));
    pack_byte(&packer, 0x91);
    pack_body(&packer, words);
    pack_end(line, &packer);
}

static void history_packed(struct line *line, struct slice before)
{
    struct packer packer;
    pack_begin(&packer, before.len > 0 ? 4 : 3, "history");
    pack_pair(&packer, "id", SLICE_OF("h"));
    pack_number(&packer, "limit", 50);
    if (before.len > 0)
        pack_pair(&packer, "before", before);
    pack_end(line, &packer);
}

static void pack_property(struct packer *packer, const char *name, const char *value)
{
    pack_byte(packer, 0x82);
    pack_pair(packer, "name", slice_of_string(name));
    pack_pair(packer, "value", slice_of_string(value));
}

static void track_packed(struct line *line, struct slice event)
{
    struct packer packer;
    pack_begin(&packer, 5, "event");
    pack_pair(&packer, "id", SLICE_OF("t"));
    pack_pair(&packer, "event", event);
    pack_pair(&packer, "name", SLICE_OF("page_viewed"));
    pack_text(&packer, SLICE_OF("properties"));
    pack_byte(&packer, 0x92);
    pack_property(&packer, "page", "/treadmills/warranty");
    pack_property(&packer, "seconds", "41");
    pack_end(line, &packer);
}

const struct dialect dialect_json = {"json", "/v1/socket", "weft.v1.json", true, hello_json,
        say_json, read_json, online_json, accept_json, commit_json, history_json, track_json};
const struct dialect dialect_msgpack = {"msgpack", "/v1/socket", "weft.v1.msgpack", true,
        hello_packed, say_packed, read_packed, online_packed, accept_packed, commit_packed,
        history_packed, track_packed};
const struct dialect dialect_plain = {.name = "plain",
        .path = "/v1/socket",
        .subprotocol = "weft.v1.json",
        .hello = hello_plain,
        .say = say_json,
        .read = read_json};
