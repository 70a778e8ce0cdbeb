/* SPDX-License-Identifier: Apache-2.0 */
/* The score of an agent for a request: the sum of the terms, in whole thousandths.
 *
 * Integers only, so that every machine gets the same sum and the recorded terms add up to it.
 */
#include "core/route/match.h"

#define BIT_CALM ((uint32_t)1 << ROUTE_TERM_CALM)
#define BIT_CLASS ((uint32_t)1 << ROUTE_TERM_CLASS)

static struct term_input input_of(
        const struct match *match, const struct request *request, uint32_t slot)
{
    const struct agent *agent = &match->pool->agents[slot];
    return (struct term_input){match->pool, match->policy, match->now_ms, request, agent,
            agent->firm + agent->soft + match->pool->planned[slot].firm +
                    match->pool->planned[slot].soft};
}

/* false: does not apply, or has no weight. */
static bool weigh(const struct term_input *input, int term, uint32_t *out_value)
{
    uint64_t weight = input->policy->weights[term];
    uint32_t value = 0;
    if (weight == 0 || !term_rows[term].value(input, &value))
        return false;
    *out_value = (uint32_t)(weight * value / TERM_FULL);
    return true;
}

uint64_t match_score(const struct match *match, const struct request *request, uint32_t slot)
{
    struct term_input input = input_of(match, request, slot);
    uint64_t sum = 0;
    for (int term = 0; term < ROUTE_TERM_COUNT; term++) {
        uint32_t value;
        if (weigh(&input, term, &value))
            sum += value;
    }
    return sum;
}

static uint32_t sum_of(const struct term_input *input, uint32_t terms)
{
    uint32_t sum = 0, value;
    for (; terms != 0; terms &= terms - 1)
        if (weigh(input, __builtin_ctz(terms), &value))
            sum += value;
    return sum;
}

uint32_t match_urgency(const struct match *match, const struct request *request, uint32_t terms)
{
    struct term_input input = {match->pool, match->policy, match->now_ms, request, NULL, 0};
    return sum_of(&input, terms & TERMS_OF_REQUEST);
}

uint32_t match_pair(
        const struct match *match, const struct request *request, uint32_t slot, uint32_t terms)
{
    struct term_input input = input_of(match, request, slot);
    return sum_of(&input, terms & TERMS_OF_PAIR);
}

static uint32_t applying(const struct match *match, const struct request *request, uint32_t rest)
{
    static const struct agent nobody;
    struct term_input input = {match->pool, match->policy, match->now_ms, request, &nobody, 0};
    uint32_t terms = 0, value;
    for (; rest != 0; rest &= rest - 1)
        if (term_rows[__builtin_ctz(rest)].value(&input, &value))
            terms |= rest & -rest;
    return terms;
}

void match_add_pairs(const struct match *match, const struct request *request,
        const uint32_t *agents, uint32_t *values, uint32_t count)
{
    struct term_input input = {match->pool, match->policy, match->now_ms, request, NULL, 0};
    uint32_t terms = applying(match, request, TERMS_OF_PAIR);
    for (; terms != 0; terms &= terms - 1) {
        int term = __builtin_ctz(terms);
        uint64_t weight = match->policy->weights[term];
        term_value *value_of = term_rows[term].value;
        for (uint32_t i = 0; i < count && weight > 0; i++) {
            uint32_t value = 0;
            input.agent = &match->pool->agents[agents[i]];
            value_of(&input, &value);
            values[i] += (uint32_t)(weight * value / TERM_FULL);
        }
    }
}

uint32_t match_place(const struct match *match, uint32_t slot, uint32_t planned_weight)
{
    const struct agent *agent = &match->pool->agents[slot];
    struct term_input input = {match->pool, match->policy, match->now_ms, NULL, agent,
            agent->firm + agent->soft + planned_weight};
    return sum_of(&input, TERMS_OF_AGENT);
}

/* What agents have and what the policy names may change while the answer is kept. */
uint32_t match_may_apply(const struct match *match, const struct request *request)
{
    uint32_t terms = applying(match, request, TERMS_OF_PAIR | TERMS_OF_REQUEST);
    terms |= request->is_interruptible ? 0 : BIT_CALM;
    return terms | (request->class_name != WORD_NONE ? BIT_CLASS : 0);
}

uint32_t match_most_pair(const struct match *match, uint32_t terms)
{
    uint32_t sum = 0;
    if (match->pool->soft_count == 0)
        terms &= ~BIT_CALM;
    for (terms &= TERMS_OF_PAIR; terms != 0; terms &= terms - 1)
        sum += match->policy->weights[__builtin_ctz(terms)];
    return sum;
}

/* Age is known; any other term of the request that applies may be full. */
uint32_t match_most_urgency(const struct match *match, uint64_t first_queued_ms, uint32_t terms)
{
    const struct route_policy *policy = match->policy;
    uint64_t age = term_age_value(first_queued_ms, match->now_ms, policy);
    uint64_t sum = policy->weights[ROUTE_TERM_AGE] * age / TERM_FULL;
    uint32_t rest = terms & TERMS_OF_REQUEST & ~((uint32_t)1 << ROUTE_TERM_AGE);
    for (; rest != 0; rest &= rest - 1)
        sum += policy->weights[__builtin_ctz(rest)];
    return (uint32_t)sum;
}

size_t match_terms(const struct match *match, const struct request *request, uint32_t slot,
        struct pool_term out[ROUTE_TERM_COUNT])
{
    struct term_input input = input_of(match, request, slot);
    size_t count = 0;
    for (int term = 0; term < ROUTE_TERM_COUNT; term++) {
        uint32_t value;
        if (weigh(&input, term, &value))
            out[count++] = (struct pool_term){slice_of_string(term_rows[term].name), value};
    }
    return count;
}

bool match_comes_first(const struct pool *pool, uint32_t a, uint32_t b)
{
    const struct agent *left = &pool->agents[a], *right = &pool->agents[b];
    if (left->idle_since_ms != right->idle_since_ms)
        return left->idle_since_ms < right->idle_since_ms;
    return compare_slices(words_text(&pool->words, left->id), words_text(&pool->words, right->id)) <
           0;
}

uint32_t match_best(const struct match *match, const struct request *request)
{
    const struct pool *pool = match->pool;
    uint32_t best = grid_next(&pool->grid, GRID_CANDIDATES, 0);
    uint64_t best_score = match_score(match, request, best);
    uint32_t slot = best;
    while ((slot = grid_next(&pool->grid, GRID_CANDIDATES, slot + 1)) != SLOT_NONE) {
        uint64_t score = match_score(match, request, slot);
        if (score > best_score || (score == best_score && match_comes_first(pool, slot, best))) {
            best = slot;
            best_score = score;
        }
    }
    return best;
}
