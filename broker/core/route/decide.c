/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding: what a router should append now.
 *
 * Greedy: the oldest request first, each to its best agent among those with room. An agent gets at
 * most one offer in a batch; a request whose best agent has already got one waits for the next
 * batch rather than going to its second best, so cutting into batches changes nothing about who
 * gets what. has_more then says that the next batch is due at once.
 *
 * Invariant: when a decision is empty, no request waits while an agent who is eligible at its
 * current step has room; and whatever could change that by time alone is in next_due_ms.
 *
 * Does not do: matching a backlog optimally. Where cases outnumber agents for long, an auction over
 * the same candidates and scores finds a better assignment; it would take the place of plan_offers.
 */
#include "core/route/match.h"

#include "base/check.h"

struct plan {
    struct match match;
    struct pool_decisions *out;
    uint32_t open_count; /* agents left in GRID_PLAN_OPEN */
};

static void due_at(struct plan *plan, uint64_t at_ms)
{
    if (at_ms < plan->out->next_due_ms)
        plan->out->next_due_ms = at_ms;
}

static bool is_full(const struct plan *plan)
{
    return plan->out->count == ROUTE_DECISIONS_MAX;
}

static struct pool_entry *add(struct plan *plan, enum pool_kind kind, uint32_t agent)
{
    const struct pool *pool = plan->match.pool;
    check(!is_full(plan));
    struct pool_entry *entry = &plan->out->entries[plan->out->count++];
    *entry = (struct pool_entry){
            .kind = kind, .agent = words_text(&pool->words, pool->agents[agent].id)};
    return entry;
}

/* ---- expiries ---- */

static void expire(struct plan *plan, const struct request *request)
{
    struct pool_entry *entry = add(plan, POOL_EXPIRED, request->agent);
    entry->request = (struct pool_key){request_conversation(request), request->name};
    entry->offer = request->offer;
    entry->until_ms = plan->match.now_ms + plan->match.policy->exclusion_ms;
    plan->match.pool->planned[request->agent]++;
}

/* Whoever lets offer after offer expire is not there, whatever their status says: one such agent
 * would be the longest idle for ever and delay every case. Once a batch, at the offer that makes it
 * too many. */
static void set_away_when_silent(struct plan *plan, uint32_t slot)
{
    const struct agent *agent = &plan->match.pool->agents[slot];
    uint32_t missed_max = plan->match.policy->missed_max;
    uint32_t now_missed = plan->match.pool->planned[slot];
    uint32_t missed = agent->missed + now_missed;
    bool is_too_many = missed == missed_max || (missed > missed_max && now_missed == 1);
    if (missed_max > 0 && is_too_many && agent->status == POOL_ONLINE)
        add(plan, POOL_STATUS, slot)->profile.status = POOL_AWAY;
}

static void plan_expiries(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    for (uint32_t i = 0; i < pool->offer_count; i++) {
        const struct offer_item *offer = &pool->offers[i];
        if (offer->deadline_ms > plan->match.now_ms) {
            due_at(plan, offer->deadline_ms);
            continue;
        }
        if (plan->out->count + 2 > ROUTE_DECISIONS_MAX) /* an expiry, perhaps a status */
            break;
        const struct request *request = &pool->requests[offer->request];
        expire(plan, request);
        set_away_when_silent(plan, request->agent);
    }
}

/* ---- offers ---- */

static void offer(struct plan *plan, const struct request *request, uint32_t slot)
{
    const struct pool *pool = plan->match.pool;
    const struct agent *agent = &pool->agents[slot];
    struct pool_term *terms = plan->out->terms[plan->out->count];
    struct pool_entry *entry = add(plan, POOL_OFFERED, slot);
    entry->request = (struct pool_key){request_conversation(request), request->name};
    entry->deadline_ms = plan->match.now_ms + plan->match.policy->offer_ms;
    entry->terms = terms;
    entry->term_count = match_terms(&plan->match, request, slot, terms);
    entry->policy_version = plan->match.policy->version;
    due_at(plan, entry->deadline_ms);
    grid_set(&pool->grid, GRID_PLAN_GIVEN, slot, true);
    if (agent->load + ++pool->planned[slot] < agent->capacity)
        return;
    grid_set(&pool->grid, GRID_PLAN_OPEN, slot, false);
    plan->open_count--;
}

static void consider(struct plan *plan, const struct request *request)
{
    const struct grid *grid = &plan->match.pool->grid;
    if (!match_candidates(&plan->match, request, GRID_PLAN_OPEN)) {
        due_at(plan, match_next_step_ms(&plan->match, request));
        return;
    }
    uint32_t best = match_best(&plan->match, request);
    if (is_full(plan) || grid_has(grid, GRID_PLAN_GIVEN, best))
        plan->out->has_more = true;
    else
        offer(plan, request, best);
}

static void plan_offers(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    grid_copy(&pool->grid, GRID_OPEN, GRID_PLAN_OPEN);
    grid_empty(&pool->grid, GRID_PLAN_GIVEN);
    plan->open_count = grid_count(&pool->grid, GRID_PLAN_OPEN);
    for (uint32_t i = 0; i < pool->waiting_count && plan->open_count > 0; i++) {
        consider(plan, &pool->requests[pool->waiting[i].request]);
        if (is_full(plan) && plan->out->has_more)
            break;
    }
}

static void forget_plans(const struct pool *pool)
{
    if (pool->agent_count > 0)
        memset(pool->planned, 0, pool->agent_count * sizeof *pool->planned);
}

void pool_decide(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        struct pool_decisions *out)
{
    struct plan plan = {.match = {pool, policy, now_ms}, .out = out};
    out->count = 0;
    out->has_more = false;
    out->next_due_ms = ROUTE_NEVER;
    if (pool->is_read_only)
        return;
    plan_expiries(&plan);
    if (out->count > 0)
        out->has_more = true;
    else
        plan_offers(&plan);
    forget_plans(pool);
    if (out->has_more)
        out->next_due_ms = now_ms;
}
