/* SPDX-License-Identifier: Apache-2.0 */
/* Writes single values as msgpack, each in its shortest form, with msgpack-c's packer.
 *
 * Invariant: a map's head is written when its members are counted: nearly all take one byte, whose
 * place is kept, and behind a longer one the members move up. What did not fit is garbage, and the
 * pen is full.
 */
#include "proto/pen.h"

#include <msgpack/pack.h>

/* Made for our pen: pack_str, pack_map and so on, without a call for each head. */
#define msgpack_pack_inline_func(name) static inline int pack##name
#define msgpack_pack_user struct proto_pen *
#define msgpack_pack_append_buffer(pen, bytes, len) return (proto_pen_key(pen, bytes, len), 0)
#include <msgpack/pack_template.h>

enum { HEAD_MAX = 5, FIX_MAP = 0x80, FIX_MAP_MAX = 15, FIX_STR = 0xa0, FIX_STR_MAX = 31 };

char *proto_msgpack_open_map(struct proto_pen *pen)
{
    char *start = pen->at;
    if (proto_pen_has_room(pen, 1))
        pen->at++;
    return start;
}

static void put_long_head(struct proto_pen *pen, char *start, size_t count)
{
    char bytes[HEAD_MAX];
    struct proto_pen head = {bytes, bytes + sizeof bytes, false};
    pack_map(&head, count);
    size_t more = (size_t)(head.at - bytes) - 1;
    if (!proto_pen_has_room(pen, more))
        return;
    memmove(start + 1 + more, start + 1, (size_t)(pen->at - start) - 1);
    memcpy(start, bytes, 1 + more);
    pen->at += more;
}

void proto_msgpack_end_map(struct proto_pen *pen, char *start, size_t count)
{
    if (count > FIX_MAP_MAX)
        put_long_head(pen, start, count);
    else if (!pen->is_full)
        *start = (char)(FIX_MAP | count);
}

char *proto_msgpack_open_list(struct proto_pen *pen, size_t count)
{
    pack_array(pen, count);
    return NULL;
}

/* Most texts are short: the head is one byte. */
void proto_msgpack_text(struct proto_pen *pen, struct slice text)
{
    if (text.len > FIX_STR_MAX) {
        pack_str(pen, text.len);
        pack_str_body(pen, text.bytes, text.len);
        return;
    }
    if (!proto_pen_has_room(pen, 1 + text.len))
        return;
    *pen->at = (char)(FIX_STR | text.len);
    buffer_copy_short(pen->at + 1, text.bytes, text.len);
    pen->at += 1 + text.len;
}

void proto_msgpack_bin(struct proto_pen *pen, struct slice bytes)
{
    pack_bin(pen, bytes.len);
    if (bytes.len > 0)
        pack_bin_body(pen, bytes.bytes, bytes.len);
}

void proto_msgpack_name(struct proto_pen *pen, const struct name *name)
{
    char text[NAME_TEXT_MAX];
    proto_msgpack_text(pen, slice_make(text, name_write(name, text)));
}

void proto_msgpack_u64(struct proto_pen *pen, uint64_t value)
{
    pack_uint64(pen, value);
}

void proto_msgpack_bool(struct proto_pen *pen, bool value)
{
    if (value)
        pack_true(pen);
    else
        pack_false(pen);
}
