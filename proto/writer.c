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

static int put_packed(void *out, const char *bytes, size_t len)
{
    buffer_put(out, bytes, len);
    return 0;
}

void proto_writer_init(struct proto_writer *writer, enum proto_codec codec, struct buffer *out)
{
    writer->codec = codec;
    writer->out = out;
    writer->needs_comma = false;
    msgpack_packer_init(&writer->packer, out, put_packed);
}

static void open_json(struct proto_writer *writer, char bracket)
{
    if (writer->needs_comma)
        buffer_put_char(writer->out, ',');
    buffer_put_char(writer->out, bracket);
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
        msgpack_pack_map(&writer->packer, count);
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
        msgpack_pack_array(&writer->packer, count);
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

void proto_writer_key(struct proto_writer *writer, struct slice key)
{
    proto_writer_plain(writer, key);
    if (writer->codec != PROTO_JSON)
        return;
    buffer_put_char(writer->out, ':');
    writer->needs_comma = false;
}

static void pack_str(struct proto_writer *writer, struct slice text)
{
    msgpack_pack_str(&writer->packer, text.len);
    msgpack_pack_str_body(&writer->packer, text.bytes, text.len);
}

void proto_writer_plain(struct proto_writer *writer, struct slice text)
{
    if (writer->codec != PROTO_JSON) {
        pack_str(writer, text);
        return;
    }
    begin_json(writer);
    buffer_put_char(writer->out, '"');
    buffer_put_slice(writer->out, text);
    buffer_put_char(writer->out, '"');
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
        pack_str(writer, text);
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
        msgpack_pack_bin(&writer->packer, bytes.len);
        msgpack_pack_bin_body(&writer->packer, bytes.bytes, bytes.len);
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
        msgpack_pack_uint64(&writer->packer, value);
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
        msgpack_pack_true(&writer->packer);
    } else {
        msgpack_pack_false(&writer->packer);
    }
}
