/* SPDX-License-Identifier: Apache-2.0 */
/* Pool entries as msgpack, and as lines of JSON: the table, and writing by it.
 *
 * Invariant: what is written here is what pool_decode.c reads; a value says what its kind uses and
 * nothing else, so that what is not there takes no room.
 */
#include "stored/pool_codec.h"
#include "stored/pool_stored.h"

#define NUMBER(member) PROTO_U64(struct stored_value, member, OPTIONAL, UINT64_MAX)
#define TEXT(member) PROTO_STR(struct stored_value, member, OPTIONAL, POOL_NAME_MAX)
#define LEVELS(member, most) \
    PROTO_OBJECT_LIST( \
            struct stored_value, member, OPTIONAL, most, struct stored_level, &level_shape)
#define NUMBERS(member) PROTO_U64_LIST(struct stored_value, member, OPTIONAL, 4, UINT64_MAX)

static const struct proto_field level_fields[] = {
        PROTO_STR(struct stored_level, n, REQUIRED, POOL_WORD_MAX),
        PROTO_U64(struct stored_level, v, REQUIRED, UINT64_MAX),
};
static const struct proto_shape level_shape = PROTO_SHAPE(struct stored_level, level_fields);

static const struct proto_field value_fields[] = {
        PROTO_U64(struct stored_value, k, REQUIRED, UINT64_MAX), TEXT(c),
        PROTO_NAME(struct stored_value, r, OPTIONAL), TEXT(a), NUMBER(f), TEXT(g), TEXT(l), TEXT(t),
        LEVELS(q, POOL_REQUIREMENTS_MAX), NUMBER(s), NUMBER(y), LEVELS(w, POOL_SKILLS_MAX),
        PROTO_STR_LIST(struct stored_value, u, OPTIONAL, POOL_LANGUAGES_MAX, POOL_LANGUAGE_MAX),
        TEXT(m), LEVELS(x, POOL_EXCLUSIONS_MAX), PROTO_NAME(struct stored_value, o, OPTIONAL),
        NUMBER(d), NUMBER(e), LEVELS(z, POOL_TERMS_MAX), NUMBER(p), TEXT(b), NUMBER(i), NUMBERS(h),
        NUMBERS(j), NUMBERS(v), NUMBERS(n),
        PROTO_STR(struct stored_value, policy, OPTIONAL, POOL_POLICY_MAX), TEXT(qu), TEXT(ch),
        TEXT(cl), NUMBER(va), NUMBER(pr),
        PROTO_STR_LIST(struct stored_value, pf, OPTIONAL, POOL_PREFERS_MAX, POOL_ID_MAX),
        NUMBER(we), NUMBER(fl),
        PROTO_STR_LIST(struct stored_value, aq, OPTIONAL, POOL_QUEUES_MAX, POOL_WORD_MAX),
        LEVELS(ac, POOL_CHANNELS_MAX), NUMBER(wt), TEXT(sh),
        PROTO_NAME(struct stored_value, bs, OPTIONAL), NUMBERS(pn),
        PROTO_BIN(struct stored_value, pb, OPTIONAL, POOL_PART_MAX)};
static const struct proto_shape value_shape = PROTO_SHAPE(struct stored_value, value_fields);

static const struct proto_field batch_fields[] = {PROTO_OBJECT_LIST(
        struct stored_batch, v, REQUIRED, POOL_BATCH_MAX, struct stored_value, &value_shape)};
const struct proto_shape pool_batch_shape = PROTO_SHAPE(struct stored_batch, batch_fields);

static const struct proto_field line_fields[] = {PROTO_NAME(struct stored_batch, at, REQUIRED),
        PROTO_U64(struct stored_batch, t, REQUIRED, UINT64_MAX),
        PROTO_OBJECT_LIST(struct stored_batch, v, REQUIRED, POOL_BATCH_MAX, struct stored_value,
                &value_shape)};
const struct proto_shape pool_line_shape = PROTO_SHAPE(struct stored_batch, line_fields);

/* More than any one piece that is taken for a value. */
enum { SCRATCH_SPARE = 8192, STORED_NUMBERS = 14 };

