/* SPDX-License-Identifier: Apache-2.0 */
/* What a queue tells: places, estimates, who was left behind, and the promise that nobody waits
 * while somebody who could help is free. Reads only. */
#include "core/route/match.h"

enum { PACE_SAMPLES_MIN = 3, PACE_FRESH_MS = 10 * 60 * 1000 };

size_t pool_waiting_while_free(
        const struct pool *pool, const struct route_policy *policy, uint64_t now_ms)
{
    struct match match = {pool, policy, now_ms};
    size_t count = 0;
    if (grid_is_empty(&pool->grid, GRID_OPEN))
        return 0;
    for (uint32_t i = 0; i < pool->waiting_count; i++)
        count += match_candidates(&match, &pool->requests[pool->waiting[i].request], GRID_OPEN);
    return count;
}

/* ---- places ---- */

static uint64_t older_offers(const struct pool *pool, uint32_t slot)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < pool->offer_count; i++)
        count += pool->offers[i].request != slot &&
                 request_is_before(&pool->requests[pool->offers[i].request], &pool->requests[slot]);
    return count;
}

uint64_t pool_position(const struct pool *pool, const struct pool_key *key)
{
    uint32_t slot = request_find(pool, key);
    if (slot == SLOT_NONE || pool->requests[slot].state == POOL_ACTIVE ||
            pool->requests[slot].state == POOL_WRAP_UP)
        return 0;
    return 1 + waiting_rank(pool, slot) + older_offers(pool, slot);
}

static bool is_anybody_online(const struct pool *pool)
{
    for (uint32_t slot = 0; slot < pool->agent_count; slot++)
        if (pool->agents[slot].id != WORD_NONE && agent_is_there(pool, &pool->agents[slot]))
            return true;
    return false;
}

bool pool_wait_estimate(
        const struct pool *pool, const struct pool_key *key, uint64_t now_ms, uint64_t *out_wait_ms)
{
    const struct pool_pace *pace = &pool->pace;
    uint64_t position = pool_position(pool, key);
    uint64_t idle_ms = now_ms > pace->last_ms ? now_ms - pace->last_ms : 0;
    if (position == 0 || pace->samples < PACE_SAMPLES_MIN || idle_ms > PACE_FRESH_MS ||
            !is_anybody_online(pool))
        return false;
    *out_wait_ms = position * pace->mean_ms;
    return true;
}

/* ---- orphans ---- */

static void add_orphan(const struct pool *pool, const struct request *request,
        struct pool_orphans *out, uint64_t now_ms)
{
    const struct agent *agent = &pool->agents[request->agent];
    if (out->count == ROUTE_ORPHANS_MAX) {
        out->next_due_ms = now_ms;
        return;
    }
    out->items[out->count++] = (struct pool_orphan){{request_conversation(request), request->name},
            words_text(&pool->words, agent->id), agent->since_ms};
}

void pool_orphans(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        struct pool_orphans *out)
{
    out->count = 0;
    out->next_due_ms = ROUTE_NEVER;
    for (uint32_t slot = 0; slot < pool->agent_count; slot++) {
        const struct agent *agent = &pool->agents[slot];
        uint64_t due_ms = agent->since_ms + policy->grace_ms;
        if (agent->id == WORD_NONE || agent->load == 0 || agent->status != POOL_OFFLINE)
            continue;
        if (due_ms > now_ms) {
            out->next_due_ms = due_ms < out->next_due_ms ? due_ms : out->next_due_ms;
            continue;
        }
        for (uint32_t i = agent->first_request; i != SLOT_NONE; i = pool->requests[i].next)
            if (pool->requests[i].state == POOL_ACTIVE)
                add_orphan(pool, &pool->requests[i], out, now_ms);
    }
}
