/* SPDX-License-Identifier: Apache-2.0 */
/* The plan that an auction leaves behind, and the memory of both.
 *
 * A backlog goes out in many log entries, but its auction is run once: the plan is read from the
 * fold again and again. An offer is done once its request does not wait any more, so deciding twice
 * on one fold hands out the same, and what another router did in between is seen. The plan is only
 * a proposal: each of its offers is checked against the fold before it is made.
 *
 * Invariant: the fold never depends on a plan. It ends after a second, when nothing of it is left,
 * and with another policy.
 */
#include "core/route/market.h"

/* ---- memory ---- */

void *market_take(const struct pool *pool, enum market_vector vector, size_t count, size_t size)
{
    struct market *market = pool->market;
    size_t bytes = market->vectors[vector].bytes ? market->vectors[vector].bytes : 64;
    while (bytes < count * size)
        bytes *= 2;
    if (bytes == market->vectors[vector].bytes)
        return market->vectors[vector].items;
    void *items = pool_grow(pool, market->vectors[vector].items, bytes);
    if (items == NULL)
        return NULL;
    market->vectors[vector].items = items;
    market->vectors[vector].bytes = bytes;
    return items;
}

void market_finish(const struct pool *pool)
{
    for (int i = 0; i < MARKET_VECTORS; i++)
        if (pool->market->vectors[i].items != NULL)
            pool_grow(pool, pool->market->vectors[i].items, 0);
}

void market_plan_one(const struct match *match, uint32_t request, uint32_t agent,
        const struct pool_quality *quality)
{
    const struct pool *pool = match->pool;
    struct market *market = pool->market;
    struct market_offer *plan = market_take(pool, MARKET_PLAN, 1, sizeof *plan);
    market_forget_plan(pool);
    if (plan == NULL)
        return;
    *plan = (struct market_offer){
            request, agent, pool->agents[agent].id, pool->requests[request].hash};
    market->plan_count = 1;
    market->quality = *quality;
    market->policy = *match->policy;
    market->made_ms = match->now_ms;
}

bool market_is_done(const struct pool *pool, const struct market_offer *offer)
{
    const struct request *request = &pool->requests[offer->request];
    return offer->request >= pool->request_count || !request->is_live ||
           request->state != POOL_WAITING || request->hash != offer->hash;
}

/* What decides between agents; steps and exclusions are looked at again with each offer. */
bool market_is_same_policy(const struct route_policy *a, const struct route_policy *b)
{
    return a->version == b->version && memcmp(a->weights, b->weights, sizeof a->weights) == 0;
}

bool market_has_plan(const struct match *match)
{
    const struct pool *pool = match->pool;
    struct market *market = pool->market;
    const struct market_offer *plan = market->vectors[MARKET_PLAN].items;
    while (market->plan_head < market->plan_count && market_is_done(pool, &plan[market->plan_head]))
        market->plan_head++;
    bool is_good = market->plan_head < market->plan_count && match->now_ms >= market->made_ms &&
                   match->now_ms - market->made_ms <= MARKET_PLAN_MS &&
                   market_is_same_policy(&market->policy, match->policy);
    if (!is_good)
        market_forget_plan(pool);
    return is_good;
}

void market_forget_plan(const struct pool *pool)
{
    pool->market->plan_count = pool->market->plan_head = 0;
}
