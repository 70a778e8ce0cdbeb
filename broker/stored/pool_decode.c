/* SPDX-License-Identifier: Apache-2.0 */
/* Pool entries out of msgpack, or out of a line of JSON.
 *
 * Invariant: whatever the bytes are, what comes out points into scratch alone, or nothing comes
 * out. Whether an entry makes sense is the pool's to say (core/route/rules.c).
 */
#include "stored/pool_codec.h"
#include "stored/pool_stored.h"

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

static bool load_part(
        const struct stored_value *from, struct arena *scratch, struct pool_entry *out)
{
    struct pool_part *part;
    if (from->k != POOL_PART)
        return true;
    if (from->pn_count != PART_NUMBERS || (part = arena_take(scratch, sizeof *part)) == NULL)
        return false;
    *part = (struct pool_part){
            from->bs, from->pn[0], from->pn[1], from->pn[2] != 0, from->pn[3], from->pb};
    out->part = part;
    return true;
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
    *out = (struct pool_entry){
            .kind = pool_kind_is_known(from->k) ? (enum pool_kind)from->k : POOL_UNKNOWN,
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
           load_lists(from, scratch, out) && load_part(from, scratch, out);
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
    return read_batch(PROTO_MSGPACK, &pool_batch_shape, plain, scratch, &batch) &&
           load_all(&batch, scratch, out_entries, out_count);
}

bool pool_line_read(struct slice json, struct arena *scratch, struct pool_line *out_line)
{
    struct stored_batch batch;
    if (!read_batch(PROTO_JSON, &pool_line_shape, json, scratch, &batch))
        return false;
    out_line->at = batch.at;
    out_line->time_ms = batch.t;
    return load_all(&batch, scratch, &out_line->entries, &out_line->count);
}
