/* SPDX-License-Identifier: Apache-2.0 */
/* Writes shapes, by their writers or by their table.
 *
 * Invariant: what was read can be written, and reads the same. Absent optional members are left
 * out; a required slice that is absent is written empty. An enum without a value is a programmer's
 * error: no default is ever invented for it. A shape's own writers, which are generated for the
 * frequent ones, write what the table says.
 */
#include "proto/pen.h"

_Static_assert(sizeof(size_t) == sizeof(char *), "counts and pointers are looked at alike");

/* A codec's way to write values. */
struct spelling {
    void (*key)(struct proto_pen *pen, const struct proto_field *field);
    char *(*open_map)(struct proto_pen *pen);
    void (*end_map)(struct proto_pen *pen, char *start, size_t count);
    char *(*open_list)(struct proto_pen *pen, size_t count);
    void (*item)(struct proto_pen *pen);
    void (*end_list)(struct proto_pen *pen, char *start, size_t count);
    void (*text)(struct proto_pen *pen, struct slice text);
    void (*word)(struct proto_pen *pen, struct slice word);
    void (*bin)(struct proto_pen *pen, struct slice bytes);
    void (*name)(struct proto_pen *pen, const struct name *name);
    void (*u64)(struct proto_pen *pen, uint64_t value);
    void (*boolean)(struct proto_pen *pen, bool value);
};

static void put_json_key(struct proto_pen *pen, const struct proto_field *field)
{
    enum { AROUND = 4 }; /* comma, quotes and colon */
    size_t len = field->name.len + AROUND;
    if (!proto_pen_has_room(pen, len))
        return;
    buffer_copy_short(pen->at, field->json_key, len);
    pen->at += len;
}

static void put_msgpack_key(struct proto_pen *pen, const struct proto_field *field)
{
    proto_msgpack_text(pen, field->name);
}

static const struct spelling spellings[] = {
        [PROTO_JSON] = {put_json_key, proto_json_open_map, proto_json_end_map, proto_json_open_list,
                proto_json_item, proto_json_end_list, proto_json_text, proto_json_word,
                proto_json_bin, proto_json_name, proto_json_u64, proto_json_bool},
        [PROTO_MSGPACK] = {put_msgpack_key, proto_msgpack_open_map, proto_msgpack_end_map,
                proto_msgpack_open_list, proto_msgpack_item, proto_msgpack_end_list,
                proto_msgpack_text, proto_msgpack_word, proto_msgpack_bin, proto_msgpack_name,
                proto_msgpack_u64, proto_msgpack_bool},
};

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

static void write_value(enum proto_codec codec, struct proto_pen *pen,
        const struct proto_field *field, const void *at)
{
    const struct spelling *spelling = &spellings[codec];
    switch (field->type) {
    case PROTO_TYPE_STR:
        spelling->text(pen, *(const struct slice *)at);
        return;
    case PROTO_TYPE_BIN:
        spelling->bin(pen, *(const struct slice *)at);
        return;
    case PROTO_TYPE_U64:
        spelling->u64(pen, *(const uint64_t *)at);
        return;
    case PROTO_TYPE_BOOL:
        spelling->boolean(pen, *(const bool *)at);
        return;
    case PROTO_TYPE_NAME:
        spelling->name(pen, at);
        return;
    case PROTO_TYPE_ENUM:
        spelling->word(pen, proto_word_of(field->choices, *(const unsigned *)at));
        return;
    case PROTO_TYPE_OBJECT:
        proto_write_object(codec, pen, field->shape, SLICE_NONE, at);
        return;
    }
    check_failed("a field has a type", __FILE__, __LINE__, __func__);
}

static void write_list(enum proto_codec codec, struct proto_pen *pen,
        const struct proto_field *field, const char *owner)
{
    const struct spelling *spelling = &spellings[codec];
    const char *items = *(const char *const *)(const void *)(owner + field->offset);
    size_t count = *(const size_t *)(const void *)(owner + field->flag_offset);
    size_t size = proto_field_item_size(field);
    char *start = spelling->open_list(pen, count);
    for (size_t i = 0; i < count; i++) {
        spelling->item(pen);
        write_value(codec, pen, field, items + i * size);
    }
    spelling->end_list(pen, start, count);
}

static void write_by_table(enum proto_codec codec, struct proto_pen *pen,
        const struct proto_shape *shape, struct slice type, const char *value)
{
    static const struct proto_field type_field = {PROTO_KEY_(type), .type = PROTO_TYPE_STR};
    const struct spelling *spelling = &spellings[codec];
    char *start = spelling->open_map(pen);
    size_t count = type.len > 0;
    if (type.len > 0) {
        spelling->key(pen, &type_field);
        spelling->word(pen, type);
    }
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct proto_field *field = &shape->fields[i];
        if (!is_present(field, value))
            continue;
        count++;
        spelling->key(pen, field);
        if (field->is_list)
            write_list(codec, pen, field, value);
        else
            write_value(codec, pen, field, value + field->offset);
    }
    spelling->end_map(pen, start, count);
}

void proto_write_object(enum proto_codec codec, struct proto_pen *pen,
        const struct proto_shape *shape, struct slice type, const void *value)
{
    if (shape->writers != NULL)
        shape->writers[codec](pen, type, value);
    else
        write_by_table(codec, pen, shape, type, value);
}

void proto_write_typed(enum proto_codec codec, const struct proto_shape *shape, struct slice type,
        const void *value, struct buffer *out)
{
    char *at = out->bytes + out->len;
    struct proto_pen pen = {at, out->overflowed ? at : out->bytes + out->capacity, out->overflowed};
    proto_write_object(codec, &pen, shape, type, value);
    out->len = (size_t)(pen.at - out->bytes);
    out->overflowed = pen.is_full;
}

void proto_shape_write(enum proto_codec codec, const struct proto_shape *shape, const void *value,
        struct buffer *out)
{
    proto_write_typed(codec, shape, SLICE_NONE, value, out);
}
