/* SPDX-License-Identifier: Apache-2.0 */
/* Pool entries as msgpack, by a table that this file alone knows.
 *
 * Invariant: members are added, never reused; what is absent is zero. The kinds' numbers are
 * stored: POOL_ROUTER is 1 and the order of enum pool_kind never changes.
 */
#include "stored/pool_codec.h"

#include "proto/codec.h"

struct stored_level {
    struct slice n;
    uint64_t v;
};

struct stored_value {
    bool has_r, has_f, has_s, has_y, has_o, has_d, has_e, has_p, has_i, has_va, has_pr, has_we,
            has_fl, has_wt;
    uint64_t k; /* kind */
    struct slice c;
    struct name r;        /* request: conversation, name */
    struct slice a;       /* agent */
    uint64_t f;           /* first queued */
    struct slice g, l, t; /* language, last agent, to agent */
    const struct stored_level *q;
    size_t q_count; /* requirements: v is 1 for must, plus 2 for each level that it asks for */
    uint64_t s;     /* status */
    uint64_t y;     /* capacity */
    const struct stored_level *w;
    size_t w_count; /* skills */
    const struct slice *u;
    size_t u_count; /* languages */
    struct slice m; /* agent's name */
    const struct stored_level *x;
    size_t x_count; /* exclusions */
    struct name o;  /* offer */
    uint64_t d;     /* deadline */
    uint64_t e;     /* until */
    const struct stored_level *z;
    size_t z_count;      /* terms */
    uint64_t p;          /* policy version */
    struct slice b;      /* reason */
    uint64_t i;          /* incarnation */
    struct slice policy; /* a policy's text */
    const uint64_t *n;
    size_t n_count; /* offered: chance, gap */
    const uint64_t *h;
    size_t h_count; /* pace: mean, samples, last, was waited */
    const uint64_t *j;
    size_t j_count; /* kept agent: since, idle since, missed, is removed */
    const uint64_t *v;
    size_t v_count;          /* kept request: state, queued, since, weighed */
    struct slice qu, ch, cl; /* queue, channel, class */
    uint64_t va;             /* value at stake */
    uint64_t pr;             /* promised moment */
    const struct slice *pf;
    size_t pf_count; /* preferred agents */
    uint64_t we;     /* what the case weighs */
    uint64_t fl;     /* FLAG_… */
    const struct slice *aq;
    size_t aq_count; /* the agent's queues */
    const struct stored_level *ac;
    size_t ac_count; /* what channels weigh for the agent */
    uint64_t wt;     /* weighed */
    struct slice sh; /* shift */
};

enum {
    FLAG_INTERRUPTIBLE = 1,
    FLAG_STRANDED = 2,
    FLAG_AUTO_ACCEPT = 4,
    FLAG_OVER = 8,
    MUST_BITS = 1
};

/* A record holds the values only; a line of an export says which record it was. */
struct stored_batch {
    struct name at;
    uint64_t t;
    const struct stored_value *v;
    size_t v_count;
};

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
        LEVELS(ac, POOL_CHANNELS_MAX), NUMBER(wt), TEXT(sh)};
static const struct proto_shape value_shape = PROTO_SHAPE(struct stored_value, value_fields);

static const struct proto_field batch_fields[] = {PROTO_OBJECT_LIST(
        struct stored_batch, v, REQUIRED, POOL_BATCH_MAX, struct stored_value, &value_shape)};
static const struct proto_shape batch_shape = PROTO_SHAPE(struct stored_batch, batch_fields);

static const struct proto_field line_fields[] = {PROTO_NAME(struct stored_batch, at, REQUIRED),
        PROTO_U64(struct stored_batch, t, REQUIRED, UINT64_MAX),
        PROTO_OBJECT_LIST(struct stored_batch, v, REQUIRED, POOL_BATCH_MAX, struct stored_value,
                &value_shape)};
static const struct proto_shape line_shape = PROTO_SHAPE(struct stored_batch, line_fields);

