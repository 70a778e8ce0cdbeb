/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the tables alone: sizes, flags, words.
 *
 * Invariant: an enum's value v has the word words[v - 1]; 0 is no value.
 */
#include "proto/codec.h"

#include "base/check.h"

size_t proto_field_item_size(const struct proto_field *field)
{
    switch (field->type) {
    case PROTO_TYPE_STR:
    case PROTO_TYPE_BIN:
        return sizeof(struct slice);
    case PROTO_TYPE_U64:
        return sizeof(uint64_t);
    case PROTO_TYPE_BOOL:
        return sizeof(bool);
    case PROTO_TYPE_NAME:
        return sizeof(struct name);
    case PROTO_TYPE_ENUM:
        return sizeof(unsigned);
    case PROTO_TYPE_OBJECT:
        return field->shape->size;
    }
    check_failed("a field has a type", __FILE__, __LINE__, __func__);
}

unsigned proto_enum_find(const struct proto_enum *words, struct slice word)
{
    for (size_t i = 0; i < words->count; i++)
        if (slice_equal(words->words[i], word))
            return (unsigned)i + 1;
    return 0;
}

static size_t field_scratch_max(const struct proto_field *field)
{
    size_t inner = field->type == PROTO_TYPE_OBJECT ? proto_shape_scratch_max(field->shape) : 0;
    size_t padding = _Alignof(max_align_t);
    return field->is_list ? field->count_max * (proto_field_item_size(field) + inner) + padding
                          : inner;
}

size_t proto_shape_scratch_max(const struct proto_shape *shape)
{
    size_t size = 0;
    for (size_t i = 0; i < shape->field_count; i++)
        size += field_scratch_max(&shape->fields[i]);
    return size;
}
