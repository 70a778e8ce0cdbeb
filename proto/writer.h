/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: the two codecs' ways to write values. */
#ifndef WEFT_PROTO_WRITER_H
#define WEFT_PROTO_WRITER_H

#include "proto/codec.h"

/* Values are written in order; in a map each after its key. */
struct proto_writer {
    enum proto_codec codec;
    struct buffer *out;
    bool needs_comma; /* JSON */
};

void proto_writer_init(struct proto_writer *writer, enum proto_codec codec, struct buffer *out);
/* count: the members or items that follow. */
void proto_writer_open_map(struct proto_writer *writer, size_t count);
void proto_writer_close_map(struct proto_writer *writer);
void proto_writer_open_list(struct proto_writer *writer, size_t count);
void proto_writer_close_list(struct proto_writer *writer);
/* The field's name, which is plain: letters, digits and underscores. */
void proto_writer_key(struct proto_writer *writer, const struct proto_field *field);
void proto_writer_str(struct proto_writer *writer, struct slice text);
/* As proto_writer_str, for text that needs no escapes. */
void proto_writer_plain(struct proto_writer *writer, struct slice text);
void proto_writer_name(struct proto_writer *writer, const struct name *name);
void proto_writer_bin(struct proto_writer *writer, struct slice bytes);
void proto_writer_u64(struct proto_writer *writer, uint64_t value);
void proto_writer_bool(struct proto_writer *writer, bool value);

/* An object of the shape whose first member is `type`; none when type is empty. */
void proto_write_typed(enum proto_codec codec, const struct proto_shape *shape, struct slice type,
        const void *value, struct buffer *out);

#endif
