/* SPDX-License-Identifier: Apache-2.0 */
/* From the fold to an auction, and from its outcome to a plan.
 *
 * Agents and requests are numbered by what every node agrees on (idle time and id; the order of the
 * queue), never by their slots, so the same fold gives the same plan everywhere. One auction serves
 * a whole backlog: its plan is handed out batch by batch, each offer checked against the fold again
 * before it is made, and forgotten after a second.
 *
 * Invariant: everything is bounded: cases, places, pairs (what does not fit is accounted for in the
 * certificate by a ceiling) and the auction's own work. Without memory there is no plan, and the
 * caller falls back to the greedy order.
 */
#include "core/route/market.h"

#include "base/check.h"

enum {
    CASES_MAX = 16384,
    PLACES_MAX = 131072,
    PAIRS_MAX = 4 << 20,
    PAIRS_OF_CASE_MIN = 256,
    BLOCK = 64,
};

/* What is being built. */
struct hall {
    const struct match *match;
    struct market *market;
    struct auction auction;
    uint32_t *agents, *cases, *first_pair, *ceilings;
    uint64_t *bits;
    uint32_t stride, pair_limit, pair_count;
    bool is_open_enough; /* whoever is open has room for each case */
};

/* ---- agents, by rank ---- */

static void sink(const struct pool *pool, uint32_t *slots, uint32_t count, uint32_t at)
{
    uint32_t moved = slots[at];
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && match_comes_first(pool, slots[child], slots[child + 1]);
        if (!match_comes_first(pool, moved, slots[child]))
            break;
        slots[at] = slots[child];
    }
    slots[at] = moved;
}

static void sort_by_rank(const struct pool *pool, uint32_t *slots, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sink(pool, slots, count, i);
    for (uint32_t end = count; end-- > 1;) {
        uint32_t last = slots[0];
        slots[0] = slots[end];
        slots[end] = last;
        sink(pool, slots, end, 0);
    }
}

static bool rank_agents(struct hall *hall)
{
    const struct pool *pool = hall->match->pool;
    uint32_t count = grid_count(&pool->grid, GRID_PLAN_OPEN), slot = 0, rank = 0;
    hall->agents = market_take(pool, MARKET_AGENTS, count, sizeof *hall->agents);
    if (hall->agents == NULL)
        return false;
    for (; (slot = grid_next(&pool->grid, GRID_PLAN_OPEN, slot)) != SLOT_NONE; slot++)
        hall->agents[rank++] = slot;
    sort_by_rank(pool, hall->agents, count);
    hall->auction.agent_count = count;
    return true;
}

static void set_bit(const struct hall *hall, uint32_t row, uint32_t rank)
{
    hall->bits[(size_t)row * hall->stride + rank / 64] |= (uint64_t)1 << rank % 64;
}

/* Rows GRID_OPEN and GRID_ABLE: everybody here; the skills' rows as in the grid. */
static bool draw_rows(struct hall *hall)
{
    const struct pool *pool = hall->match->pool;
    hall->stride = (hall->auction.agent_count + 63) / 64;
    size_t words = (size_t)pool->grid.rows * hall->stride;
    hall->bits = market_take(pool, MARKET_BITS, words, sizeof *hall->bits);
    if (hall->bits == NULL)
        return false;
    memset(hall->bits, 0, words * sizeof *hall->bits);
    for (uint32_t rank = 0; rank < hall->auction.agent_count; rank++) {
        const struct agent *agent = &pool->agents[hall->agents[rank]];
        set_bit(hall, GRID_OPEN, rank);
        set_bit(hall, GRID_ABLE, rank);
        if (agent->queue_count == 0)
            set_bit(hall, GRID_EVERY, rank);
        for (uint32_t i = 0; i < agent->queue_count; i++)
            set_bit(hall, pool->words.items[agent->queues[i]].queue_row, rank);
        for (uint32_t i = 0; i < agent->skill_count; i++)
            set_bit(hall, pool->words.items[agent->skills[i].word].row, rank);
    }
    return true;
}

/* ---- places ---- */

/* The lightest of those who wait: what a place has room for. */
static uint32_t place_weight(const struct pool *pool)
{
    uint32_t least = pool->classes.others > 0 ? 1 : POOL_WEIGHT_FULL;
    for (uint32_t i = 0; i < pool->classes.count; i++)
        if (pool->classes.items[i].weight < least)
            least = pool->classes.items[i].weight;
    return least;
}

