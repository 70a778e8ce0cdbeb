/* SPDX-License-Identifier: Apache-2.0 */
/* The whole fold as entries, and back.
 *
 * Invariant: folding what pool_snapshot gives makes a pool that decides, answers and snapshots the
 * same. Slots and words may be numbered anew; nothing that is visible depends on them, except the
 * order of the list itself, which is kept.
 */
#include "core/route/fold.h"

static struct slice text_of(const struct pool *pool, uint32_t word)
{
    return words_text(&pool->words, word);
}

/* ---- out ---- */

void snapshot_visit_agent(const struct pool *pool, uint32_t slot, pool_visit visit, void *user)
{
    const struct agent *agent = &pool->agents[slot];
    struct pool_skill skills[POOL_SKILLS_MAX];
    struct slice languages[POOL_LANGUAGES_MAX];
    for (uint32_t i = 0; i < agent->skill_count; i++)
        skills[i] =
                (struct pool_skill){text_of(pool, agent->skills[i].word), agent->skills[i].level};
    struct slice queues[POOL_QUEUES_MAX];
    struct pool_channel channels[POOL_CHANNELS_MAX];
    for (uint32_t i = 0; i < agent->language_count; i++)
        languages[i] = text_of(pool, agent->languages[i].tag);
    for (uint32_t i = 0; i < agent->queue_count; i++)
        queues[i] = text_of(pool, agent->queues[i]);
    for (uint32_t i = 0; i < agent->channel_count; i++)
        channels[i] = (struct pool_channel){
                text_of(pool, agent->channels[i].word), agent->channels[i].weight};
    struct pool_entry entry = {.kind = POOL_SNAPSHOT_AGENT,
            .agent = text_of(pool, agent->id),
            .profile = {agent->status, agent->capacity, skills, agent->skill_count, languages,
                    agent->language_count, slice_make(agent->name, agent->name_len), queues,
                    agent->queue_count, channels, agent->channel_count, agent->auto_accept,
                    text_of(pool, agent->shift)},
            .kept_agent = {
                    agent->since_ms, agent->idle_since_ms, agent->missed, agent->is_removed}};
    visit(user, &entry);
}

struct request_arrays {
    struct pool_requirement requirements[POOL_REQUIREMENTS_MAX];
    struct pool_exclusion exclusions[POOL_EXCLUSIONS_MAX];
    struct pool_term terms[POOL_TERMS_MAX];
    struct slice prefers[POOL_PREFERS_MAX];
};

static void fill_arrays(
        const struct pool *pool, const struct request *request, struct request_arrays *out)
{
    for (uint32_t i = 0; i < request->requirement_count; i++)
        out->requirements[i] =
                (struct pool_requirement){text_of(pool, request->requirements[i].word),
                        request->requirements[i].must, request->requirements[i].min_level};
    for (uint32_t i = 0; i < request->prefer_count; i++)
        out->prefers[i] = text_of(pool, request->prefers[i]);
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        out->exclusions[i] = (struct pool_exclusion){
                text_of(pool, request->exclusions[i].agent), request->exclusions[i].until_ms};
    for (uint32_t i = 0; i < request->term_count; i++)
        out->terms[i] =
                (struct pool_term){text_of(pool, request->terms[i].word), request->terms[i].value};
}

void snapshot_visit_request(const struct pool *pool, uint32_t slot, pool_visit visit, void *user)
{
    const struct request *request = &pool->requests[slot];
    struct request_arrays arrays;
    fill_arrays(pool, request, &arrays);
    uint32_t agent = request->agent;
    struct pool_entry entry = {.kind = POOL_SNAPSHOT_REQUEST,
            .request = {request_conversation(request), request->name},
            .agent = agent == SLOT_NONE ? SLICE_NONE : text_of(pool, pool->agents[agent].id),
            .need = {request->first_queued_ms, arrays.requirements, request->requirement_count,
                    text_of(pool, request->language), text_of(pool, request->last_agent),
                    text_of(pool, request->to_agent), arrays.prefers, request->prefer_count,
                    text_of(pool, request->queue), text_of(pool, request->channel),
                    text_of(pool, request->class_name), request->value, request->promise_ms,
                    request->weight, request->is_interruptible, request->is_stranded},
            .exclusions = arrays.exclusions,
            .exclusion_count = request->exclusion_count,
            .offer = request->offer,
            .deadline_ms = request->deadline_ms,
            .terms = arrays.terms,
            .term_count = request->term_count,
            .policy_version = request->policy_version,
            .kept_request = {
                    request->state, request->queued_ms, request->since_ms, request->weighed}};
    visit(user, &entry);
}

