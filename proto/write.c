/* SPDX-License-Identifier: Apache-2.0 */
/* Writes shapes, by their table.
 *
 * Invariant: what was read can be written, and reads the same. Absent optional members are left
 * out; a required slice that is absent is written empty. An enum without a value is a programmer's
 * error: no default is ever invented for it.
 */
#include "proto/writer.h"

#include "base/check.h"

_Static_assert(sizeof(size_t) == sizeof(char *), "counts and pointers are looked at alike");

static const struct proto_field type_field = {PROTO_KEY_(type), .type = PROTO_TYPE_STR};

static void write_members(struct proto_writer *writer, const struct proto_shape *shape,
        uint64_t present, const char *value);

static bool is_present(const struct proto_field *field, const char *owner)
{
    const char *flag = owner + field->flag_offset;
    size_t word;
    if (field->is_required)
        return true;
    if (field->has_flag)
        return *(const bool *)flag;
    memcpy(&word, flag, sizeof word);
    return word != 0;
}

/* A bit for each field, the first one lowest. */
static uint64_t find_present(const struct proto_shape *shape, const char *value)
{
    uint64_t present = 0;
    check(shape->field_count <= PROTO_FIELDS_MAX);
    for (size_t i = 0; i < shape->field_count; i++)
        present |= (uint64_t)is_present(&shape->fields[i], value) << i;
    return present;
}

static void open_map(struct proto_writer *writer, uint64_t present, bool has_type)
{
    proto_writer_open_map(writer, (size_t)__builtin_popcountll(present) + has_type);
}

static void write_object(
        struct proto_writer *writer, const struct proto_shape *shape, const char *value)
{
    uint64_t present = find_present(shape, value);
    open_map(writer, present, false);
    write_members(writer, shape, present, value);
    proto_writer_close_map(writer);
}

static void write_enum(
        struct proto_writer *writer, const struct proto_enum *choices, const void *at)
{
    unsigned value = *(const unsigned *)at;
    check(value >= 1 && value <= choices->count);
    proto_writer_plain(writer, choices->words[value - 1]);
}

static void write_value(
        struct proto_writer *writer, const struct proto_field *field, const void *at)
{
    switch (field->type) {
    case PROTO_TYPE_STR:
        proto_writer_str(writer, *(const struct slice *)at);
        return;
    case PROTO_TYPE_BIN:
        proto_writer_bin(writer, *(const struct slice *)at);
        return;
    case PROTO_TYPE_U64:
        proto_writer_u64(writer, *(const uint64_t *)at);
        return;
    case PROTO_TYPE_BOOL:
        proto_writer_bool(writer, *(const bool *)at);
        return;
    case PROTO_TYPE_NAME:
        proto_writer_name(writer, at);
        return;
    case PROTO_TYPE_ENUM:
        write_enum(writer, field->choices, at);
        return;
    case PROTO_TYPE_OBJECT:
        write_object(writer, field->shape, at);
        return;
    }
    check_failed("a field has a type", __FILE__, __LINE__, __func__);
}

static void write_list(
        struct proto_writer *writer, const struct proto_field *field, const char *owner)
{
    const char *items = *(const char *const *)(const void *)(owner + field->offset);
    size_t count = *(const size_t *)(const void *)(owner + field->flag_offset);
    size_t size = proto_field_item_size(field);
    proto_writer_open_list(writer, count);
    for (size_t i = 0; i < count; i++)
        write_value(writer, field, items + i * size);
    proto_writer_close_list(writer);
}

static void write_members(struct proto_writer *writer, const struct proto_shape *shape,
        uint64_t present, const char *value)
{
    for (; present != 0; present &= present - 1) {
        const struct proto_field *field = &shape->fields[__builtin_ctzll(present)];
        proto_writer_key(writer, field);
        if (field->is_list)
            write_list(writer, field, value);
        else
            write_value(writer, field, value + field->offset);
    }
}

void proto_write_typed(enum proto_codec codec, const struct proto_shape *shape, struct slice type,
        const void *value, struct buffer *out)
{
    struct proto_writer writer;
    uint64_t present = find_present(shape, value);
    proto_writer_init(&writer, codec, out);
    open_map(&writer, present, type.len > 0);
    if (type.len > 0) {
        proto_writer_key(&writer, &type_field);
        proto_writer_plain(&writer, type);
    }
    write_members(&writer, shape, present, value);
    proto_writer_close_map(&writer);
}

void proto_shape_write(enum proto_codec codec, const struct proto_shape *shape, const void *value,
        struct buffer *out)
{
    proto_write_typed(codec, shape, SLICE_NONE, value, out);
}