/* As many places as light cases would fit in. Heavier ones may be matched beyond the room that
 * there is: the plan is trimmed. */
static uint32_t room_of(const struct hall *hall, uint32_t rank)
{
    const struct pool *pool = hall->match->pool;
    const struct agent *agent = &pool->agents[hall->agents[rank]];
    uint64_t capacity = (uint64_t)agent->capacity * POOL_WEIGHT_FULL;
    uint64_t free = capacity > agent->firm ? capacity - agent->firm : 0;
    uint32_t room = (uint32_t)(free / place_weight(pool));
    uint32_t most = PLACES_MAX / hall->auction.agent_count;
    room += room == 0; /* open all the same, by a weight of their own */
    if (room > hall->market->seen_count)
        room = hall->market->seen_count;
    return room <= most ? room : most ? most : 1;
}

static bool open_places(struct hall *hall)
{
    const struct pool *pool = hall->match->pool;
    uint32_t agents = hall->auction.agent_count, count = 0, weight = place_weight(pool);
    uint32_t *first = market_take(pool, MARKET_FIRST_PLACE, agents + 1, sizeof *first);
    if (first == NULL)
        return false;
    for (uint32_t rank = 0; rank < agents; rank++) {
        first[rank] = count;
        count += room_of(hall, rank);
    }
    first[agents] = count;
    struct auction_place *places = market_take(pool, MARKET_PLACES, count, sizeof *places);
    int32_t *least = market_take(pool, MARKET_LEAST, agents, sizeof *least);
    if (places == NULL || least == NULL)
        return false;
    for (uint32_t rank = 0; rank < agents; rank++)
        for (uint32_t i = first[rank]; i < first[rank + 1]; i++)
            places[i].bonus = (int32_t)match_place(
                    hall->match, hall->agents[rank], (i - first[rank]) * weight);
    hall->auction.first_place = first;
    hall->auction.places = places;
    hall->auction.least = least;
    return true;
}

/* ---- pairs ---- */

/* Rows that a candidate must be in, all of the musts and one of the reach (and what levels those
 * musts ask for). */
struct wanted {
    uint32_t musts[POOL_REQUIREMENTS_MAX], reach[2 + ROUTE_OVERFLOW_MAX];
    uint32_t must_count, reach_count, must_bits;
};

static uint64_t bits_of(const struct hall *hall, uint32_t row, uint32_t word)
{
    return hall->bits[(size_t)row * hall->stride + word];
}

static uint64_t candidates_in(const struct hall *hall, uint32_t word, const struct wanted *wanted)
{
    uint64_t bits = bits_of(hall, GRID_OPEN, word), reach = 0;
    for (uint32_t i = 0; i < wanted->must_count; i++)
        bits &= bits_of(hall, wanted->musts[i], word);
    for (uint32_t i = 0; i < wanted->reach_count; i++)
        reach |= bits_of(hall, wanted->reach[i], word);
    return wanted->reach_count > 0 ? bits & reach : bits;
}

/* false: nobody in the pool has one of the musts. */
static bool want(const struct match *match, const struct request *request, struct wanted *out)
{
    out->reach_count = 0;
    if (match->pool->listed_agents > 0) {
        out->reach_count = 1 + match_reach(match, request, out->reach + 1);
        out->reach[0] = GRID_EVERY;
    }
    bool is_anybody =
            match_must_rows(match, request, out->musts, &out->must_count, &out->must_bits);
    out->must_bits = match_levelled(request, out->must_bits);
    return is_anybody;
}

/* Up to BLOCK candidates of one case, valued together. */
struct block {
    uint32_t count, urgency;
    uint32_t ranks[BLOCK], agents[BLOCK], values[BLOCK];
};

static void flush(struct hall *hall, const struct request *request, struct block *block)
{
    struct auction_pair *pairs = hall->market->vectors[MARKET_PAIRS].items;
    match_add_pairs(hall->match, request, block->agents, block->values, block->count);
    for (uint32_t i = 0; i < block->count; i++)
        pairs[hall->pair_count++] = (struct auction_pair){block->ranks[i], block->values[i]};
    block->count = 0;
}

