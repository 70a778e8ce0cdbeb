/* SPDX-License-Identifier: Apache-2.0 */
/* From the fold to an auction, and from its outcome to a plan.
 *
 * Agents and requests are numbered by what every node agrees on (idle time and id; the order of the
 * queue), never by their slots, so the same fold gives the same plan everywhere. One auction serves
 * a whole backlog: its plan is handed out batch by batch, each offer checked against the fold again
 * before it is made, and forgotten after a second. It may be run in slices, while the fold goes on:
 * what changed since it began can make an offer of the plan bad, and then it is not made.
 *
 * Invariant: everything is bounded: cases, places, pairs (what does not fit is accounted for in the
 * certificate by a ceiling) and the auction's own work. Without memory there is no plan, and the
 * caller falls back to the greedy order.
 */
#include "core/route/market.h"

#include "base/check.h"

enum {
    CASES_MAX = 16384,
    PAIRS_MAX = 4 << 20,
    PAIRS_OF_CASE_MIN = 256,
    BLOCK = 64,
    LISTING = 16,  /* a pair costs so many looks to be listed */
    ENTERING = 32, /* and an agent to be ranked */
};

/* ---- pairs ---- */

/* Rows that a candidate must be in, all of the musts and one of the reach (and what levels those
 * musts ask for). */
struct wanted {
    uint32_t musts[POOL_REQUIREMENTS_MAX], reach[2 + ROUTE_OVERFLOW_MAX];
    uint32_t must_count, reach_count, must_bits;
};

static uint64_t bits_of(const struct market_hall *hall, uint32_t row, uint32_t word)
{
    return hall->bits[(size_t)row * hall->stride + word];
}

static uint64_t candidates_in(
        const struct market_hall *hall, uint32_t word, const struct wanted *wanted)
{
    uint64_t bits = bits_of(hall, GRID_OPEN, word), reach = 0;
    for (uint32_t i = 0; i < wanted->must_count; i++)
        bits &= bits_of(hall, wanted->musts[i], word);
    for (uint32_t i = 0; i < wanted->reach_count; i++)
        reach |= bits_of(hall, wanted->reach[i], word);
    return wanted->reach_count > 0 ? bits & reach : bits;
}

/* Rows that came since the auction began are nobody's here. */
static uint32_t keep_known_rows(const struct market_hall *hall, uint32_t *rows, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i] < hall->rows)
            rows[kept++] = rows[i];
    return kept;
}

/* false: nobody here has one of the musts. */
static bool want(const struct market_hall *hall, const struct request *request, struct wanted *out)
{
    const struct match *match = hall->match;
    out->reach_count = 0;
    if (match->pool->listed_agents > 0) {
        out->reach_count = 1 + match_reach(match, request, out->reach + 1);
        out->reach[0] = GRID_EVERY;
        out->reach_count = keep_known_rows(hall, out->reach, out->reach_count);
    }
    bool is_anybody =
            match_must_rows(match, request, out->musts, &out->must_count, &out->must_bits);
    out->must_bits = match_levelled(request, out->must_bits);
    return is_anybody && keep_known_rows(hall, out->musts, out->must_count) == out->must_count;
}

/* Up to BLOCK candidates of one case, valued together. */
struct block {
    uint32_t count, urgency;
    uint32_t ranks[BLOCK], agents[BLOCK], values[BLOCK];
};

static void flush(struct market_hall *hall, const struct request *request, struct block *block)
{
    struct auction_pair *pairs = hall->market->vectors[MARKET_PAIRS].items;
    match_add_pairs(hall->match, request, block->agents, block->values, block->count);
    for (uint32_t i = 0; i < block->count; i++)
        pairs[hall->pair_count++] = (struct auction_pair){block->ranks[i], block->values[i]};
    block->count = 0;
}

static void add_candidate(
        struct market_hall *hall, const struct request *request, uint32_t rank, struct block *block)
{
    uint32_t agent = hall->agents[rank];
    if (match_is_excluded(hall->match, request, agent) ||
            (!hall->is_open_enough && !agent_has_room(hall->match->pool, agent, request)))
        return;
    block->ranks[block->count] = rank;
    block->agents[block->count] = agent;
    block->values[block->count++] = block->urgency;
    __builtin_prefetch(&hall->match->pool->agents[agent]);
    __builtin_prefetch(hall->match->pool->agents[agent].skills);
    if (block->count == BLOCK)
        flush(hall, request, block);
}

static void list_only(struct market_hall *hall, const struct request *request,
        const uint32_t *agents, uint32_t count, struct block *block)
{
    for (uint32_t rank = 0; rank < hall->auction.agent_count; rank++)
        for (uint32_t i = 0; i < count; i++)
            if (hall->agents[rank] == agents[i])
                add_candidate(hall, request, rank, block);
    flush(hall, request, block);
}

/* Those with all musts, by rank. More than the limit: from a place on that differs from case to
 * case, so that not all bid for the same. Returns whether some were left out. */
