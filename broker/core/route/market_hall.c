/* SPDX-License-Identifier: Apache-2.0 */
/* Who takes part in an auction: the open agents by rank, their rows of bits, and their places.
 *
 * Agents are ranked by what every node agrees on (idle time and id), never by slot. It is done in
 * one piece: what it costs grows with the agents, not with the pairs.
 */
#include "core/route/market.h"

enum { PLACES_MAX = 131072 };

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

static bool rank_agents(struct market_hall *hall)
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

static void set_bit(const struct market_hall *hall, uint32_t row, uint32_t rank)
{
    hall->bits[(size_t)row * hall->stride + rank / 64] |= (uint64_t)1 << rank % 64;
}

/* Rows GRID_OPEN and GRID_ABLE: everybody here; the skills' rows as in the grid. */
static bool draw_rows(struct market_hall *hall)
{
    const struct pool *pool = hall->match->pool;
    hall->stride = (hall->auction.agent_count + 63) / 64;
    hall->rows = pool->grid.rows;
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
static uint32_t room_of(const struct market_hall *hall, uint32_t rank)
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

static bool open_places(struct market_hall *hall)
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

bool market_enter(struct market_hall *hall)
{
    return rank_agents(hall) && draw_rows(hall) && open_places(hall);
}