static struct stored_level *take_levels(struct arena *scratch, size_t count)
{
    return arena_take(scratch, (count + 1) * sizeof(struct stored_level));
}

static void store_need(
        const struct pool_need *need, struct arena *scratch, struct stored_value *out)
{
    struct stored_level *levels = take_levels(scratch, need->skill_count);
    for (size_t i = 0; levels != NULL && i < need->skill_count; i++)
        levels[i] = (struct stored_level){need->skills[i].name,
                need->skills[i].must | (uint64_t)need->skills[i].min_level << MUST_BITS};
    out->q = levels;
    out->q_count = levels ? need->skill_count : 0;
    out->has_f = need->first_queued_ms != 0;
    out->f = need->first_queued_ms;
    out->g = need->language;
    out->l = need->last_agent;
    out->t = need->to_agent;
    out->qu = need->queue;
    out->ch = need->channel;
    out->cl = need->class_name;
    out->has_va = need->value != 0;
    out->va = need->value;
    out->has_pr = need->promise_ms != 0;
    out->pr = need->promise_ms;
    out->pf = need->prefers;
    out->pf_count = need->prefer_count;
    out->has_we = need->weight != 0;
    out->we = need->weight;
    out->fl |= (need->is_interruptible ? FLAG_INTERRUPTIBLE : 0u) |
               (need->is_stranded ? FLAG_STRANDED : 0u);
}

static void store_agent_lists(
        const struct pool_profile *profile, struct arena *scratch, struct stored_value *out)
{
    struct stored_level *channels = take_levels(scratch, profile->channel_count);
    for (size_t i = 0; channels != NULL && i < profile->channel_count; i++)
        channels[i] = (struct stored_level){profile->channels[i].name, profile->channels[i].weight};
    out->ac = channels;
    out->ac_count = channels ? profile->channel_count : 0;
    out->aq = profile->queues;
    out->aq_count = profile->queue_count;
    out->fl |= profile->auto_accept ? FLAG_AUTO_ACCEPT : 0u;
}

static void store_profile(
        const struct pool_profile *profile, struct arena *scratch, struct stored_value *out)
{
    struct stored_level *levels = take_levels(scratch, profile->skill_count);
    for (size_t i = 0; levels != NULL && i < profile->skill_count; i++)
        levels[i] = (struct stored_level){profile->skills[i].name, profile->skills[i].level};
    out->w = levels;
    out->w_count = levels ? profile->skill_count : 0;
    out->has_s = true;
    out->s = profile->status;
    out->has_y = profile->capacity != 0;
    out->y = profile->capacity;
    out->u = profile->languages;
    out->u_count = profile->language_count;
    out->m = profile->name;
    store_agent_lists(profile, scratch, out);
}

static void store_lists(
        const struct pool_entry *entry, struct arena *scratch, struct stored_value *out)
{
    struct stored_level *exclusions = take_levels(scratch, entry->exclusion_count);
    struct stored_level *terms = take_levels(scratch, entry->term_count);
    if (exclusions == NULL || terms == NULL)
        return;
    for (size_t i = 0; i < entry->exclusion_count; i++)
        exclusions[i] =
                (struct stored_level){entry->exclusions[i].agent, entry->exclusions[i].until_ms};
    for (size_t i = 0; i < entry->term_count; i++)
        terms[i] = (struct stored_level){entry->terms[i].name, entry->terms[i].value};
    out->x = exclusions;
    out->x_count = entry->exclusion_count;
    out->z = terms;
    out->z_count = entry->term_count;
}

