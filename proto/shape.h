/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: how a C struct looks on the wire, as a table.
 *
 * The frames' shapes are generated from schema.yaml; others are written by hand:
 *
 *   struct stored_part { uint64_t kind; struct slice sealed; bool has_reply_to; struct name
 * reply_to; };
 *
 *   static const struct proto_field stored_part_fields[] = {
 *       PROTO_U64(struct stored_part, kind, REQUIRED, UINT64_MAX),
 *       PROTO_BIN(struct stored_part, sealed, OPTIONAL, 16384),
 *       PROTO_NAME(struct stored_part, reply_to, OPTIONAL),
 *   };
 *   static const struct proto_shape stored_part_shape =
 *           PROTO_SHAPE(struct stored_part, stored_part_fields);
 *
 * A member's key on the wire is its name. An OPTIONAL member says in has_<member> whether it is
 * there; a slice says it by bytes (NULL: absent), a list by its count (0: absent). A list is a
 * pointer `const T *x` with `size_t x_count`. Enums count from 1, so that a forgotten one is seen.
 */
#ifndef WEFT_PROTO_SHAPE_H
#define WEFT_PROTO_SHAPE_H

#include "base/name.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proto_type {
    PROTO_TYPE_STR,    /* struct slice, valid UTF-8 */
    PROTO_TYPE_BIN,    /* struct slice, any bytes; base64url in JSON */
    PROTO_TYPE_U64,    /* uint64_t; below 2^53 in JSON */
    PROTO_TYPE_BOOL,   /* bool */
    PROTO_TYPE_NAME,   /* struct name, "12-9f86d081884c7d65" on the wire */
    PROTO_TYPE_ENUM,   /* an enum, its word on the wire */
    PROTO_TYPE_OBJECT, /* a nested struct */
};

/* The words of an enum: value 1 is words[0]. */
struct proto_enum {
    const struct slice *words;
    size_t count;
};

struct proto_field {
    struct slice name;
    const char *json_key; /* the name with what stands around it in JSON: ,"name": */
    enum proto_type type;
    bool is_list, is_required;
    bool has_flag;        /* has_<member> says whether it is there */
    uint16_t offset;      /* of the value; of a list: of the pointer to its first item */
    uint16_t flag_offset; /* of what is 0 when it is absent: has_<member>, a list's <member>_count,
                           * or a slice's bytes */
    uint32_t count_max;   /* of a list: items */
    uint64_t max;         /* str, bin: bytes; u64: the largest value; in a list: of each item */
    const struct proto_shape *shape;  /* of an object */
    const struct proto_enum *choices; /* of an enum */
};

struct proto_pen;
typedef void proto_writer(struct proto_pen *pen, struct slice type, const void *value);

struct proto_shape {
    const struct proto_field *fields;
    size_t field_count;
    size_t size;                  /* of the struct */
    proto_writer *const *writers; /* by codec: the same as the table says, but faster; or NULL */
};

/* The largest u64 that JSON carries unharmed. */
#define PROTO_U64_SAFE ((UINT64_C(1) << 53) - 1)
enum { PROTO_FIELDS_MAX = 64 }; /* of one shape; more are checked when it is read */

/* clang-format off */
#define PROTO_SHAPE(owner, field_table) \
    {.fields = (field_table), .size = sizeof(owner), \
        .field_count = sizeof(field_table) / sizeof *(field_table)}

#define PROTO_SHAPE_WITH(owner, field_table, writers_of_both) \
    {.fields = (field_table), .size = sizeof(owner), \
        .field_count = sizeof(field_table) / sizeof *(field_table), .writers = (writers_of_both)}

#define PROTO_STR(owner, member, presence, max_bytes) \
    {PROTO_SLICE_(owner, member, presence), .type = PROTO_TYPE_STR, .max = (max_bytes)}
#define PROTO_BIN(owner, member, presence, max_bytes) \
    {PROTO_SLICE_(owner, member, presence), .type = PROTO_TYPE_BIN, .max = (max_bytes)}
