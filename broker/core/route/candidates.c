/* SPDX-License-Identifier: Apache-2.0 */
/* Who may be offered a request now: the steps.
 *
 *   1. handed to an agent by name: that agent alone, for a time
 *   2. every agent who has all musts
 *   3. musts that nobody in the pool has count as preferred only; later those that nobody present
 *      has; later, if the policy says so, all
 *
 * Steps are counted from the entry that queued this request, not from the original age: a case that
 * was handed on has a right to its better match too. Agents who refused are out until their
 * exclusion ends. Invariant: every reason to wait has an end that match_next_step_ms knows, or is
 * the lack of somebody open, which only a new entry can change.
 */
#include "core/route/match.h"

static bool has_passed(const struct match *match, const struct request *request, uint64_t step_ms)
{
    return step_ms > 0 && match->now_ms >= request->queued_ms &&
           match->now_ms - request->queued_ms >= step_ms;
}

static bool has_refused(const struct request *request, uint32_t agent_word)
{
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        if (request->exclusions[i].agent == agent_word)
            return true;
    return false;
}

uint32_t match_direct_agent(const struct match *match, const struct request *request)
{
    const struct pool *pool = match->pool;
    if (request->to_agent == WORD_NONE || has_passed(match, request, match->policy->direct_ms) ||
            has_refused(request, request->to_agent))
        return SLOT_NONE;
    uint32_t slot = pool->words.items[request->to_agent].agent;
    bool is_online = slot != SLOT_NONE && pool->agents[slot].status == POOL_ONLINE;
    return is_online ? slot : SLOT_NONE;
}

bool match_must_holds(
        const struct match *match, const struct request *request, const struct requirement *must)
{
    const struct route_policy *policy = match->policy;
    const struct grid *grid = &match->pool->grid;
    uint32_t row = match->pool->words.items[must->word].row;
    if (has_passed(match, request, policy->relax_busy_ms))
        return false;
    if (has_passed(match, request, policy->relax_absent_ms) &&
            (row == SLOT_NONE || !grid_meet(grid, row, GRID_PRESENT)))
        return false;
    return row != SLOT_NONE || !has_passed(match, request, policy->relax_unknown_ms);
}

uint64_t match_excluded_until(
        const struct match *match, const struct request *request, uint32_t agent_word)
{
    for (uint32_t i = 0; i < request->exclusion_count; i++) {
        const struct exclusion *exclusion = &request->exclusions[i];
        if (exclusion->agent == agent_word)
            return exclusion->until_ms > match->now_ms ? exclusion->until_ms : 0;
    }
    return 0;
}

static void leave_out_excluded(const struct match *match, const struct request *request)
{
    const struct pool *pool = match->pool;
    for (uint32_t i = 0; i < request->exclusion_count; i++) {
        uint32_t agent = pool->words.items[request->exclusions[i].agent].agent;
        if (agent != SLOT_NONE && request->exclusions[i].until_ms > match->now_ms)
            grid_set(&pool->grid, GRID_CANDIDATES, agent, false);
    }
}

static bool keep_those_with_musts(const struct match *match, const struct request *request)
{
    const struct pool *pool = match->pool;
    for (uint32_t i = 0; i < request->requirement_count; i++) {
        const struct requirement *requirement = &request->requirements[i];
        if (!requirement->must || !match_must_holds(match, request, requirement))
            continue;
        uint32_t row = pool->words.items[requirement->word].row;
        if (row == SLOT_NONE)
            return false;
        grid_keep_common(&pool->grid, GRID_CANDIDATES, row);
    }
    return true;
}

bool match_candidates(const struct match *match, const struct request *request, uint32_t open_row)
{
    const struct grid *grid = &match->pool->grid;
    uint32_t direct = match_direct_agent(match, request);
    if (direct != SLOT_NONE) {
        grid_empty(grid, GRID_CANDIDATES);
        grid_set(grid, GRID_CANDIDATES, direct, grid_has(grid, open_row, direct));
        return grid_has(grid, open_row, direct);
    }
    grid_copy(grid, open_row, GRID_CANDIDATES);
    if (!keep_those_with_musts(match, request))
        return false;
    leave_out_excluded(match, request);
    return !grid_is_empty(grid, GRID_CANDIDATES);
}

static void sooner(uint64_t at_ms, uint64_t now_ms, uint64_t *next_ms)
{
    if (at_ms > now_ms && at_ms < *next_ms)
        *next_ms = at_ms;
}

static bool has_must(const struct request *request)
{
    for (uint32_t i = 0; i < request->requirement_count; i++)
        if (request->requirements[i].must)
            return true;
    return false;
}

uint64_t match_next_step_ms(const struct match *match, const struct request *request)
{
    const struct route_policy *policy = match->policy;
    const uint64_t relax_ms[] = {
            policy->relax_unknown_ms, policy->relax_absent_ms, policy->relax_busy_ms};
    uint64_t next_ms = ROUTE_NEVER;
    for (size_t i = 0; i < 3 && has_must(request); i++)
        if (relax_ms[i] > 0)
            sooner(request->queued_ms + relax_ms[i], match->now_ms, &next_ms);
    if (request->to_agent != WORD_NONE && policy->direct_ms > 0)
        sooner(request->queued_ms + policy->direct_ms, match->now_ms, &next_ms);
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        sooner(request->exclusions[i].until_ms, match->now_ms, &next_ms);
    return next_ms;
}
