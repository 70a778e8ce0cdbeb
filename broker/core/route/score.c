/* SPDX-License-Identifier: Apache-2.0 */
/* The score of an agent for a request: the sum of the terms, in whole thousandths.
 *
 * Integers only, so that every machine gets the same sum and the recorded terms add up to it.
 */
#include "core/route/match.h"
#include "core/route/terms/term.h"

static struct term_input input_of(
        const struct match *match, const struct request *request, uint32_t slot)
{
    const struct agent *agent = &match->pool->agents[slot];
    return (struct term_input){match->pool, match->policy, match->now_ms, request, agent,
            agent->load + match->pool->planned[slot]};
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

/* Equal scores: the one idle for longest, then the lower id. */
static bool comes_first(const struct pool *pool, uint32_t a, uint32_t b)
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
        if (score > best_score || (score == best_score && comes_first(pool, slot, best))) {
            best = slot;
            best_score = score;
        }
    }
    return best;
}