/* More than any one piece that is taken for a value. */
enum { SCRATCH_SPARE = 8192, STORED_NUMBERS = 14 };

/* ---- out --------------------------------------------------------------------------------------
 */

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
    out.has_fl = out.fl != 0;
    return out;
}

static bool store_all(const struct pool_entry *entries, size_t count, struct arena *scratch,
        struct stored_batch *out)
{
    struct stored_value *values = arena_take(scratch, (count + 1) * sizeof *values);
    if (values == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        values[i] = to_stored(&entries[i], scratch);
    out->v = values;
    out->v_count = count;
    /* else a list may have been left out for want of room */
    return scratch->capacity - scratch->used >= SCRATCH_SPARE;
}

bool pool_encode(
        const struct pool_entry *entries, size_t count, struct arena *scratch, struct buffer *out)
{
    struct stored_batch batch = {.t = 0};
    if (!store_all(entries, count, scratch, &batch))
        return false;
    proto_shape_write(PROTO_MSGPACK, &batch_shape, &batch, out);
    return true;
}

bool pool_line_write(const struct pool_line *line, struct arena *scratch, struct buffer *out)
{
    struct stored_batch batch = {.at = line->at, .t = line->time_ms};
    if (!store_all(line->entries, line->count, scratch, &batch))
        return false;
    proto_shape_write(PROTO_JSON, &line_shape, &batch, out);
    return true;
}

/* ---- in ---------------------------------------------------------------------------------------
 */

static bool load_need(const struct stored_value *from, struct arena *scratch, struct pool_need *out)
{
    struct pool_requirement *skills = arena_take(scratch, (from->q_count + 1) * sizeof *skills);
    if (skills == NULL)
        return false;
    for (size_t i = 0; i < from->q_count; i++)
        skills[i] = (struct pool_requirement){
                from->q[i].n, (from->q[i].v & 1) != 0, (uint32_t)(from->q[i].v >> MUST_BITS)};
    *out = (struct pool_need){.first_queued_ms = from->f,
            .skills = skills,
            .skill_count = from->q_count,
            .language = from->g,
            .last_agent = from->l,
            .to_agent = from->t,
            .prefers = from->pf,
            .prefer_count = from->pf_count,
            .queue = from->qu,
            .channel = from->ch,
            .class_name = from->cl,
            .value = from->va,
            .promise_ms = from->pr,
            .weight = (uint32_t)from->we,
            .is_interruptible = (from->fl & FLAG_INTERRUPTIBLE) != 0,
            .is_stranded = (from->fl & FLAG_STRANDED) != 0};
    return true;
}

static bool load_profile(
        const struct stored_value *from, struct arena *scratch, struct pool_profile *out)
{
    struct pool_skill *skills = arena_take(scratch, (from->w_count + 1) * sizeof *skills);
    struct pool_channel *channels = arena_take(scratch, (from->ac_count + 1) * sizeof *channels);
    if (skills == NULL || channels == NULL)
        return false;
    for (size_t i = 0; i < from->ac_count; i++)
        channels[i] = (struct pool_channel){from->ac[i].n, (uint32_t)from->ac[i].v};
    for (size_t i = 0; i < from->w_count; i++)
        skills[i] = (struct pool_skill){from->w[i].n, (uint32_t)from->w[i].v};
    *out = (struct pool_profile){(enum pool_status)from->s, (uint32_t)from->y, skills,
            from->w_count, from->u, from->u_count, from->m, from->aq, from->aq_count, channels,
            from->ac_count, (from->fl & FLAG_AUTO_ACCEPT) != 0, from->sh};
    return true;
}

static bool load_lists(
        const struct stored_value *from, struct arena *scratch, struct pool_entry *out)
{
    struct pool_exclusion *exclusions =
            arena_take(scratch, (from->x_count + 1) * sizeof *exclusions);
    struct pool_term *terms = arena_take(scratch, (from->z_count + 1) * sizeof *terms);
    if (exclusions == NULL || terms == NULL)
        return false;
    for (size_t i = 0; i < from->x_count; i++)
        exclusions[i] = (struct pool_exclusion){from->x[i].n, from->x[i].v};
    for (size_t i = 0; i < from->z_count; i++)
        terms[i] = (struct pool_term){from->z[i].n, (uint32_t)from->z[i].v};
    out->exclusions = exclusions;
    out->exclusion_count = from->x_count;
    out->terms = terms;
    out->term_count = from->z_count;
    return true;
}

static void load_kept(const struct stored_value *from, struct pool_entry *out)
{
    if (from->h_count == 4)
        out->pace = (struct pool_pace){from->h[0], from->h[1], from->h[2], from->h[3] != 0};
    if (from->j_count == 4)
        out->kept_agent = (struct pool_kept_agent){
                from->j[0], from->j[1], (uint32_t)from->j[2], from->j[3] != 0};
    if (from->v_count >= 3) /* the fourth came later */
        out->kept_request = (struct pool_kept_request){(enum pool_state)from->v[0], from->v[1],
                from->v[2], from->v_count > 3 ? (uint32_t)from->v[3] : 0};
}

static void load_offered(const struct stored_value *from, struct pool_entry *out)
{
    if (from->n_count == 2) {
        out->chance = (uint32_t)from->n[0];
        out->gap = (uint32_t)from->n[1];
    }
}

static bool from_stored(
        const struct stored_value *from, struct arena *scratch, struct pool_entry *out)
{
    bool is_known = from->k > POOL_UNKNOWN && from->k < POOL_KIND_COUNT;
    *out = (struct pool_entry){
            .kind = is_known ? (enum pool_kind)from->k : POOL_UNKNOWN,
            .request = {from->c, from->r},
            .agent = from->a,
            .offer = from->o,
            .deadline_ms = from->d,
            .until_ms = from->e,
            .policy_version = from->p,
            .policy = from->policy,
            .reason = from->b,
            .incarnation = from->i,
            .weight = (uint32_t)from->wt,
            .shift = from->sh,
            .is_over = (from->fl & FLAG_OVER) != 0,
    };
    load_kept(from, out);
    load_offered(from, out);
    return load_need(from, scratch, &out->need) && load_profile(from, scratch, &out->profile) &&
           load_lists(from, scratch, out);
}

static bool read_batch(enum proto_codec codec, const struct proto_shape *shape, struct slice from,
        struct arena *scratch, struct stored_batch *out)
{
    struct proto_problem problem;
    struct slice copy = arena_copy(scratch, from);
    struct proto_source source = {
            codec, (char *)copy.bytes, copy.len, &proto_trusted_bounds, scratch};
    return copy.bytes != NULL && proto_shape_read(&source, shape, out, &problem);
}

static bool load_all(const struct stored_batch *batch, struct arena *scratch,
        const struct pool_entry **out_entries, size_t *out_count)
{
    struct pool_entry *entries = arena_take(scratch, (batch->v_count + 1) * sizeof *entries);
    for (size_t i = 0; entries != NULL && i < batch->v_count; i++)
        if (!from_stored(&batch->v[i], scratch, &entries[i]))
            return false;
    *out_entries = entries;
    *out_count = batch->v_count;
    return entries != NULL;
}

bool pool_decode(struct slice plain, struct arena *scratch, const struct pool_entry **out_entries,
        size_t *out_count)
{
    struct stored_batch batch;
    return read_batch(PROTO_MSGPACK, &batch_shape, plain, scratch, &batch) &&
           load_all(&batch, scratch, out_entries, out_count);
}

bool pool_line_read(struct slice json, struct arena *scratch, struct pool_line *out_line)
{
    struct stored_batch batch;
    if (!read_batch(PROTO_JSON, &line_shape, json, scratch, &batch))
        return false;
    out_line->at = batch.at;
    out_line->time_ms = batch.t;
    return load_all(&batch, scratch, &out_line->entries, &out_line->count);
}