static void store_kept(
        const struct pool_entry *entry, struct arena *scratch, struct stored_value *out)
{
    uint64_t *numbers = arena_take(scratch, STORED_NUMBERS * sizeof *numbers);
    if (numbers == NULL)
        return;
    const struct pool_pace *pace = &entry->pace;
    const struct pool_kept_agent *agent = &entry->kept_agent;
    const struct pool_kept_request *request = &entry->kept_request;
    uint64_t values[STORED_NUMBERS] = {pace->mean_ms, pace->samples, pace->last_ms,
            pace->was_waited, agent->since_ms, agent->idle_since_ms, agent->missed,
            agent->is_removed, request->state, request->queued_ms, request->since_ms,
            request->weighed, entry->chance, entry->gap};
    memcpy(numbers, values, sizeof values);
    out->h = numbers;
    out->h_count = entry->kind == POOL_SNAPSHOT ? 4 : 0;
    out->j = numbers + 4;
    out->j_count = entry->kind == POOL_SNAPSHOT_AGENT ? 4 : 0;
    out->v = numbers + 8;
    out->v_count = entry->kind == POOL_SNAPSHOT_REQUEST ? 4 : 0;
    out->n = numbers + 12;
    out->n_count = entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED ? 2 : 0;
}

static void store_part(
        const struct pool_part *part, struct arena *scratch, struct stored_value *out)
{
    uint64_t *numbers = arena_take(scratch, PART_NUMBERS * sizeof *numbers);
    if (numbers == NULL)
        return;
    uint64_t values[PART_NUMBERS] = {part->writer, part->index, part->is_last, part->digest};
    memcpy(numbers, values, sizeof values);
    out->pn = numbers;
    out->pn_count = PART_NUMBERS;
    out->has_bs = true;
    out->bs = part->base;
    out->pb = part->bytes;
}

static struct stored_value to_stored(const struct pool_entry *entry, struct arena *scratch)
{
    struct stored_value out = {.k = entry->kind,
            .c = entry->request.conversation,
            .has_r = entry->request.name.seq != 0,
            .r = entry->request.name,
            .a = entry->agent,
            .has_o = entry->offer.seq != 0,
            .o = entry->offer,
            .has_d = entry->deadline_ms != 0,
            .d = entry->deadline_ms,
            .has_e = entry->until_ms != 0,
            .e = entry->until_ms,
            .has_p = entry->policy_version != 0,
            .p = entry->policy_version,
            .policy = entry->policy,
            .b = entry->reason,
            .has_i = entry->incarnation != 0,
            .i = entry->incarnation & PROTO_U64_SAFE, /* older nodes wrote 64 bits */
            .has_wt = entry->weight != 0,
            .wt = entry->weight,
            .sh = entry->kind == POOL_SHIFT ? entry->shift : entry->profile.shift,
            .fl = entry->is_over ? FLAG_OVER : 0u};
    store_need(&entry->need, scratch, &out);
    store_profile(&entry->profile, scratch, &out);
    store_lists(entry, scratch, &out);
    store_kept(entry, scratch, &out);
    if (entry->part != NULL)
        store_part(entry->part, scratch, &out);
    out.has_fl = out.fl != 0;
    return out;
}

/* has_bytes: with what parts of a snapshot hold; it was said before. */
static bool store_all(const struct pool_entry *entries, size_t count, bool has_bytes,
        struct arena *scratch, struct stored_batch *out)
{
    struct stored_value *values = arena_take(scratch, (count + 1) * sizeof *values);
    if (values == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        values[i] = to_stored(&entries[i], scratch);
        if (!has_bytes)
            values[i].pb = SLICE_NONE;
    }
    out->v = values;
    out->v_count = count;
    /* else a list may have been left out for want of room */
    return scratch->capacity - scratch->used >= SCRATCH_SPARE;
}

bool pool_encode(
        const struct pool_entry *entries, size_t count, struct arena *scratch, struct buffer *out)
{
    struct stored_batch batch = {.t = 0};
    if (!store_all(entries, count, true, scratch, &batch))
        return false;
    proto_shape_write(PROTO_MSGPACK, &pool_batch_shape, &batch, out);
    return true;
}

bool pool_line_write(const struct pool_line *line, struct arena *scratch, struct buffer *out)
{
    struct stored_batch batch = {.at = line->at, .t = line->time_ms};
    if (!store_all(line->entries, line->count, false, scratch, &batch))
        return false;
    proto_shape_write(PROTO_JSON, &pool_line_shape, &batch, out);
    return true;
}
