/* SPDX-License-Identifier: Apache-2.0 */
/* What a router's work is watched by, read off the fold: the price of holding out for the better
 * match, and whether an agent was given more than there is room for.
 *
 * Invariant: nothing here trusts a sum that the fold keeps; what an agent has is added up again
 * from the list, so a sum that went wrong shows.
 */
#include "core/route/match.h"

/* Steps and ends of exclusions are taken as they come, as if nobody came or went until then. */
static bool is_served_later(const struct match *now, const struct request *request)
{
    struct match later = *now;
    while ((later.now_ms = match_next_step_ms(&later, request)) != ROUTE_NEVER)
        if (match_candidates(&later, request, GRID_OPEN))
            return true;
    return false;
}

size_t pool_waiting_for_better(
        const struct pool *pool, const struct route_policy *policy, uint64_t now_ms)
{
    struct match match = {pool, policy, now_ms};
    size_t count = 0;
    if (grid_is_empty(&pool->grid, GRID_OPEN))
        return 0;
    for (uint32_t i = 0; i < pool->waiting_count; i++) {
        const struct request *request = &pool->requests[pool->waiting[i].request];
        count += !match_candidates(&match, request, GRID_OPEN) && is_served_later(&match, request);
    }
    return count;
}

bool pool_is_overbooked(const struct pool *pool, struct slice agent)
{
    uint32_t slot = agent_find(pool, agent);
    uint64_t weight = 0;
    if (slot == SLOT_NONE)
        return false;
    for (uint32_t i = pool->agents[slot].first_request; i != SLOT_NONE; i = pool->requests[i].next)
        weight += pool->requests[i].is_interruptible ? 0 : pool->requests[i].held;
    return weight > (uint64_t)pool->agents[slot].capacity * POOL_WEIGHT_FULL;
}
