/* SPDX-License-Identifier: Apache-2.0 */
/* Who may be offered a request now: the steps.
 *
 *   1. handed to an agent by name: that agent alone, for a time
 *   2. the agents that the case prefers, if they have all musts, for a time
 *   3. every agent of its queue who has all musts; from some time on those of other queues as well
 *   4. musts that nobody in the pool has count as preferred only; later those that nobody online
 *      has; later, if the policy says so, all. When everyone has some and nobody has all: none
 * holds
 *
 * Steps are counted from the entry that queued this request, not from the original age: a case that
 * was handed on has a right to its better match too. Agents who refused are out until their
 * exclusion ends. Invariant: every reason to wait has an end that match_next_step_ms knows, or is
 * the lack of somebody open, which only a new entry can change.
 */
#include "core/route/market.h"

#include "core/route/setup.h"

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
    bool is_online = slot != SLOT_NONE && agent_is_there(pool, &pool->agents[slot]);
    return is_online ? slot : SLOT_NONE;
}

/* ---- queues ---- */

/* A stranded case in nobody's queue is everybody's. */
static bool is_nobodys(const struct match *match, const uint32_t *rows, uint32_t count)
{
    const struct grid *grid = &match->pool->grid;
    while (count-- > 0)
        if (grid_meet(grid, rows[count], GRID_ABLE))
            return false;
    return !grid_meet(grid, GRID_EVERY, GRID_ABLE);
}

/* The rows of the queues whose agents may serve the case now, beside those who serve all. */
uint32_t match_reach(const struct match *match, const struct request *request,
        uint32_t rows[1 + ROUTE_OVERFLOW_MAX])
{
    const struct words *words = &match->pool->words;
    struct slice name = request->queue == WORD_NONE ? SLICE_OF(ROUTE_QUEUE_DEFAULT)
                                                    : words_text(words, request->queue);
    const struct route_queue *queue = route_find_queue(match->policy->setup, name);
    uint32_t count = 0, word = words_find(words, name);
    if (word != WORD_NONE && words->items[word].queue_row != SLOT_NONE)
        rows[count++] = words->items[word].queue_row;
    for (uint32_t i = 0; queue != NULL && i < queue->overflow_count; i++) {
        const struct route_overflow *overflow = &queue->overflow[i];
        word = words_find(words, route_name_slice(&overflow->queue));
        bool is_due = overflow->after_ms == 0 || has_passed(match, request, overflow->after_ms);
        if (is_due && word != WORD_NONE && words->items[word].queue_row != SLOT_NONE)
            rows[count++] = words->items[word].queue_row;
    }
    if (request->is_stranded && is_nobodys(match, rows, count)) {
        rows[0] = GRID_ABLE;
        count = 1;
    }
    return count;
}

/* Leaves in GRID_CANDIDATES those whose queue it is. */
static void keep_those_in_reach(const struct match *match, const struct request *request)
{
    const struct grid *grid = &match->pool->grid;
    uint32_t rows[1 + ROUTE_OVERFLOW_MAX];
    if (match->pool->listed_agents == 0)
        return;
    grid_copy(grid, GRID_EVERY, GRID_REACH);
    for (uint32_t count = match_reach(match, request, rows); count-- > 0;)
        grid_add(grid, GRID_REACH, rows[count]);
    grid_keep_common(grid, GRID_CANDIDATES, GRID_REACH);
}

bool match_is_in_reach(const struct match *match, const struct request *request, uint32_t agent)
{
    const struct grid *grid = &match->pool->grid;
    uint32_t rows[1 + ROUTE_OVERFLOW_MAX];
    if (match->pool->listed_agents == 0 || grid_has(grid, GRID_EVERY, agent))
        return true;
    for (uint32_t count = match_reach(match, request, rows); count-- > 0;)
        if (grid_has(grid, rows[count], agent))
            return true;
    return false;
}

/* ---- musts ---- */

/* A level is looked at only where one is asked for: the rows say who has the skill at all. */
bool match_has_levels(
        const struct match *match, const struct request *request, uint32_t musts, uint32_t agent)
{
    for (; musts != 0; musts &= musts - 1) {
        const struct requirement *must = &request->requirements[__builtin_ctz(musts)];
        if (must->min_level > 1 &&
                agent_level(&match->pool->agents[agent], must->word) < must->min_level)
            return false;
    }
    return true;
}

/* Those of the musts that ask for more than the skill itself. */
uint32_t match_levelled(const struct request *request, uint32_t musts)
{
    uint32_t found = 0;
    for (uint32_t rest = musts; rest != 0; rest &= rest - 1)
        if (request->requirements[__builtin_ctz(rest)].min_level > 1)
            found |= rest & -rest;
    return found;
}

