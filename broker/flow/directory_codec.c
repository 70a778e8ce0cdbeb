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
    const struct slice *q;
    size_t q_count; /* queues */
    const struct stored_skill *w;
    size_t w_count; /* channels and what they weigh */
    bool has_f;
    uint64_t f;     /* FLAG_… */
    struct slice g; /* shift */
};

enum { FLAG_AUTO_ACCEPT = 1, FLAG_SUPERVISOR = 2, COPIES_MAX = 96 };

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
        PROTO_STR_LIST(struct stored_value, q, OPTIONAL, DIRECTORY_LISTS_MAX, 64),
        PROTO_OBJECT_LIST(struct stored_value, w, OPTIONAL, DIRECTORY_LISTS_MAX,
                struct stored_skill, &skill_shape),
        PROTO_U64(struct stored_value, f, OPTIONAL, UINT64_MAX),
        PROTO_STR(struct stored_value, g, OPTIONAL, 64),
};
static const struct proto_shape value_shape = PROTO_SHAPE(struct stored_value, value_fields);

void directory_encode(const struct directory_value *value, struct buffer *out)
{
    struct stored_skill skills[DIRECTORY_SKILLS_MAX];
    for (size_t i = 0; i < value->skill_count; i++)
        skills[i] = (struct stored_skill){value->skills[i].name, value->skills[i].level};
    struct stored_skill channels[DIRECTORY_LISTS_MAX];
    for (size_t i = 0; i < value->channel_count; i++)
        channels[i] = (struct stored_skill){value->channels[i].name, value->channels[i].weight};
    uint64_t flags = (value->auto_accept ? FLAG_AUTO_ACCEPT : 0u) |
                     (value->is_supervisor ? FLAG_SUPERVISOR : 0u);
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
            .s_count = value->skill_count,
            .q = value->queues,
            .q_count = value->queue_count,
            .w = channels,
            .w_count = value->channel_count,
            .has_f = flags != 0,
            .f = flags,
            .g = value->shift};
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
            .shift = arena_copy(own, stored->g),
            .number = stored->c,
            .text_count = stored->x_count,
            .skill_count = stored->s_count,
            .queue_count = stored->q_count,
            .channel_count = stored->w_count,
            .auto_accept = (stored->f & FLAG_AUTO_ACCEPT) != 0,
            .is_supervisor = (stored->f & FLAG_SUPERVISOR) != 0};
    for (size_t i = 0; i < stored->q_count; i++)
        out->queues[i] = arena_copy(own, stored->q[i]);
    for (size_t i = 0; i < stored->w_count; i++) {
        out->channels[i].name = arena_copy(own, stored->w[i].n);
        out->channels[i].weight = (uint32_t)stored->w[i].l;
    }
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
        size_t room = plain.len + COPIES_MAX * _Alignof(max_align_t); /* each copy is aligned */
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

struct agent_profile directory_profile(const struct directory_value *value)
{
    struct agent_profile profile = {.id = value->id,
            .name = value->name,
            .skill_count = value->skill_count,
            .language_count = value->text_count,
            .capacity = (uint32_t)value->number,
            .queue_count = value->queue_count,
            .channel_count = value->channel_count,
            .shift = value->shift,
            .auto_accept = value->auto_accept,
            .is_supervisor = value->is_supervisor};
    for (size_t i = 0; i < value->skill_count; i++)
        profile.skills[i] = (struct pool_skill){value->skills[i].name, value->skills[i].level};
    for (size_t i = 0; i < value->channel_count; i++)
        profile.channels[i] =
                (struct pool_channel){value->channels[i].name, value->channels[i].weight};
    memcpy(profile.queues, value->queues, value->queue_count * sizeof *value->queues);
    memcpy(profile.languages, value->texts, value->text_count * sizeof *value->texts);
    return profile;
}

static void take_skills(struct directory_value *value, const struct agent_profile *profile)
{
    value->skill_count = profile->skill_count;
    for (size_t i = 0; i < profile->skill_count; i++) {
        value->skills[i].name = profile->skills[i].name;
        value->skills[i].level = profile->skills[i].level;
    }
}

static void take_channels(struct directory_value *value, const struct agent_profile *profile)
{
    value->channel_count = profile->channel_count;
    for (size_t i = 0; i < profile->channel_count; i++) {
        value->channels[i].name = profile->channels[i].name;
        value->channels[i].weight = profile->channels[i].weight;
    }
}

void directory_take_setting(struct directory_value *value, const struct agent_profile *profile,
        enum agent_setting setting)
{
    switch (setting) {
    case AGENT_NAME:
        value->name = profile->name;
        return;
    case AGENT_SKILLS:
        take_skills(value, profile);
        return;
    case AGENT_LANGUAGES:
        value->text_count = profile->language_count;
        memcpy(value->texts, profile->languages, sizeof profile->languages);
        return;
    case AGENT_CAPACITY:
        value->number = profile->capacity;
        return;
    case AGENT_QUEUES:
        value->queue_count = profile->queue_count;
        memcpy(value->queues, profile->queues, sizeof profile->queues);
        return;
    case AGENT_CHANNELS:
        take_channels(value, profile);
        return;
    case AGENT_SHIFT:
        value->shift = profile->shift;
        return;
    case AGENT_AUTO_ACCEPT:
        value->auto_accept = profile->auto_accept;
        return;
    case AGENT_SUPERVISOR:
        value->is_supervisor = profile->is_supervisor;
        return;
    case AGENT_SETTINGS:
        return;
    }
}
