/* SPDX-License-Identifier: Apache-2.0 */
/* Writes single values in either codec into a bounded buffer.
 *
 * Invariant: what is written is valid when the strings are UTF-8. JSON gets a comma before each
 * value that is not the first of its map or list. A full buffer is sticky, so nobody checks here.
 */
#include "proto/writer.h"

#include "base/check.h"
#include "proto/base64.h"
#include "proto/json_text.h"

#include <msgpack/pack.h>

/* msgpack-c's packer, made for our buffer: pack_str, pack_map and so on, without a call for each
 * head. */
#define msgpack_pack_inline_func(name) static inline int pack##name
#define msgpack_pack_user struct buffer *
#define msgpack_pack_append_buffer(out, bytes, len) return (buffer_put(out, bytes, len), 0)
#include <msgpack/pack_template.h>

void proto_writer_init(struct proto_writer *writer, enum proto_codec codec, struct buffer *out)
{
    writer->codec = codec;
    writer->out = out;
    writer->needs_comma = false;
}

/* Room for a comma, when one is due, and len bytes, at least one; returns where these go. */
static char *claim_json(struct proto_writer *writer, size_t len)
{
    char *to = buffer_claim(writer->out, writer->needs_comma + len);
    if (to == NULL)
        return NULL;
    *to = ',';
    return to + writer->needs_comma;
}

static void open_json(struct proto_writer *writer, char bracket)
{
    char *to = claim_json(writer, 1);
    if (to != NULL)
        *to = bracket;
    writer->needs_comma = false;
}

static void close_json(struct proto_writer *writer, char bracket)
{
    if (writer->codec != PROTO_JSON)
        return;
    buffer_put_char(writer->out, bracket);
    writer->needs_comma = true;
}

void proto_writer_open_map(struct proto_writer *writer, size_t count)
{
    if (writer->codec == PROTO_JSON)
        open_json(writer, '{');
    else
        pack_map(writer->out, count);
}

void proto_writer_close_map(struct proto_writer *writer)
{
    close_json(writer, '}');
}

void proto_writer_open_list(struct proto_writer *writer, size_t count)
{
    if (writer->codec == PROTO_JSON)
        open_json(writer, '[');
    else
        pack_array(writer->out, count);
}

void proto_writer_close_list(struct proto_writer *writer)
{
    close_json(writer, ']');
}

/* Before a value that is no map or list. */
static void begin_json(struct proto_writer *writer)
{
    if (writer->needs_comma)
        buffer_put_char(writer->out, ',');
    writer->needs_comma = true;
}

/* Text that needs no escapes, in quotes, and what stands behind it. */
static void put_quoted(struct proto_writer *writer, struct slice text, struct slice behind)
{
    char *to = claim_json(writer, 1 + text.len + behind.len);
    if (to == NULL)
        return;
    *to++ = '"';
    if (text.len > 0)
        memcpy(to, text.bytes, text.len);
    memcpy(to + text.len, behind.bytes, behind.len);
}

static void put_packed(struct proto_writer *writer, struct slice text)
{
    pack_str(writer->out, text.len);
    pack_str_body(writer->out, text.bytes, text.len);
}

void proto_writer_key(struct proto_writer *writer, struct slice key)
{
    if (writer->codec == PROTO_JSON)
        put_quoted(writer, key, SLICE_OF("\":"));
    else
        put_packed(writer, key);
    writer->needs_comma = false;
}

void proto_writer_plain(struct proto_writer *writer, struct slice text)
{
    if (writer->codec == PROTO_JSON)
        put_quoted(writer, text, SLICE_OF("\""));
    else
        put_packed(writer, text);
    writer->needs_comma = true;
}

/* Everything that is not a quote, a backslash or a control goes out as it is. */
static void put_escaped(struct buffer *out, struct slice text)
{
    const char *at = text.bytes, *end = text.bytes + text.len;
    while (at < end) {
        const char *run = at;
        for (; at < end && (at = proto_json_plain_end(at, end)) < end; at++)
            if ((uint8_t)*at < 0x80)
                break;
        buffer_put(out, run, (size_t)(at - run));
        if (at < end) {
            char escape[PROTO_JSON_ESCAPE_MAX];
            buffer_put(out, escape, proto_json_escape_write((uint8_t)*at++, escape));
        }
    }
}

void proto_writer_str(struct proto_writer *writer, struct slice text)
{
    if (writer->codec != PROTO_JSON) {
        put_packed(writer, text);
        return;
    }
    begin_json(writer);
    buffer_put_char(writer->out, '"');
    if (text.len > 0)
        put_escaped(writer->out, text);
    buffer_put_char(writer->out, '"');
}

void proto_writer_bin(struct proto_writer *writer, struct slice bytes)
{
    if (writer->codec != PROTO_JSON) {
        pack_bin(writer->out, bytes.len);
        pack_bin_body(writer->out, bytes.bytes, bytes.len);
        return;
    }
    begin_json(writer);
    buffer_put_char(writer->out, '"');
    proto_base64_write(writer->out, bytes);
    buffer_put_char(writer->out, '"');
}

void proto_writer_u64(struct proto_writer *writer, uint64_t value)
{
    if (writer->codec != PROTO_JSON) {
        pack_uint64(writer->out, value);
        return;
    }
    check(value <= PROTO_U64_SAFE);
    begin_json(writer);
    buffer_put_u64(writer->out, value);
}

void proto_writer_bool(struct proto_writer *writer, bool value)
{
    if (writer->codec == PROTO_JSON) {
        begin_json(writer);
        buffer_put_slice(writer->out, value ? SLICE_OF("true") : SLICE_OF("false"));
    } else if (value) {
        pack_true(writer->out);
    } else {
        pack_false(writer->out);
    }
}
