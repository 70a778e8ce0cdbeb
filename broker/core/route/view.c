/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a pool, for flows and people. Changes nothing; copies numbers, borrows text. */
#include "core/route/fold.h"

static struct slice text_of(const struct pool *pool, uint32_t word)
{
    return words_text(&pool->words, word);
}

static void view_request(const struct pool *pool, uint32_t slot, struct pool_request_view *out_view)
{
    const struct request *request = &pool->requests[slot];
    uint32_t agent = request->agent;
    *out_view = (struct pool_request_view){.key = {request_conversation(request), request->name},
            .state = request->state,
            .first_queued_ms = request->first_queued_ms,
            .queued_ms = request->queued_ms,
            .since_ms = request->since_ms,
            .language = text_of(pool, request->language),
            .last_agent = text_of(pool, request->last_agent),
            .to_agent = text_of(pool, request->to_agent),
            .agent = agent == SLOT_NONE ? SLICE_NONE : text_of(pool, pool->agents[agent].id),
            .offer = request->offer,
            .moved_seq = request->moved_seq,
            .deadline_ms = request->deadline_ms,
            .policy_version = request->policy_version,
            .queue = text_of(pool, request->queue),
            .channel = text_of(pool, request->channel),
            .class_name = text_of(pool, request->class_name),
            .value = request->value,
            .promise_ms = request->promise_ms,
            .weight = request->weight,
            .held = request->held,
            .weighed = request->weighed,
            .is_interruptible = request->is_interruptible,
            .is_interrupted = request_is_interrupted(pool, request),
            .is_stranded = request->is_stranded,
            .term_count = request->term_count};
    for (uint32_t i = 0; i < request->term_count; i++)
        out_view->terms[i] =
                (struct pool_term){text_of(pool, request->terms[i].word), request->terms[i].value};
}

static uint32_t count_in_state(
        const struct pool *pool, const struct agent *agent, enum pool_state state)
{
    uint32_t count = 0;
    for (uint32_t i = agent->first_request; i != SLOT_NONE; i = pool->requests[i].next)
        count += pool->requests[i].state == state;
    return count;
}

static void view_agent(const struct pool *pool, uint32_t slot, struct pool_agent_view *out_view)
{
    const struct agent *agent = &pool->agents[slot];
    *out_view = (struct pool_agent_view){.agent = text_of(pool, agent->id),
            .name = slice_make(agent->name, agent->name_len),
            .status = agent->status,
            .since_ms = agent->since_ms,
            .idle_since_ms = agent->idle_since_ms,
            .capacity = agent->capacity,
            .load = agent->load,
            .weight = agent->firm + agent->soft,
            .offers = count_in_state(pool, agent, POOL_OFFER_OPEN),
            .wraps = count_in_state(pool, agent, POOL_WRAP_UP),
            .missed = agent->missed,
            .is_removed = agent->is_removed,
            .is_off_shift = agents_shift_is_over(pool, agent->shift)};
}

bool pool_is_read_only(const struct pool *pool)
{
    return pool->is_read_only;
}

struct pool_lead pool_lead(const struct pool *pool)
{
    return pool->lead;
}

struct pool_counts pool_counts(const struct pool *pool)
{
    struct pool_counts counts = {.waiting = pool->waiting_count,
            .offered = pool->offer_count,
            .wrapping = pool->wrap_count,
            .active =
                    pool->live_count - pool->waiting_count - pool->offer_count - pool->wrap_count};
    for (uint32_t slot = 0; slot < pool->agent_count; slot++) {
        const struct agent *agent = &pool->agents[slot];
        counts.agents += agent->id != WORD_NONE;
        counts.online += agent->id != WORD_NONE && agent_is_there(pool, agent);
    }
    return counts;
}

bool pool_find(
        const struct pool *pool, const struct pool_key *key, struct pool_request_view *out_view)
{
    uint32_t slot = request_find(pool, key);
    if (slot != SLOT_NONE)
        view_request(pool, slot, out_view);
    return slot != SLOT_NONE;
}

bool pool_find_offer(const struct pool *pool, const struct name *offer, struct slice agent,
        struct pool_request_view *out_view)
{
    uint32_t agent_slot = name_is_none(offer) ? SLOT_NONE : agent_find(pool, agent);
    if (agent_slot == SLOT_NONE)
        return false;
    uint32_t slot = pool->agents[agent_slot].first_request;
    while (slot != SLOT_NONE && !name_equal(&pool->requests[slot].offer, offer))
        slot = pool->requests[slot].next;
    if (slot != SLOT_NONE)
        view_request(pool, slot, out_view);
    return slot != SLOT_NONE;
}

bool pool_find_agent(const struct pool *pool, struct slice agent, struct pool_agent_view *out_view)
{
    uint32_t slot = agent_find(pool, agent);
    if (slot != SLOT_NONE)
        view_agent(pool, slot, out_view);
    return slot != SLOT_NONE;
}

bool pool_next_agent(const struct pool *pool, size_t *cursor, struct pool_agent_view *out_view)
{
    while (*cursor < pool->agent_count) {
        uint32_t slot = (uint32_t)(*cursor)++;
        if (pool->agents[slot].id == WORD_NONE)
            continue;
        view_agent(pool, slot, out_view);
        return true;
    }
    return false;
}

bool pool_next_request(const struct pool *pool, size_t *cursor, struct pool_request_view *out_view)
{
    while (*cursor < pool->request_count) {
        uint32_t slot = (uint32_t)(*cursor)++;
        if (!pool->requests[slot].is_live)
            continue;
        view_request(pool, slot, out_view);
        return true;
    }
    return false;
}

bool pool_next_waiting(const struct pool *pool, size_t *cursor, struct pool_request_view *out_view)
{
    if (*cursor >= pool->waiting_count)
        return false;
    view_request(pool, pool->waiting[(*cursor)++].request, out_view);
    return true;
}

/* The cursor is the slot returned last, plus one. */
bool pool_next_of_agent(const struct pool *pool, struct slice agent, size_t *cursor,
        struct pool_request_view *out_view)
{
    uint32_t agent_slot = agent_find(pool, agent);
    if (agent_slot == SLOT_NONE)
        return false;
    uint32_t slot = *cursor == 0 ? pool->agents[agent_slot].first_request
                                 : pool->requests[*cursor - 1].next;
    if (slot == SLOT_NONE)
        return false;
    *cursor = (size_t)slot + 1;
    view_request(pool, slot, out_view);
    return true;
}

/* ---- the policy in force ---- */

uint64_t pool_policy_hash(struct slice text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.bytes[i]) * 0x100000001b3u;
    return hash;
}

struct pool_policy pool_policy(const struct pool *pool)
{
    struct slice text = slice_make(pool->policy, pool->policy_len);
    return (struct pool_policy){pool->policy_version, text, pool_policy_hash(text)};
}
