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

/* Text that needs no escapes, in quotes. */
static void put_quoted(struct proto_writer *writer, struct slice text)
{
    char *to = claim_json(writer, text.len + 2);
    if (to == NULL)
        return;
    *to++ = '"';
    buffer_copy_short(to, text.bytes, text.len);
    to[text.len] = '"';
    writer->needs_comma = true;
}

static void put_packed(struct proto_writer *writer, struct slice text)
{
    enum { FIXSTR = 0xa0, FIXSTR_MAX = 31 }; /* most of them: the head is one byte */
    if (text.len > FIXSTR_MAX) {
        pack_str(writer->out, text.len);
        pack_str_body(writer->out, text.bytes, text.len);
        return;
    }
    char *to = buffer_claim(writer->out, 1 + text.len);
    if (to == NULL)
        return;
    *to = (char)(FIXSTR | text.len);
    buffer_copy_short(to + 1, text.bytes, text.len);
}

void proto_writer_key(struct proto_writer *writer, const struct proto_field *field)
{
    enum { AROUND = 4 }; /* comma, quotes and colon */
    if (writer->codec != PROTO_JSON) {
        put_packed(writer, field->name);
        return;
    }
    size_t skipped = !writer->needs_comma, len = field->name.len + AROUND - skipped;
    char *to = buffer_claim(writer->out, len);
    if (to != NULL)
        buffer_copy_short(to, field->json_key + skipped, len);
    writer->needs_comma = false;
}

void proto_writer_plain(struct proto_writer *writer, struct slice text)
{
    if (writer->codec == PROTO_JSON)
        put_quoted(writer, text);
    else
        put_packed(writer, text);
}

void proto_writer_name(struct proto_writer *writer, const struct name *name)
{
    char text[NAME_TEXT_MAX];
    proto_writer_plain(writer, slice_make(text, name_write(name, text)));
}

static void put_escaped(struct proto_writer *writer, struct slice text)
{
    const char *at = text.bytes, *end = text.bytes + text.len;
    begin_json(writer);
    buffer_put_char(writer->out, '"');
    while (at < end) {
        const char *run = at;
        at = proto_json_unescaped_end(at, end);
        buffer_put(writer->out, run, (size_t)(at - run));
        if (at < end) {
            char escape[PROTO_JSON_ESCAPE_MAX];
            buffer_put(writer->out, escape, proto_json_escape_write((uint8_t)*at++, escape));
        }
    }
    buffer_put_char(writer->out, '"');
}

/* Hardly any text needs an escape. */
void proto_writer_str(struct proto_writer *writer, struct slice text)
{
    const char *end = text.bytes + text.len;
    if (writer->codec != PROTO_JSON)
        put_packed(writer, text);
    else if (text.len == 0 || proto_json_unescaped_end(text.bytes, end) == end)
        put_quoted(writer, text);
    else
        put_escaped(writer, text);
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
