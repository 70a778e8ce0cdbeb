/* SPDX-License-Identifier: Apache-2.0 */
/* Who may be offered a request now: the steps.
 *
 *   1. handed to an agent by name: that agent alone, for a time
 *   2. every agent who has all musts
 *   3. musts that nobody in the pool has count as preferred only; later those that nobody online
 *      has; later, if the policy says so, all. When everyone has some and nobody has all: none
 * holds
 *
 * Steps are counted from the entry that queued this request, not from the original age: a case that
 * was handed on has a right to its better match too. Agents who refused are out until their
 * exclusion ends. Invariant: every reason to wait has an end that match_next_step_ms knows, or is
 * the lack of somebody open, which only a new entry can change.
 */
#include "core/route/market.h"

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

static uint32_t all_musts(const struct request *request)
{
    uint32_t musts = 0;
    for (uint32_t i = 0; i < request->requirement_count; i++)
        musts |= (uint32_t)request->requirements[i].must << i;
    return musts;
}

static uint32_t row_of(
        const struct match *match, const struct request *request, uint32_t requirement)
{
    return match->pool->words.items[request->requirements[requirement].word].row;
}

/* Those of the musts that somebody within the scope has; none when nobody there has all of those:
 * one agent for each is no agent for the case. */
static uint32_t musts_within(
        const struct match *match, const struct request *request, uint32_t musts, uint32_t scope)
{
    const struct grid *grid = &match->pool->grid;
    grid_copy(grid, scope, GRID_CANDIDATES);
    for (uint32_t i = 0; i < request->requirement_count; i++) {
        uint32_t row = row_of(match, request, i);
        if ((musts >> i & 1) == 0)
            continue;
        if (row != SLOT_NONE && grid_meet(grid, row, scope))
            grid_keep_common(grid, GRID_CANDIDATES, row);
        else
            musts &= ~((uint32_t)1 << i);
    }
    return grid_is_empty(grid, GRID_CANDIDATES) ? 0 : musts;
}

uint32_t match_musts(const struct match *match, const struct request *request)
{
    const struct route_policy *policy = match->policy;
    uint32_t musts = all_musts(request);
    if (musts == 0 || has_passed(match, request, policy->relax_busy_ms))
        return 0;
    if (has_passed(match, request, policy->relax_absent_ms))
        return musts_within(match, request, musts, GRID_ONLINE);
    if (has_passed(match, request, policy->relax_unknown_ms))
        return musts_within(match, request, musts, GRID_ABLE);
    return musts;
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

bool match_is_excluded(const struct match *match, const struct request *request, uint32_t agent)
{
    return request->exclusion_count > 0 &&
           match_excluded_until(match, request, match->pool->agents[agent].id) > 0;
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

/* A quick no before the whole rows are combined. */
static bool is_anybody_for_each(
        const struct match *match, const struct request *request, uint32_t musts, uint32_t open_row)
{
    for (; musts != 0; musts &= musts - 1) {
        uint32_t row = row_of(match, request, (uint32_t)__builtin_ctz(musts));
        if (row == SLOT_NONE || !grid_meet(&match->pool->grid, row, open_row))
            return false;
    }
    return true;
}

static void keep_those_with(
        const struct match *match, const struct request *request, uint32_t musts)
{
    for (; musts != 0; musts &= musts - 1) {
        uint32_t row = row_of(match, request, (uint32_t)__builtin_ctz(musts));
        grid_keep_common(&match->pool->grid, GRID_CANDIDATES, row);
    }
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
    uint32_t musts = match_musts(match, request);
    if (!is_anybody_for_each(match, request, musts, open_row))
        return false;
    grid_copy(grid, open_row, GRID_CANDIDATES);
    keep_those_with(match, request, musts);
    leave_out_excluded(match, request);
    return !grid_is_empty(grid, GRID_CANDIDATES);
}

bool match_must_rows(const struct match *match, const struct request *request,
        uint32_t rows[POOL_REQUIREMENTS_MAX], uint32_t *out_count)
{
    const struct pool *pool = match->pool;
    bool is_filed = pool->places[request - pool->requests].word != WORD_NONE;
    bool is_lasting = is_filed && match->policy->relax_busy_ms == 0 &&
                      pool->market->filed_at == pool->presence;
    uint32_t musts = is_lasting ? all_musts(request) : match_musts(match, request);
    *out_count = 0;
    for (; musts != 0; musts &= musts - 1) {
        uint32_t row = row_of(match, request, (uint32_t)__builtin_ctz(musts));
        if (row == SLOT_NONE)
            return false;
        rows[(*out_count)++] = row;
    }
    return true;
}

bool match_is_candidate(const struct match *match, const struct request *request, uint32_t agent)
{
    uint32_t rows[POOL_REQUIREMENTS_MAX], count;
    uint32_t direct = match_direct_agent(match, request);
    if (direct != SLOT_NONE)
        return direct == agent;
    if (match_is_excluded(match, request, agent) || !match_must_rows(match, request, rows, &count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!grid_has(&match->pool->grid, rows[i], agent))
            return false;
    return true;
}

uint32_t match_lasting_must(const struct match *match, const struct request *request)
{
    uint32_t musts = all_musts(request);
    bool is_lasting = musts != 0 && request->to_agent == WORD_NONE &&
                      match->policy->relax_busy_ms == 0 &&
                      musts_within(match, request, musts, GRID_ONLINE) == musts;
    return is_lasting ? request->requirements[__builtin_ctz(musts)].word : WORD_NONE;
}

static void sooner(uint64_t at_ms, uint64_t now_ms, uint64_t *next_ms)
{
    if (at_ms > now_ms && at_ms < *next_ms)
        *next_ms = at_ms;
}

uint64_t match_next_step_ms(const struct match *match, const struct request *request)
{
    const struct route_policy *policy = match->policy;
    const uint64_t relax_ms[] = {
            policy->relax_unknown_ms, policy->relax_absent_ms, policy->relax_busy_ms};
    uint64_t next_ms = ROUTE_NEVER;
    for (size_t i = 0; i < 3 && all_musts(request) != 0; i++)
        if (relax_ms[i] > 0)
            sooner(request->queued_ms + relax_ms[i], match->now_ms, &next_ms);
    if (request->to_agent != WORD_NONE && policy->direct_ms > 0)
        sooner(request->queued_ms + policy->direct_ms, match->now_ms, &next_ms);
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        sooner(request->exclusions[i].until_ms, match->now_ms, &next_ms);
    return next_ms;
}