static void add_candidate(
        struct hall *hall, const struct request *request, uint32_t rank, struct block *block)
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

static void list_only(struct hall *hall, const struct request *request, const uint32_t *agents,
        uint32_t count, struct block *block)
{
    for (uint32_t rank = 0; rank < hall->auction.agent_count; rank++)
        for (uint32_t i = 0; i < count; i++)
            if (hall->agents[rank] == agents[i])
                add_candidate(hall, request, rank, block);
    flush(hall, request, block);
}

/* Those with all musts, by rank. More than the limit: from a place on that differs from case to
 * case, so that not all bid for the same. Returns whether some were left out. */
static bool list_pairs(struct hall *hall, const struct request *request, uint32_t at)
{
    const struct match *match = hall->match;
    struct block block = {.urgency = match_urgency(match, request)};
    struct wanted wanted;
    uint32_t limit = hall->pair_count + hall->pair_limit;
    uint32_t start = hall->auction.agent_count > hall->pair_limit ? at % hall->stride : 0;
    uint32_t only[POOL_PREFERS_MAX] = {match_direct_agent(match, request)};
    uint32_t only_count = only[0] != SLOT_NONE ? 1 : match_preferred(match, request, only);
    if (only_count > 0) {
        list_only(hall, request, only, only_count, &block);
        return false;
    }
    if (!want(match, request, &wanted))
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

static bool reserve_cases(struct hall *hall, uint32_t count)
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

static bool reserve_pairs(struct hall *hall)
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

static bool list_cases(
        struct hall *hall, void (*on_idle)(void *, const struct request *), void *user)
{
    struct market *market = hall->market;
    const struct pool *pool = hall->match->pool;
    uint32_t count = market->seen_count < CASES_MAX ? market->seen_count : CASES_MAX;
    const struct seek_card *seen = market->vectors[MARKET_SEEN].items;
    market->is_cut = count < market->seen_count;
    if (!reserve_cases(hall, count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct request *request = &pool->requests[seen[i].request];
        uint32_t at = hall->auction.case_count, first = hall->pair_count;
        if (!reserve_pairs(hall))
            return false;
        bool is_cut = list_pairs(hall, request, i);
        if (hall->pair_count == first) {
            on_idle(user, request);
            continue;
        }
        market->is_cut = market->is_cut || is_cut;
        hall->cases[at] = seen[i].request;
        hall->first_pair[at] = first;
        hall->ceilings[at] = is_cut ? list_ceiling(hall->match, request) : 0;
        hall->auction.case_count++;
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

static void forget_planned(const struct pool *pool, const struct hall *hall)
{
    for (uint32_t i = 0; i < hall->auction.agent_count; i++)
        pool->planned[hall->agents[i]] = (struct planned){0};
}

static bool write_plan(struct hall *hall)
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
    market->policy = *hall->match->policy;
    market->made_ms = hall->match->now_ms;
    return true;
}

enum market_outcome market_make_plan(const struct match *match,
        void (*on_idle)(void *user, const struct request *request), void *user)
{
    struct market *market = match->pool->market;
    struct hall hall = {
            .match = match, .market = market, .is_open_enough = match_is_open_enough(match->pool)};
    market_forget_plan(match->pool);
    if (market->seen_count == 0 || !rank_agents(&hall) || !draw_rows(&hall) ||
            !open_places(&hall) || !list_cases(&hall, on_idle, user))
        return market->seen_count == 0 ? MARKET_NOBODY : MARKET_UNABLE;
    hall.auction.pairs = market->vectors[MARKET_PAIRS].items;
    hall.auction.first_pair = hall.first_pair;
    hall.auction.ceilings = hall.ceilings;
    hall.auction.gap_max = AUCTION_GAP_MAX;
    struct auction_certificate found = auction_run(&hall.auction);
    market->quality = (struct pool_quality){.requests = hall.auction.case_count,
            .agents = hall.auction.agent_count,
            .matched = found.matched,
            .primal = found.primal,
            .dual = found.dual,
            .gap = found.gap};
    if (!write_plan(&hall))
        return MARKET_UNABLE;
    return market->plan_count > 0 ? MARKET_PLANNED : MARKET_NOBODY;
}
