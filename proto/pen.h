/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: the two codecs' ways to write values. write.c calls them by the tables of
 * shapes, and what is generated for the frequent shapes one after another:
 *
 *   char *start = proto_json_open_map(pen);
 *   proto_pen_key(pen, ",\"id\":", 6);
 *   proto_json_text(pen, value->id);
 *   proto_json_end_map(pen, start, 1);
 */
#ifndef WEFT_PROTO_PEN_H
#define WEFT_PROTO_PEN_H

#include "base/check.h"
#include "proto/codec.h"

/* Full is sticky: nothing fits from then on. */
struct proto_pen {
    char *at, *end;
    bool is_full;
};

static inline bool proto_pen_has_room(struct proto_pen *pen, size_t len)
{
    if ((size_t)(pen->end - pen->at) >= len)
        return true;
    pen->is_full = true;
    pen->end = pen->at;
    return false;
}

/* A key as the codec spells it, in JSON with a comma before it and a colon behind it. Of a literal
 * the copy is a move or two. */
__attribute__((always_inline)) static inline void proto_pen_key(
        struct proto_pen *pen, const char *key, size_t len)
{
    if (!proto_pen_has_room(pen, len))
        return;
    memcpy(pen->at, key, len);
    pen->at += len;
}

/* In JSON each member and item begins with a comma, and the bracket is put over the first one at
 * the end. In msgpack the number of members is. open_map gives what end_map wants to have. */
char *proto_json_open_map(struct proto_pen *pen);
void proto_json_end_map(struct proto_pen *pen, char *start, size_t count);
char *proto_json_open_list(struct proto_pen *pen, size_t count);
void proto_json_item(struct proto_pen *pen); /* before each */
void proto_json_end_list(struct proto_pen *pen, char *start, size_t count);
void proto_json_text(struct proto_pen *pen, struct slice text);
void proto_json_word(struct proto_pen *pen, struct slice word); /* text that needs no escapes */
void proto_json_bin(struct proto_pen *pen, struct slice bytes);
void proto_json_name(struct proto_pen *pen, const struct name *name);
void proto_json_u64(struct proto_pen *pen, uint64_t value);
void proto_json_bool(struct proto_pen *pen, bool value);

char *proto_msgpack_open_map(struct proto_pen *pen);
void proto_msgpack_end_map(struct proto_pen *pen, char *start, size_t count);
char *proto_msgpack_open_list(struct proto_pen *pen, size_t count);
static inline void proto_msgpack_item(struct proto_pen *pen)
{
    (void)pen;
}
static inline void proto_msgpack_end_list(struct proto_pen *pen, char *start, size_t count)
{
    (void)pen, (void)start, (void)count;
}
void proto_msgpack_text(struct proto_pen *pen, struct slice text);
static inline void proto_msgpack_word(struct proto_pen *pen, struct slice word)
{
    proto_msgpack_text(pen, word);
}
void proto_msgpack_bin(struct proto_pen *pen, struct slice bytes);
void proto_msgpack_name(struct proto_pen *pen, const struct name *name);
void proto_msgpack_u64(struct proto_pen *pen, uint64_t value);
void proto_msgpack_bool(struct proto_pen *pen, bool value);

static inline struct slice proto_word_of(const struct proto_enum *choices, unsigned value)
{
    check(value >= 1 && value <= choices->count);
    return choices->words[value - 1];
}

/* An object of the shape, by its own writer or by its table; its first member is `type` unless that
 * is empty. */
void proto_write_object(enum proto_codec codec, struct proto_pen *pen,
        const struct proto_shape *shape, struct slice type, const void *value);
/* The same at the end of a buffer. */
void proto_write_typed(enum proto_codec codec, const struct proto_shape *shape, struct slice type,
        const void *value, struct buffer *out);

#endif
