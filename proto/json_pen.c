/* SPDX-License-Identifier: Apache-2.0 */
/* Writes single values as JSON.
 *
 * Invariant: what is written is valid when the strings are UTF-8. Nobody counts commas: each member
 * and item has one before it, and the bracket replaces the first, so there is always room for the
 * bracket where something was written. What did not fit is garbage, and the pen is full.
 */
#include "proto/base64.h"
#include "proto/json_text.h"
#include "proto/pen.h"

static char *open(struct proto_pen *pen)
{
    return pen->at;
}

static void close(struct proto_pen *pen, char *start, size_t count, char opening, char closing)
{
    if (!proto_pen_has_room(pen, 1 + (count == 0)))
        return;
    *start = opening;
    pen->at += count == 0;
    *pen->at++ = closing;
}

char *proto_json_open_map(struct proto_pen *pen)
{
    return open(pen);
}

void proto_json_end_map(struct proto_pen *pen, char *start, size_t count)
{
    close(pen, start, count, '{', '}');
}

char *proto_json_open_list(struct proto_pen *pen, size_t count)
{
    (void)count;
    return open(pen);
}

void proto_json_item(struct proto_pen *pen)
{
    proto_pen_key(pen, ",", 1);
}

void proto_json_end_list(struct proto_pen *pen, char *start, size_t count)
{
    close(pen, start, count, '[', ']');
}

void proto_json_word(struct proto_pen *pen, struct slice word)
{
    if (!proto_pen_has_room(pen, word.len + 2))
        return;
    char *to = pen->at;
    *to++ = '"';
    buffer_copy_short(to, word.bytes, word.len);
    to[word.len] = '"';
    pen->at = to + word.len + 1;
}

static void put_escaped(struct proto_pen *pen, struct slice text)
{
    const char *at = text.bytes, *end = text.bytes + text.len;
    proto_pen_key(pen, "\"", 1);
    while (at < end) {
        const char *run = at;
        at = proto_json_unescaped_end(at, end);
        proto_pen_key(pen, run, (size_t)(at - run));
        if (at < end) {
            char escape[PROTO_JSON_ESCAPE_MAX];
            size_t len = proto_json_escape_write((uint8_t)*at++, escape);
            proto_pen_key(pen, escape, len);
        }
    }
    proto_pen_key(pen, "\"", 1);
}

/* Hardly any text needs an escape. */
void proto_json_text(struct proto_pen *pen, struct slice text)
{
    const char *end = text.bytes + text.len;
    if (text.len == 0 || proto_json_unescaped_end(text.bytes, end) == end)
        proto_json_word(pen, text);
    else
        put_escaped(pen, text);
}

void proto_json_bin(struct proto_pen *pen, struct slice bytes)
{
    proto_pen_key(pen, "\"", 1);
    struct buffer out = buffer_make(pen->at, (size_t)(pen->end - pen->at));
    proto_base64_write(&out, bytes);
    if (out.overflowed)
        proto_pen_has_room(pen, SIZE_MAX);
    else
        pen->at += out.len;
    proto_pen_key(pen, "\"", 1);
}

void proto_json_name(struct proto_pen *pen, const struct name *name)
{
    enum { QUOTED_MAX = NAME_TEXT_MAX + 2 };
    char quoted[QUOTED_MAX];
    bool is_roomy = (size_t)(pen->end - pen->at) >= QUOTED_MAX;
    char *to = is_roomy ? pen->at : quoted;
    to[0] = '"';
    size_t len = 1 + name_write(name, to + 1);
    to[len++] = '"';
    if (is_roomy)
        pen->at += len;
    else
        proto_pen_key(pen, quoted, len);
}

void proto_json_u64(struct proto_pen *pen, uint64_t value)
{
    char digits[U64_DIGITS_MAX];
    check(value <= PROTO_U64_SAFE);
    bool is_roomy = (size_t)(pen->end - pen->at) >= U64_DIGITS_MAX;
    size_t len = u64_write(value, is_roomy ? pen->at : digits);
    if (is_roomy)
        pen->at += len;
    else
        proto_pen_key(pen, digits, len);
}

void proto_json_bool(struct proto_pen *pen, bool value)
{
    if (value)
        proto_pen_key(pen, "true", 4);
    else
        proto_pen_key(pen, "false", 5);
}
