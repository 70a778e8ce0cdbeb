/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding: what a router should append now.
 *
 *   slack          everybody's best agent is another one: they get them, and nothing can be better
 *   one agent      the request that scores most there (contest.c)
 *   scarcity       an auction over all who wait (market.c); its plan goes out batch by batch
 *   out of memory  greedy: the oldest request first, each to its best agent among those left
 *
 * With auto_accept, the agent's or the policy's, what would be offered is assigned at once. An
 * agent gets at most one offer in a batch. has_more says that the next batch is due at once.
 *
 * Invariant: when a decision is empty, no request waits while an agent who is eligible at its
 * current step has room; and whatever could change that by time alone is in next_due_ms.
 */
#include "core/route/market.h"

#include "base/check.h"

/* Nothing is left to chance here, and the entry says so: whoever learns from the log needs it. */
enum { CHANCE_CERTAIN = 1000 };

struct plan {
    struct match match;
    uint64_t looks; /* at most about so many in an auction */
    struct pool_decisions *out;
    uint32_t open_count;                  /* agents left in GRID_PLAN_OPEN */
    uint32_t agents[ROUTE_DECISIONS_MAX]; /* of the entries: nobody else has anything planned */
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
    plan->agents[plan->out->count] = agent;
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
    plan->match.pool->planned[request->agent].count++;
}

/* Whoever lets offer after offer expire is not there, whatever their status says: one such agent
 * would be the longest idle for ever and delay every case. Once a batch, at the offer that makes it
 * too many. */
