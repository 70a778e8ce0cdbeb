/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a hint, written and read.
 *
 * Invariant: a reader never looks beyond its bytes, and after a fault yields zeros and nothing.
 */
#include "flow/bus_body.h"

void bus_put_u64(struct buffer *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        buffer_put_char(out, (char)(value >> (56 - 8 * i)));
}

void bus_put_text(struct buffer *out, struct slice text)
{
    out->overflowed |= text.len > UINT8_MAX;
    buffer_put_char(out, (char)text.len);
    buffer_put_slice(out, text);
}

void bus_put_name(struct buffer *out, const struct name *name)
{
    bus_put_u64(out, name->seq);
    buffer_put(out, name->mark, MARK_SIZE);
}

static struct slice take(struct bus_reader *reader, size_t len)
{
    reader->is_bad |= len > reader->left.len;
    if (reader->is_bad)
        return SLICE_NONE;
    struct slice taken = slice_make(reader->left.bytes, len);
    reader->left = slice_make(reader->left.bytes + len, reader->left.len - len);
    return taken;
}

uint8_t bus_read_byte(struct bus_reader *reader)
{
    struct slice byte = take(reader, 1);
    return byte.len == 1 ? (uint8_t)byte.bytes[0] : 0;
}

uint64_t bus_read_u64(struct bus_reader *reader)
{
    struct slice bytes = take(reader, 8);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | (uint8_t)bytes.bytes[i];
    return value;
}

struct slice bus_read_text(struct bus_reader *reader)
{
    return take(reader, bus_read_byte(reader));
}

struct name bus_read_name(struct bus_reader *reader)
{
    struct name name = {.seq = bus_read_u64(reader)};
    struct slice mark = take(reader, MARK_SIZE);
    if (mark.len > 0)
        memcpy(name.mark, mark.bytes, MARK_SIZE);
    return name;
}

struct slice bus_read_rest(struct bus_reader *reader)
{
    return take(reader, reader->left.len);
}

bool bus_read_all(const struct bus_reader *reader)
{
    return !reader->is_bad && reader->left.len == 0;
}