static bool list_pairs(struct market_hall *hall, const struct request *request, uint32_t at)
{
    const struct match *match = hall->match;
    struct block block = {.urgency = match_urgency(match, request, TERMS_OF_REQUEST)};
    struct wanted wanted;
    uint32_t limit = hall->pair_count + hall->pair_limit;
    uint32_t start = hall->auction.agent_count > hall->pair_limit ? at % hall->stride : 0;
    uint32_t only[POOL_PREFERS_MAX] = {match_direct_agent(match, request)};
    uint32_t only_count = only[0] != SLOT_NONE ? 1 : match_preferred(match, request, only);
    if (only_count > 0) {
        list_only(hall, request, only, only_count, &block);
        return false;
    }
    if (!want(hall, request, &wanted))
        return false;
    for (uint32_t i = 0; i < hall->stride; i++) {
        uint32_t word = start + i < hall->stride ? start + i : start + i - hall->stride;
        uint64_t bits = candidates_in(hall, word, &wanted);
        if (bits != 0 && hall->pair_count + block.count + 64 > limit) {
            flush(hall, request, &block);
            return true;
        }
        for (; bits != 0; bits &= bits - 1) {
            uint32_t rank = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (wanted.must_bits == 0 ||
                    match_has_levels(match, request, wanted.must_bits, hall->agents[rank]))
                add_candidate(hall, request, rank, &block);
        }
    }
    flush(hall, request, &block);
    return false;
}

static bool reserve_cases(struct market_hall *hall, uint32_t count)
{
    const struct pool *pool = hall->match->pool;
    hall->cases = market_take(pool, MARKET_CASES, count, sizeof(uint32_t));
    hall->first_pair = market_take(pool, MARKET_FIRST_PAIR, count + 1, sizeof(uint32_t));
    hall->ceilings = market_take(pool, MARKET_CEILINGS, count, sizeof(uint32_t));
    hall->auction.pair_of = market_take(pool, MARKET_PAIR_OF, count, sizeof(uint32_t));
    hall->auction.bidders = market_take(pool, MARKET_BIDDERS, count, sizeof(uint32_t));
    hall->pair_limit =
            PAIRS_MAX / count > PAIRS_OF_CASE_MIN ? PAIRS_MAX / count : PAIRS_OF_CASE_MIN;
    return hall->cases != NULL && hall->first_pair != NULL && hall->ceilings != NULL &&
           hall->auction.pair_of != NULL && hall->auction.bidders != NULL;
}

static bool reserve_pairs(struct market_hall *hall)
{
    uint32_t agents = hall->auction.agent_count;
    size_t most = hall->pair_limit < agents ? hall->pair_limit : agents;
    return market_take(hall->match->pool, MARKET_PAIRS, hall->pair_count + most,
                   sizeof(struct auction_pair)) != NULL;
}

static uint32_t list_ceiling(const struct match *match, const struct request *request)
{
    uint32_t terms = match_may_apply(match, request);
    return match_most_urgency(match, request->first_queued_ms, terms) +
           match_most_pair(match, terms);
}

/* One of those seen, if it waits still. false: no memory. */
static bool list_case(struct market_hall *hall, const struct seek_card *card)
{
    struct market *market = hall->market;
    const struct request *request = &hall->match->pool->requests[card->request];
    uint32_t at = hall->auction.case_count, first = hall->pair_count;
    if (!request->is_live || request->state != POOL_WAITING)
        return true;
    if (!reserve_pairs(hall))
        return false;
    bool is_cut = list_pairs(hall, request, hall->listed);
    if (hall->pair_count == first) {
        uint64_t step_ms = match_next_step_ms(hall->match, request);
        market->next_step_ms = step_ms < market->next_step_ms ? step_ms : market->next_step_ms;
        return true;
    }
    market->is_cut = market->is_cut || is_cut;
    hall->cases[at] = card->request;
    hall->first_pair[at] = first;
    hall->ceilings[at] = is_cut ? list_ceiling(hall->match, request) : 0;
    hall->auction.case_count++;
    return true;
}

static void spend(uint64_t *left, uint64_t looks)
{
    *left -= looks < *left ? looks : *left;
}

/* false: no memory. */
static bool list_cases(struct market_hall *hall, uint64_t *left)
{
    const struct seek_card *seen = hall->market->vectors[MARKET_SEEN].items;
    for (; hall->listed<hall->seen_count && * left> 0; hall->listed++) {
        uint32_t before = hall->pair_count;
        if (!list_case(hall, &seen[hall->listed]))
            return false;
        spend(left, 1 + (uint64_t)LISTING * (hall->pair_count - before));
    }
    hall->first_pair[hall->auction.case_count] = hall->pair_count;
    return true;
}

/* ---- the plan ---- */

/* Whether it still has room beside what the plan gives the agent before it; then it takes that. */
static bool takes_room(const struct pool *pool, const struct request *request, uint32_t agent)
{
    struct planned *planned = &pool->planned[agent];
    uint32_t weight = agent_weight(&pool->agents[agent], request->channel, request->weight);
    if (!agent_has_room(pool, agent, request))
        return false;
    *(request->is_interruptible ? &planned->soft : &planned->firm) += weight;
    return true;
}

