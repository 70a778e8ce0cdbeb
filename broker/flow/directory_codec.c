/* SPDX-License-Identifier: Apache-2.0 */
/* Directory entries as msgpack, by a table that this file alone knows.
 *
 * Invariant: members are added, never reused. A decoded value owns its bytes, since it stays in the
 * fold long after the record it came from.
 */
#include "flow/directory_codec.h"

#include "proto/codec.h"

#include <stdlib.h>

struct stored_skill {
    struct slice n;
    uint64_t l;
};

struct stored_value {
    uint64_t k;
    struct slice t, i, n, r, h;
    bool has_c;
    uint64_t c;
    const struct slice *x;
    size_t x_count;
    const struct stored_skill *s;
    size_t s_count;
};

static const struct proto_field skill_fields[] = {
        PROTO_STR(struct stored_skill, n, REQUIRED, 64),
        PROTO_U64(struct stored_skill, l, REQUIRED, 1000),
};
static const struct proto_shape skill_shape = PROTO_SHAPE(struct stored_skill, skill_fields);

static const struct proto_field value_fields[] = {
        PROTO_U64(struct stored_value, k, REQUIRED, UINT64_MAX),
        PROTO_STR(struct stored_value, t, REQUIRED, 64),
        PROTO_STR(struct stored_value, i, OPTIONAL, 64),
        PROTO_STR(struct stored_value, n, OPTIONAL, 128),
        PROTO_STR(struct stored_value, r, OPTIONAL, 64),
        PROTO_BIN(struct stored_value, h, OPTIONAL, KEY_HASH_SIZE),
        PROTO_U64(struct stored_value, c, OPTIONAL, UINT64_MAX),
        PROTO_STR_LIST(struct stored_value, x, OPTIONAL, DIRECTORY_TEXTS_MAX, 256),
        PROTO_OBJECT_LIST(struct stored_value, s, OPTIONAL, DIRECTORY_SKILLS_MAX,
                struct stored_skill, &skill_shape),
};
static const struct proto_shape value_shape = PROTO_SHAPE(struct stored_value, value_fields);

void directory_encode(const struct directory_value *value, struct buffer *out)
{
    struct stored_skill skills[DIRECTORY_SKILLS_MAX];
    for (size_t i = 0; i < value->skill_count; i++)
        skills[i] = (struct stored_skill){value->skills[i].name, value->skills[i].level};
    struct stored_value stored = {.k = value->kind,
            .t = value->tenant,
            .i = value->id,
            .n = value->name,
            .r = value->role,
            .h = value->hash,
            .has_c = value->number != 0,
            .c = value->number,
            .x = value->texts,
            .x_count = value->text_count,
            .s = skills,
            .s_count = value->skill_count};
    proto_shape_write(PROTO_MSGPACK, &value_shape, &stored, out);
}

static void fill(const struct stored_value *stored, struct arena *own, struct directory_value *out)
{
    *out = (struct directory_value){.kind = (enum directory_kind)stored->k,
            .tenant = arena_copy(own, stored->t),
            .id = arena_copy(own, stored->i),
            .name = arena_copy(own, stored->n),
            .role = arena_copy(own, stored->r),
            .hash = arena_copy(own, stored->h),
            .number = stored->c,
            .text_count = stored->x_count,
            .skill_count = stored->s_count};
    for (size_t i = 0; i < stored->x_count; i++)
        out->texts[i] = arena_copy(own, stored->x[i]);
    for (size_t i = 0; i < stored->s_count; i++) {
        out->skills[i].name = arena_copy(own, stored->s[i].n);
        out->skills[i].level = (uint32_t)stored->s[i].l;
    }
}

enum directory_fault directory_decode(
        struct slice plain, struct arena *scratch, struct directory_value **out_value)
{
    struct stored_value stored;
    struct proto_problem problem;
    size_t mark = scratch->used;
    struct slice copy = arena_copy(scratch, plain);
    struct proto_source source = {
            PROTO_MSGPACK, (char *)copy.bytes, copy.len, &proto_trusted_bounds, scratch};
    enum directory_fault fault = DIRECTORY_DAMAGED;
    if (copy.bytes != NULL && proto_shape_read(&source, &value_shape, &stored, &problem)) {
        size_t room = plain.len + 64 * _Alignof(max_align_t); /* each copy is aligned */
        struct directory_value *value = malloc(sizeof *value + room);
        struct arena own;
        if (stored.k < DIRECTORY_TENANT || stored.k > DIRECTORY_KEY) {
            free(value);
            scratch->used = mark;
            return DIRECTORY_UNKNOWN;
        }
        if (value != NULL) {
            arena_init(&own, value + 1, room);
            fill(&stored, &own, value);
            *out_value = value;
            fault = DIRECTORY_GOOD;
        }
    }
    scratch->used = mark;
    return fault;
}