#define PROTO_U64(owner, member, presence, max_value) \
    {PROTO_VALUE_(owner, member, uint64_t, presence), .type = PROTO_TYPE_U64, .max = (max_value)}
#define PROTO_BOOL(owner, member, presence) \
    {PROTO_VALUE_(owner, member, bool, presence), .type = PROTO_TYPE_BOOL}
#define PROTO_NAME(owner, member, presence) \
    {PROTO_VALUE_(owner, member, struct name, presence), .type = PROTO_TYPE_NAME}
#define PROTO_ENUM(owner, member, presence, enum_type, words) \
    {PROTO_VALUE_(owner, member, enum_type, presence), .type = PROTO_TYPE_ENUM, .choices = (words)}
#define PROTO_OBJECT(owner, member, presence, object_type, object_shape) \
    {PROTO_VALUE_(owner, member, object_type, presence), .type = PROTO_TYPE_OBJECT, \
        .shape = (object_shape)}

#define PROTO_STR_LIST(owner, member, presence, max_count, max_bytes) \
    {PROTO_LIST_(owner, member, struct slice, presence, max_count), .type = PROTO_TYPE_STR, \
        .max = (max_bytes)}
#define PROTO_BIN_LIST(owner, member, presence, max_count, max_bytes) \
    {PROTO_LIST_(owner, member, struct slice, presence, max_count), .type = PROTO_TYPE_BIN, \
        .max = (max_bytes)}
#define PROTO_U64_LIST(owner, member, presence, max_count, max_value) \
    {PROTO_LIST_(owner, member, uint64_t, presence, max_count), .type = PROTO_TYPE_U64, \
        .max = (max_value)}
#define PROTO_NAME_LIST(owner, member, presence, max_count) \
    {PROTO_LIST_(owner, member, struct name, presence, max_count), .type = PROTO_TYPE_NAME}
#define PROTO_OBJECT_LIST(owner, member, presence, max_count, object_type, object_shape) \
    {PROTO_LIST_(owner, member, object_type, presence, max_count), .type = PROTO_TYPE_OBJECT, \
        .shape = (object_shape)}

/* The pieces of the macros above. PROTO_IS_ is 0, and does not compile when the member has another
 * type than the wire needs. */
#define PROTO_IS_(owner, member, wanted) \
    (0 * sizeof(char[_Generic(&((owner *)0)->member, wanted *: 1, default: -1)]))
#define PROTO_AT_(owner, member, wanted) offsetof(owner, member) + PROTO_IS_(owner, member, wanted)
#define PROTO_KEY_(member) .name = {#member, sizeof #member - 1}, .json_key = ",\"" #member "\":"
#define PROTO_HAS_REQUIRED_(owner, member) .is_required = true
#define PROTO_HAS_OPTIONAL_(owner, member) \
    .has_flag = true, .flag_offset = PROTO_AT_(owner, has_##member, bool)
#define PROTO_BE_REQUIRED_ .is_required = true
#define PROTO_BE_OPTIONAL_ .is_required = false
#define PROTO_VALUE_(owner, member, wanted, presence) \
    PROTO_KEY_(member), .offset = PROTO_AT_(owner, member, wanted), \
    PROTO_HAS_##presence##_(owner, member)
#define PROTO_SLICE_(owner, member, presence) \
    PROTO_KEY_(member), .offset = PROTO_AT_(owner, member, struct slice), \
    .flag_offset = offsetof(owner, member) + offsetof(struct slice, bytes), PROTO_BE_##presence##_
#define PROTO_LIST_(owner, member, item, presence, max_count) \
    PROTO_KEY_(member), .is_list = true, .offset = PROTO_AT_(owner, member, const item *), \
    .flag_offset = PROTO_AT_(owner, member##_count, size_t), .count_max = (max_count), \
    PROTO_BE_##presence##_
/* clang-format on */

/* Of a value, or of each item of a list. */
size_t proto_field_item_size(const struct proto_field *field);
/* The value of a word; 0 when there is none. */
unsigned proto_enum_find(const struct proto_enum *words, struct slice word);

#endif