/* What was matched beyond the room is not claimed: the bound stays, the worth shrinks by no less
 * than it was counted with. */
static void trim_quality(struct pool_quality *quality, uint64_t value)
{
    quality->matched--;
    quality->primal -= value < quality->primal ? value : quality->primal;
    quality->gap = auction_gap(quality->primal, quality->dual);
}

static void forget_planned(const struct pool *pool, const struct market_hall *hall)
{
    for (uint32_t i = 0; i < hall->auction.agent_count; i++)
        pool->planned[hall->agents[i]] = (struct planned){0};
}

static bool write_plan(struct market_hall *hall)
{
    const struct pool *pool = hall->match->pool;
    struct market *market = hall->market;
    struct market_offer *plan =
            market_take(pool, MARKET_PLAN, hall->auction.case_count, sizeof *plan);
    if (plan == NULL)
        return false;
    market->plan_count = market->plan_head = 0;
    market->is_trimmed = false;
    for (uint32_t i = 0; i < hall->auction.case_count; i++) {
        uint32_t pair = hall->auction.pair_of[i];
        if (pair == AUCTION_NONE)
            continue;
        uint32_t agent = hall->agents[hall->auction.pairs[pair].agent];
        if (!takes_room(pool, &pool->requests[hall->cases[i]], agent)) {
            trim_quality(&market->quality,
                    (uint64_t)hall->auction.pairs[pair].value + match_place(hall->match, agent, 0));
            market->is_trimmed = true;
            continue;
        }
        plan[market->plan_count++] = (struct market_offer){
                hall->cases[i], agent, pool->agents[agent].id, pool->requests[hall->cases[i]].hash};
    }
    forget_planned(pool, hall);
    return true;
}

/* ---- in slices ---- */

bool market_begin(const struct match *match)
{
    const struct pool *pool = match->pool;
    struct market *market = pool->market;
    struct market_hall *hall = &market->hall;
    market_forget_plan(pool);
    market->is_under_way = false;
    market->policy = *match->policy;
    market->next_step_ms = ROUTE_NEVER;
    *hall = (struct market_hall){.match = match,
            .market = market,
            .is_open_enough = match_is_open_enough(pool),
            .seen_count = market->seen_count < CASES_MAX ? market->seen_count : CASES_MAX,
            .began_ms = match->now_ms};
    market->is_cut = hall->seen_count < market->seen_count;
    market->is_under_way =
            market_enter(hall) && (hall->seen_count == 0 || reserve_cases(hall, hall->seen_count));
    hall->owed = (uint64_t)ENTERING * hall->auction.agent_count;
    return market->is_under_way;
}

static void open_auction(struct market_hall *hall)
{
    hall->auction.pairs = hall->market->vectors[MARKET_PAIRS].items;
    hall->auction.first_pair = hall->first_pair;
    hall->auction.ceilings = hall->ceilings;
    hall->auction.gap_max = AUCTION_GAP_MAX;
}

static enum market_outcome close_auction(struct market_hall *hall)
{
    struct market *market = hall->market;
    const struct auction_certificate *found = &hall->auction.certificate;
    market->is_under_way = false;
    market->quality = (struct pool_quality){.requests = hall->auction.case_count,
            .agents = hall->auction.agent_count,
            .matched = found->matched,
            .primal = found->primal,
            .dual = found->dual,
            .gap = found->gap};
    if (!write_plan(hall))
        return MARKET_UNABLE;
    return market->plan_count > 0 ? MARKET_PLANNED : MARKET_NOBODY;
}

enum market_outcome market_go_on(const struct match *match, uint64_t looks)
{
    struct market_hall *hall = &match->pool->market->hall;
    uint64_t left = looks;
    /* Values are of the moment of the beginning, whichever slice they are looked at in. */
    struct match as_begun = {match->pool, match->policy, hall->began_ms};
    hall->match = &as_begun;
    spend(&left, hall->owed);
    hall->owed = 0;
    if (hall->listed < hall->seen_count) {
        if (!list_cases(hall, &left)) {
            hall->market->is_under_way = false;
            return MARKET_UNABLE;
        }
        if (hall->listed < hall->seen_count)
            return MARKET_UNDER_WAY;
    }
    open_auction(hall);
    if (left == 0 || !auction_step(&hall->auction, left))
        return MARKET_UNDER_WAY;
    hall->market->made_ms = match->now_ms;
    return close_auction(hall);
}

bool market_is_under_way(const struct match *match)
{
    struct market *market = match->pool->market;
    market->is_under_way = market->is_under_way && match->now_ms >= market->hall.began_ms &&
                           match->now_ms - market->hall.began_ms <= MARKET_WORK_MS &&
                           market_is_same_policy(&market->policy, match->policy);
    return market->is_under_way;
}
