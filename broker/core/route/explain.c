/* SPDX-License-Identifier: Apache-2.0 */
/* Why this agent and not that one: the same steps and terms as deciding, spelt out per agent. */
#include "core/route/match.h"

static const struct requirement *missing_must(
        const struct match *match, const struct request *request, const struct agent *agent)
{
    uint32_t musts = match_musts(match, request);
    for (uint32_t i = 0; i < request->requirement_count; i++) {
        const struct requirement *must = &request->requirements[i];
        uint32_t least = must->min_level > 1 ? must->min_level : 1;
        if ((musts >> i & 1) != 0 && agent_level(agent, must->word) < least)
            return must;
    }
    return NULL;
}

static bool is_among(uint32_t agent, const uint32_t *agents, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (agents[i] == agent)
            return true;
    return false;
}

static void judge(const struct match *match, const struct request *request, uint32_t slot,
        struct route_candidate *out)
{
    const struct agent *agent = &match->pool->agents[slot];
    uint32_t direct = match_direct_agent(match, request);
    const struct requirement *missing =
            direct == SLOT_NONE ? missing_must(match, request, agent) : NULL;
    uint32_t preferred[POOL_PREFERS_MAX], count = match_preferred(match, request, preferred);
    out->until_ms = match_excluded_until(match, request, agent->id);
    if (missing != NULL)
        out->skill = words_text(&match->pool->words, missing->word);
    if (agent->status != POOL_ONLINE)
        out->verdict = ROUTE_NOT_ONLINE;
    else if (agents_shift_is_over(match->pool, agent->shift))
        out->verdict = ROUTE_OFF_SHIFT;
    else if (direct != SLOT_NONE && direct != slot)
        out->verdict = ROUTE_NOT_ASKED_FOR;
    else if (direct == SLOT_NONE && count > 0 && !is_among(slot, preferred, count))
        out->verdict = ROUTE_NOT_PREFERRED;
    else if (direct == SLOT_NONE && count == 0 && !match_is_in_reach(match, request, slot))
        out->verdict = ROUTE_OTHER_QUEUE;
    else if (missing != NULL)
        out->verdict = ROUTE_LACKS_SKILL;
    else if (out->until_ms > 0)
        out->verdict = ROUTE_EXCLUDED;
    else
        out->verdict = agent_has_room(match->pool, slot, request) ? ROUTE_ELIGIBLE : ROUTE_NO_ROOM;
}

static struct route_candidate candidate_of(
        const struct match *match, const struct request *request, uint32_t slot)
{
    const struct pool *pool = match->pool;
    struct route_candidate candidate = {.agent = words_text(&pool->words, pool->agents[slot].id)};
    judge(match, request, slot, &candidate);
    candidate.term_count = match_terms(match, request, slot, candidate.terms);
    for (size_t i = 0; i < candidate.term_count; i++)
        candidate.score += candidate.terms[i].value;
    return candidate;
}

static uint64_t idle_since(const struct pool *pool, const struct route_candidate *candidate)
{
    return pool->agents[agent_find(pool, candidate->agent)].idle_since_ms;
}

/* Eligible first, then as deciding orders them. */
static bool goes_before(
        const struct pool *pool, const struct route_candidate *a, const struct route_candidate *b)
{
    bool a_can = a->verdict == ROUTE_ELIGIBLE, b_can = b->verdict == ROUTE_ELIGIBLE;
    if (a_can != b_can)
        return a_can;
    if (a->score != b->score)
        return a->score > b->score;
    uint64_t a_idle = idle_since(pool, a), b_idle = idle_since(pool, b);
    return a_idle != b_idle ? a_idle < b_idle : compare_slices(a->agent, b->agent) < 0;
}

/* Keeps the best capacity ones, in order. Returns how many there are now. */
static size_t insert(const struct pool *pool, const struct route_candidate *candidate,
        struct route_candidate *out, size_t count, size_t capacity)
{
    size_t at = count;
    while (at > 0 && goes_before(pool, candidate, &out[at - 1]))
        at--;
    if (at == capacity)
        return count;
    size_t kept = count < capacity ? count + 1 : capacity;
    memmove(&out[at + 1], &out[at], (kept - at - 1) * sizeof *out);
    out[at] = *candidate;
    return kept;
}

size_t pool_explain(const struct pool *pool, const struct route_policy *policy,
        const struct pool_key *key, uint64_t now_ms, struct route_candidate *out, size_t capacity)
{
    struct match match = {pool, policy, now_ms};
    uint32_t request = request_find(pool, key);
    size_t seen = 0, count = 0;
    if (request == SLOT_NONE)
        return 0;
    for (uint32_t slot = 0; slot < pool->agent_count; slot++) {
        if (pool->agents[slot].id == WORD_NONE)
            continue;
        struct route_candidate candidate = candidate_of(&match, &pool->requests[request], slot);
        count = insert(pool, &candidate, out, count, capacity);
        seen++;
    }
    return seen;
}