void snapshot_visit_head(const struct pool *pool, pool_visit visit, void *user)
{
    struct pool_entry head = {
            .kind = POOL_SNAPSHOT, .incarnation = pool->lead.incarnation, .pace = pool->pace};
    visit(user, &head);
    struct pool_policy policy = pool_policy(pool);
    if (policy.version > 0)
        visit(user, &(struct pool_entry){.kind = POOL_POLICY,
                            .policy_version = policy.version,
                            .policy = policy.text});
    for (uint32_t i = 0; i < pool->over_count; i++)
        visit(user, &(struct pool_entry){.kind = POOL_SHIFT,
                            .shift = text_of(pool, pool->over[i]),
                            .is_over = true});
}

void pool_snapshot(const struct pool *pool, pool_visit visit, void *user)
{
    snapshot_visit_head(pool, visit, user);
    for (uint32_t slot = 0; slot < pool->agent_count; slot++)
        if (pool->agents[slot].id != WORD_NONE)
            snapshot_visit_agent(pool, slot, visit, user);
    for (uint32_t slot = 0; slot < pool->request_count; slot++)
        if (pool->requests[slot].is_live)
            snapshot_visit_request(pool, slot, visit, user);
}

/* ---- in ---- */

enum pool_outcome snapshot_begin(struct pool *pool, const struct pool_entry *entry)
{
    pool_forget_all(pool);
    pool->lead.incarnation = entry->incarnation;
    pool->pace = entry->pace;
    return POOL_DONE;
}

enum pool_outcome snapshot_agent(
        struct pool *pool, uint64_t time_ms, const struct pool_entry *entry)
{
    uint32_t slot = agent_take(pool, entry->agent, time_ms,
            (uint32_t)(entry->profile.skill_count + entry->profile.queue_count));
    if (slot == SLOT_NONE)
        return POOL_FULL;
    if (!agent_set_profile(pool, slot, &entry->profile)) {
        agent_remove(pool, slot);
        return POOL_FULL;
    }
    struct agent *agent = &pool->agents[slot];
    agent->status = entry->profile.status;
    agent->since_ms = entry->kept_agent.since_ms;
    agent->idle_since_ms = entry->kept_agent.idle_since_ms;
    agent->missed = entry->kept_agent.missed;
    agent_refresh(pool, slot);
    /* A removed one is in a snapshot only because of chats, and those come after. */
    agent->is_removed = entry->kept_agent.is_removed;
    return POOL_DONE;
}

enum pool_outcome snapshot_request(
        struct pool *pool, uint64_t time_ms, const struct pool_entry *entry)
{
    const struct pool_kept_request *kept = &entry->kept_request;
    uint32_t slot = request_add(pool, entry, time_ms);
    if (slot == SLOT_NONE)
        return POOL_FULL;
    struct request *request = &pool->requests[slot];
    if (!request_set_terms(pool, slot, entry)) {
        request_drop(pool, slot);
        return POOL_FULL;
    }
    request->queued_ms = kept->queued_ms;
    request->offer = entry->offer;
    request->deadline_ms = entry->deadline_ms;
    request->policy_version = entry->policy_version;
    request->weighed = kept->weighed;
    if (kept->state != POOL_WAITING)
        request_move(pool, slot, kept->state, agent_find(pool, entry->agent), time_ms);
    request->since_ms = kept->since_ms;
    return POOL_DONE;
}