static void set_away_when_silent(struct plan *plan, uint32_t slot)
{
    const struct agent *agent = &plan->match.pool->agents[slot];
    uint32_t missed_max = plan->match.policy->missed_max;
    uint32_t now_missed = plan->match.pool->planned[slot].count;
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

/* An agent's wrap-up time is over: the place is free again. */
static void plan_wrap_up_ends(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    for (uint32_t i = 0; i < pool->wrap_count; i++) {
        const struct offer_item *wrap = &pool->wraps[i];
        const struct request *request = &pool->requests[wrap->request];
        if (wrap->deadline_ms > plan->match.now_ms) {
            due_at(plan, wrap->deadline_ms);
            continue;
        }
        if (is_full(plan))
            break;
        struct pool_entry *entry = add(plan, POOL_RELEASED, request->agent);
        entry->request = (struct pool_key){request_conversation(request), request->name};
        entry->reason = SLICE_OF("wrapped_up");
    }
}

/* ---- shifts ---- */

static void change_shift(struct plan *plan, struct slice shift, bool is_over)
{
    if (!is_full(plan))
        plan->out->entries[plan->out->count++] =
                (struct pool_entry){.kind = POOL_SHIFT, .shift = shift, .is_over = is_over};
}

/* Which hours have ended or begun, and which shifts the policy does not name any more. */
static void plan_shifts(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    const struct route_setup *setup = plan->match.policy->setup;
    for (uint32_t i = 0; i < pool->over_count; i++)
        if (route_find_shift(setup, words_text(&pool->words, pool->over[i])) == NULL)
            change_shift(plan, words_text(&pool->words, pool->over[i]), false);
    for (uint32_t i = 0; setup != NULL && i < setup->shift_count; i++) {
        struct slice name = route_name_slice(&setup->shifts[i].name);
        const struct route_hours *hours = &setup->shifts[i].hours;
        bool is_over = !hours_are_open(hours, plan->match.now_ms);
        if (is_over != agents_shift_is_over(pool, words_find(&pool->words, name)))
            change_shift(plan, name, is_over);
        due_at(plan, hours_change_next_ms(hours, plan->match.now_ms));
    }
}

/* ---- offers ---- */

static void take_room(struct plan *plan, const struct request *request, uint32_t slot)
{
    const struct pool *pool = plan->match.pool;
    struct planned *planned = &pool->planned[slot];
    uint32_t weight = agent_weight(&pool->agents[slot], request->channel, request->weight);
    *(request->is_interruptible ? &planned->soft : &planned->firm) += weight;
    planned->count++;
    if (agent_is_open(pool, slot))
        return;
    grid_set(&pool->grid, GRID_PLAN_OPEN, slot, false);
    plan->open_count--;
}

static void offer(struct plan *plan, const struct request *request, uint32_t slot)
{
    const struct pool *pool = plan->match.pool;
    const struct agent *agent = &pool->agents[slot];
    struct pool_term *terms = plan->out->terms[plan->out->count];
    bool is_asked = !agent->auto_accept && !plan->match.policy->auto_accept;
    struct pool_entry *entry = add(plan, is_asked ? POOL_OFFERED : POOL_ASSIGNED, slot);
    entry->request = (struct pool_key){request_conversation(request), request->name};
    entry->deadline_ms = is_asked ? plan->match.now_ms + plan->match.policy->offer_ms : 0;
    entry->terms = terms;
    entry->term_count = match_terms(&plan->match, request, slot, terms);
    entry->policy_version = plan->match.policy->version;
    entry->chance = CHANCE_CERTAIN;
    if (is_asked)
        due_at(plan, entry->deadline_ms);
    grid_set(&pool->grid, GRID_PLAN_GIVEN, slot, true);
    take_room(plan, request, slot);
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

/* ---- without memory: the oldest first, each to the best who is left ---- */

static void plan_greedily(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    grid_empty(&pool->grid, GRID_PLAN_GIVEN);
    for (uint32_t i = 0; i < pool->waiting_count && plan->open_count > 0; i++) {
        consider(plan, &pool->requests[pool->waiting[i].request]);
        if (is_full(plan) && plan->out->has_more)
            break;
    }
}

/* ---- slack: each has its own best agent ---- */

struct choice {
    const struct request *request;
    uint32_t agent;
};

/* Offers each of those seen the best agent, when no two have the same: then nothing can be better.
 * false: they compete, nothing was offered. */
static bool plan_first_choices(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    const struct seek_card *seen = pool->market->vectors[MARKET_SEEN].items;
    struct choice choices[ROUTE_DECISIONS_MAX];
    uint32_t count = 0;
    grid_empty(&pool->grid, GRID_PLAN_GIVEN);
    for (uint32_t i = 0; i < pool->market->seen_count; i++) {
        const struct request *request = &pool->requests[seen[i].request];
        if (!match_candidates(&plan->match, request, GRID_PLAN_OPEN)) {
            due_at(plan, match_next_step_ms(&plan->match, request));
            continue;
        }
        uint32_t best = match_best(&plan->match, request);
        if (grid_has(&pool->grid, GRID_PLAN_GIVEN, best))
            return false;
        grid_set(&pool->grid, GRID_PLAN_GIVEN, best, true);
        choices[count++] = (struct choice){request, best};
    }
    struct pool_quality quality = {.requests = count, .agents = plan->open_count, .matched = count};
    for (uint32_t i = 0; i < count; i++) {
        quality.primal += match_score(&plan->match, choices[i].request, choices[i].agent);
        offer(plan, choices[i].request, choices[i].agent);
    }
    quality.dual = quality.primal;
    plan->out->quality = quality;
    return true;
}

/* ---- one agent with room: the best request for them ---- */

/* Returns whether there may be others who could have the agent next. */
static bool plan_for_only_agent(struct plan *plan, uint32_t agent)
{
    const struct pool *pool = plan->match.pool;
    struct contest contest = market_contest(&plan->match, agent);
    due_at(plan, contest.next_step_ms);
    if (contest.count == 0)
        return false;
    uint32_t score = contest.score + match_place(&plan->match, agent, 0);
    plan->out->quality = (struct pool_quality){contest.count, 1, 1, score, score, 0};
    market_plan_one(&plan->match, contest.best, agent, &plan->out->quality);
    offer(plan, &pool->requests[contest.best], agent);
    return contest.count > 1 && plan->open_count > 0;
}

/* ---- scarcity: the plan of an auction ---- */

/* Returns whether some of the plan is left for another batch, or was overtaken by events. */
static bool hand_out_plan(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    const struct market *market = pool->market;
    const struct market_offer *offers = market->vectors[MARKET_PLAN].items;
    bool is_rest = false;
    grid_empty(&pool->grid, GRID_PLAN_GIVEN);
    for (uint32_t i = market->plan_head; i < market->plan_count; i++) {
        const struct market_offer *next = &offers[i];
        const struct request *request = &pool->requests[next->request];
        if (is_full(plan))
            return true;
        bool is_good = !market_is_done(pool, next) &&
                       pool->agents[next->agent].id == next->agent_word &&
                       grid_has(&pool->grid, GRID_PLAN_OPEN, next->agent) &&
                       !grid_has(&pool->grid, GRID_PLAN_GIVEN, next->agent) &&
                       match_is_candidate(&plan->match, request, next->agent);
        if (is_good)
            offer(plan, request, next->agent);
        is_rest = is_rest || !is_good;
    }
    return is_rest;
}

/* Goes on with the auction that is under way. */
static bool plan_by_auction(struct plan *plan)
{
    enum market_outcome outcome = market_go_on(&plan->match, plan->looks);
    bool is_cut = plan->match.pool->market->is_cut;
    due_at(plan, plan->match.pool->market->next_step_ms);
    plan->out->is_thinking = outcome == MARKET_UNDER_WAY;
    if (plan->out->is_thinking)
        return false;
    if (outcome == MARKET_UNABLE || (outcome == MARKET_NOBODY && is_cut)) {
        plan_greedily(plan);
        return plan->out->has_more;
    }
    if (outcome == MARKET_NOBODY)
        return false;
    plan->out->quality = plan->match.pool->market->quality;
    return hand_out_plan(plan) || is_cut || plan->match.pool->market->is_trimmed;
}

/* Goes on with the plan of an auction before. false: there is none, or nothing of it is left. */
static bool plan_goes_on(struct plan *plan)
{
    if (!market_has_plan(&plan->match))
        return false;
    hand_out_plan(plan);
    plan->out->quality = plan->match.pool->market->quality;
    return plan->out->count > 0;
}

/* Returns whether there may be more once these are applied. */
static bool plan_anew(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    uint32_t first = grid_next(&pool->grid, GRID_PLAN_OPEN, 0);
    if (plan->open_count == 1 && seek_collect_heads(&plan->match, first))
        return plan_for_only_agent(plan, first);
    if (plan->open_count > 1 && seek_collect(&plan->match, GRID_PLAN_OPEN, plan->open_count)) {
        if (pool->market->seen_count <= ROUTE_DECISIONS_MAX && plan_first_choices(plan))
            return false;
        if (market_begin(&plan->match))
            return plan_by_auction(plan);
    }
    plan_greedily(plan);
    return plan->out->has_more;
}

static void plan_offers(struct plan *plan)
{
    const struct pool *pool = plan->match.pool;
    grid_copy(&pool->grid, GRID_OPEN, GRID_PLAN_OPEN);
    plan->open_count = grid_count(&pool->grid, GRID_PLAN_OPEN);
    if (plan->open_count == 0 || pool->waiting_count == 0)
        return;
    bool is_more = plan_goes_on(plan);
    if (!is_more)
        is_more = market_is_under_way(&plan->match) ? plan_by_auction(plan) : plan_anew(plan);
    plan->out->has_more = is_more && plan->out->count > 0;
}

static void forget_plans(const struct plan *plan)
{
    for (size_t i = 0; i < plan->out->count; i++)
        if (plan->out->entries[i].kind != POOL_SHIFT)
            plan->match.pool->planned[plan->agents[i]] = (struct planned){0};
}

void pool_decide(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        struct pool_decisions *out)
{
    pool_decide_within(pool, policy, now_ms, UINT64_MAX, out);
}

void pool_decide_within(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        uint64_t looks, struct pool_decisions *out)
{
    struct plan plan = {.match = {pool, policy, now_ms}, .looks = looks, .out = out};
    out->count = 0;
    out->has_more = out->is_thinking = false;
    out->next_due_ms = ROUTE_NEVER;
    out->quality = (struct pool_quality){0};
    if (pool->is_read_only)
        return;
    plan_expiries(&plan);
    plan_wrap_up_ends(&plan);
    plan_shifts(&plan);
    if (out->count > 0)
        out->has_more = true;
    else
        plan_offers(&plan);
    forget_plans(&plan);
    for (size_t i = 0; i < out->count; i++)
        out->entries[i].gap = out->quality.gap;
    if (out->has_more || out->is_thinking)
        out->next_due_ms = now_ms;
}