static void keep_those_of_level(
        const struct match *match, const struct request *request, uint32_t musts)
{
    const struct grid *grid = &match->pool->grid;
    uint32_t asked = match_levelled(request, musts), agent = 0;
    if (asked == 0)
        return;
    for (; (agent = grid_next(grid, GRID_CANDIDATES, agent)) != SLOT_NONE; agent++)
        if (!match_has_levels(match, request, asked, agent))
            grid_set(grid, GRID_CANDIDATES, agent, false);
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

/* Fills GRID_CANDIDATES with those of the scope whose queue it is. */
static void draw_scope(const struct match *match, const struct request *request, uint32_t scope)
{
    grid_copy(&match->pool->grid, scope, GRID_CANDIDATES);
    keep_those_in_reach(match, request);
}

/* Whether somebody within the scope has this must at its level. */
static bool is_had(const struct match *match, const struct request *request, uint32_t must,
        uint32_t row, uint32_t scope)
{
    const struct grid *grid = &match->pool->grid;
    bool is_plain = match->pool->listed_agents == 0 && request->requirements[must].min_level <= 1;
    if (row == SLOT_NONE || !grid_meet(grid, row, scope))
        return false;
    if (is_plain)
        return true;
    draw_scope(match, request, scope);
    grid_keep_common(grid, GRID_CANDIDATES, row);
    keep_those_of_level(match, request, (uint32_t)1 << must);
    return !grid_is_empty(grid, GRID_CANDIDATES);
}

/* Those of the musts that somebody within the scope has; none when nobody there has all of those:
 * one agent for each is no agent for the case. */
static uint32_t musts_within(
        const struct match *match, const struct request *request, uint32_t musts, uint32_t scope)
{
    const struct grid *grid = &match->pool->grid;
    for (uint32_t rest = musts; rest != 0; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctz(rest);
        if (!is_had(match, request, i, row_of(match, request, i), scope))
            musts &= ~((uint32_t)1 << i);
    }
    draw_scope(match, request, scope);
    for (uint32_t rest = musts; rest != 0; rest &= rest - 1)
        grid_keep_common(
                grid, GRID_CANDIDATES, row_of(match, request, (uint32_t)__builtin_ctz(rest)));
    keep_those_of_level(match, request, musts);
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
    if (request->is_stranded || has_passed(match, request, policy->relax_unknown_ms))
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

/* ---- preferred agents ---- */

static bool has_all_musts(const struct match *match, const struct request *request, uint32_t agent)
{
    uint32_t musts = all_musts(request);
    if (!match_has_levels(match, request, musts, agent))
        return false;
    for (uint32_t rest = musts; rest != 0; rest &= rest - 1) {
        uint32_t row = row_of(match, request, (uint32_t)__builtin_ctz(rest));
        if (row == SLOT_NONE || !grid_has(&match->pool->grid, row, agent))
            return false;
    }
    return true;
}

uint32_t match_preferred(
        const struct match *match, const struct request *request, uint32_t agents[POOL_PREFERS_MAX])
{
    const struct pool *pool = match->pool;
    uint32_t count = 0;
    if (request->prefer_count == 0 || match->policy->prefer_ms == 0 ||
            has_passed(match, request, match->policy->prefer_ms))
        return 0;
    for (uint32_t i = 0; i < request->prefer_count; i++) {
        uint32_t slot = pool->words.items[request->prefers[i]].agent;
        bool is_there = slot != SLOT_NONE && grid_has(&pool->grid, GRID_ONLINE, slot) &&
                        !has_refused(request, request->prefers[i]);
        if (is_there && has_all_musts(match, request, slot))
            agents[count++] = slot;
    }
    return count;
}

/* ---- room ---- */

/* When all who wait weigh the same, an open agent has room for each. */
bool match_is_open_enough(const struct pool *pool)
{
    return pool->odd_agents == 0 && pool->classes.count == 1 && pool->classes.others == 0;
}

static void keep_those_with_room(const struct match *match, const struct request *request)
{
    const struct pool *pool = match->pool;
    uint32_t agent = 0;
    if (match_is_open_enough(pool))
        return;
    for (; (agent = grid_next(&pool->grid, GRID_CANDIDATES, agent)) != SLOT_NONE; agent++)
        if (!agent_has_room(pool, agent, request))
            grid_set(&pool->grid, GRID_CANDIDATES, agent, false);
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

static void list_only(
        const struct match *match, uint32_t open_row, const uint32_t *agents, uint32_t count)
{
    const struct grid *grid = &match->pool->grid;
    grid_empty(grid, GRID_CANDIDATES);
    for (uint32_t i = 0; i < count; i++)
        grid_set(grid, GRID_CANDIDATES, agents[i], grid_has(grid, open_row, agents[i]));
}

bool match_candidates(const struct match *match, const struct request *request, uint32_t open_row)
{
    const struct grid *grid = &match->pool->grid;
    uint32_t direct = match_direct_agent(match, request);
    if (direct != SLOT_NONE) {
        list_only(match, open_row, &direct, 1);
        keep_those_with_room(match, request);
        return !grid_is_empty(grid, GRID_CANDIDATES);
    }
    uint32_t preferred[POOL_PREFERS_MAX], count = match_preferred(match, request, preferred);
    if (count > 0) {
        list_only(match, open_row, preferred, count);
        keep_those_with_room(match, request);
        return !grid_is_empty(grid, GRID_CANDIDATES);
    }
    uint32_t musts = match_musts(match, request);
    if (!is_anybody_for_each(match, request, musts, open_row))
        return false;
    draw_scope(match, request, open_row);
    keep_those_with(match, request, musts);
    keep_those_of_level(match, request, musts);
    leave_out_excluded(match, request);
    keep_those_with_room(match, request);
    return !grid_is_empty(grid, GRID_CANDIDATES);
}

bool match_must_rows(const struct match *match, const struct request *request,
        uint32_t rows[POOL_REQUIREMENTS_MAX], uint32_t *out_count, uint32_t *out_musts)
{
    const struct pool *pool = match->pool;
    bool is_filed = pool->places[request - pool->requests].line != SLOT_NONE;
    bool is_lasting = is_filed && match->policy->relax_busy_ms == 0 &&
                      pool->market->filing.presence == pool->presence &&
                      pool->market->filing.policy_version == match->policy->version;
    uint32_t musts = is_lasting ? all_musts(request) : match_musts(match, request);
    *out_count = 0;
    *out_musts = musts;
    for (; musts != 0; musts &= musts - 1) {
        uint32_t row = row_of(match, request, (uint32_t)__builtin_ctz(musts));
        if (row == SLOT_NONE)
            return false;
        rows[(*out_count)++] = row;
    }
    return true;
}

static bool is_among(uint32_t agent, const uint32_t *agents, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (agents[i] == agent)
            return true;
    return false;
}

bool match_is_candidate(const struct match *match, const struct request *request, uint32_t agent)
{
    uint32_t rows[POOL_REQUIREMENTS_MAX], preferred[POOL_PREFERS_MAX], musts, count;
    uint32_t direct = match_direct_agent(match, request);
    if (!agent_has_room(match->pool, agent, request))
        return false;
    if (direct != SLOT_NONE)
        return direct == agent;
    if ((count = match_preferred(match, request, preferred)) > 0)
        return is_among(agent, preferred, count);
    if (match_is_excluded(match, request, agent) ||
            !match_must_rows(match, request, rows, &count, &musts) ||
            !match_is_in_reach(match, request, agent) ||
            !match_has_levels(match, request, musts, agent))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!grid_has(&match->pool->grid, rows[i], agent))
            return false;
    return true;
}

/* The queue that may overflow from some time on; NULL: nobody lists their queues, or it is not
 * named. */
static const struct route_queue *queue_of(const struct match *match, const struct request *request)
{
    const struct pool *pool = match->pool;
    struct slice name = words_text(&pool->words, request->queue);
    return pool->listed_agents > 0 ? route_find_queue(match->policy->setup, name) : NULL;
}

bool match_lasts(const struct match *match, const struct request *request, uint32_t *out_must,
        bool *out_is_settled)
{
    const struct route_policy *policy = match->policy;
    const struct route_queue *queue = queue_of(match, request);
    uint32_t musts = all_musts(request);
    bool is_named =
            request->to_agent != WORD_NONE && !has_passed(match, request, policy->direct_ms);
    bool prefers = request->prefer_count > 0 && policy->prefer_ms > 0 &&
                   !has_passed(match, request, policy->prefer_ms);
    *out_must = musts != 0 ? request->requirements[__builtin_ctz(musts)].word : WORD_NONE;
    *out_is_settled = !is_named && !prefers && request->exclusion_count == 0 &&
                      (queue == NULL || queue->overflow_count == 0);
    if (is_named || policy->relax_busy_ms > 0)
        return false;
    return musts != 0 ? musts_within(match, request, musts, GRID_ONLINE) == musts : *out_is_settled;
}

static void sooner(uint64_t at_ms, uint64_t now_ms, uint64_t *next_ms)
{
    if (at_ms > now_ms && at_ms < *next_ms)
        *next_ms = at_ms;
}

uint64_t match_next_step_ms(const struct match *match, const struct request *request)
{
    const struct route_policy *policy = match->policy;
    const struct route_queue *queue = queue_of(match, request);
    const uint64_t relax_ms[] = {
            policy->relax_unknown_ms, policy->relax_absent_ms, policy->relax_busy_ms};
    uint64_t next_ms = ROUTE_NEVER;
    for (size_t i = 0; i < 3 && all_musts(request) != 0; i++)
        if (relax_ms[i] > 0)
            sooner(request->queued_ms + relax_ms[i], match->now_ms, &next_ms);
    if (request->to_agent != WORD_NONE && policy->direct_ms > 0)
        sooner(request->queued_ms + policy->direct_ms, match->now_ms, &next_ms);
    if (request->prefer_count > 0 && policy->prefer_ms > 0)
        sooner(request->queued_ms + policy->prefer_ms, match->now_ms, &next_ms);
    for (uint32_t i = 0; queue != NULL && i < queue->overflow_count; i++)
        sooner(request->queued_ms + queue->overflow[i].after_ms, match->now_ms, &next_ms);
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        sooner(request->exclusions[i].until_ms, match->now_ms, &next_ms);
    return next_ms;
}
