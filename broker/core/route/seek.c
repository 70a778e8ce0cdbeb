/* SPDX-License-Identifier: Apache-2.0 */
/* Finding those who may be served by the few agents with room, without looking at all who wait.
 *
 * A waiting request is in one list: that of its first must's word when somebody online has all its
 * musts (then no step ever relaxes them, so nobody without that skill is a candidate), or else the
 * loose list, which is always looked at. New ones enter the loose list; deciding files them. When
 * presence or skills changed, all are filed anew.
 *
 * Invariant: a request outside the loose list has no candidate without the skill of its list. The
 * lists say nothing else; they are derived, in no order, and no decision depends on their order.
 */
#include "base/check.h"
#include "core/route/market.h"

#define ANY_TERMS UINT32_MAX

enum { ALL_WHEN_SHARE = 4 /* looking at a quarter in order costs as much as sorting */ };

/* ---- lists ---- */

static struct seek_card *list_of(struct pool *pool, uint32_t word, uint32_t **out_count)
{
    struct word *item = word == WORD_NONE ? NULL : &pool->words.items[word];
    *out_count = item == NULL ? &pool->loose_count : &item->card_count;
    return item == NULL ? pool->loose : item->cards;
}

static void add(struct pool *pool, uint32_t slot, uint32_t word, uint32_t terms)
{
    uint32_t *count;
    struct seek_card *cards = list_of(pool, word, &count);
    pool->places[slot] = (struct seek_place){word, *count};
    cards[(*count)++] = (struct seek_card){pool->requests[slot].first_queued_ms, slot, terms, 0};
}

/* The last one of the list takes its place. */
static void take_out(struct pool *pool, uint32_t slot)
{
    struct seek_place place = pool->places[slot];
    uint32_t *count;
    struct seek_card *cards = list_of(pool, place.word, &count);
    check(place.at < *count && cards[place.at].request == slot);
    cards[place.at] = cards[--*count];
    pool->places[cards[place.at].request].at = place.at;
}

void seek_enter(struct pool *pool, uint32_t slot)
{
    add(pool, slot, WORD_NONE, ANY_TERMS);
}

void seek_leave(struct pool *pool, uint32_t slot)
{
    take_out(pool, slot);
}

void seek_forget_all(struct pool *pool)
{
    for (uint32_t word = 1; word < pool->words.count; word++) {
        struct word *item = &pool->words.items[word];
        if (item->cards != NULL)
            pool_grow(pool, item->cards, 0);
        item->cards = NULL;
        item->card_count = item->card_capacity = 0;
    }
    pool->loose_count = 0;
}

/* ---- filing ---- */

static bool has_room_for_one(struct pool *pool, uint32_t word)
{
    struct word *item = &pool->words.items[word];
    if (item->card_count < item->card_capacity)
        return true;
    uint32_t capacity = item->card_capacity ? item->card_capacity * 2 : 8;
    void *cards = pool_grow(pool, item->cards, capacity * sizeof *item->cards);
    if (cards == NULL)
        return false;
    item->cards = cards;
    item->card_capacity = capacity;
    return true;
}

static void loosen_all(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->waiting_count; i++) {
        uint32_t slot = pool->waiting[i].request;
        if (pool->places[slot].word == WORD_NONE)
            continue;
        take_out(pool, slot);
        add(pool, slot, WORD_NONE, ANY_TERMS);
    }
}

/* Without memory a request stays loose, where it is found as well. */
static void file_loose(const struct match *match, struct pool *pool)
{
    struct market *market = pool->market;
    if (market->filed_at != pool->presence || market->filed_version != match->policy->version)
        loosen_all(pool);
    market->filed_at = pool->presence;
    market->filed_version = match->policy->version;
    for (uint32_t i = pool->loose_count; i-- > 0;) {
        uint32_t slot = pool->loose[i].request;
        uint32_t must = match_lasting_must(match, &pool->requests[slot]);
        if (must == WORD_NONE || !has_room_for_one(pool, must))
            continue;
        take_out(pool, slot);
        add(pool, slot, must, match_may_apply(match, &pool->requests[slot]));
    }
}

/* ---- collecting ---- */

static void see(const struct pool *pool, const struct seek_card *cards, uint32_t count)
{
    struct market *market = pool->market;
    struct seek_card *seen = market->vectors[MARKET_SEEN].items;
    check(market->seen_count + count <= pool->waiting_count);
    if (count > 0)
        memcpy(&seen[market->seen_count], cards, count * sizeof *cards);
    market->seen_count += count;
}

static void see_all(const struct pool *pool)
{
    struct seek_card *seen = pool->market->vectors[MARKET_SEEN].items;
    for (uint32_t i = 0; i < pool->waiting_count; i++)
        seen[i] = (struct seek_card){
                pool->waiting[i].first_queued_ms, pool->waiting[i].request, ANY_TERMS, 0};
    pool->market->seen_count = pool->waiting_count;
}

static void see_those_for(const struct pool *pool, const struct agent *agent)
{
    for (uint32_t i = 0; i < agent->skill_count; i++) {
        struct word *word = &pool->words.items[agent->skills[i].word];
        if (word->stamp == pool->market->stamp)
            continue;
        word->stamp = pool->market->stamp;
        see(pool, word->cards, word->card_count);
    }
}

/* ---- order ---- */

static bool goes_before(
        const struct pool *pool, const struct seek_card *a, const struct seek_card *b)
{
    if (a->first_queued_ms != b->first_queued_ms)
        return a->first_queued_ms < b->first_queued_ms;
    return request_is_before(&pool->requests[a->request], &pool->requests[b->request]);
}

static void sink(const struct pool *pool, struct seek_card *cards, uint32_t count, uint32_t at)
{
    struct seek_card moved = cards[at];
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && goes_before(pool, &cards[child], &cards[child + 1]);
        if (!goes_before(pool, &moved, &cards[child]))
            break;
        cards[at] = cards[child];
    }
    cards[at] = moved;
}

static void sort_by_age(const struct pool *pool, struct seek_card *cards, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sink(pool, cards, count, i);
    for (uint32_t end = count; end-- > 1;) {
        struct seek_card last = cards[0];
        cards[0] = cards[end];
        cards[end] = last;
        sink(pool, cards, end, 0);
    }
}

bool seek_collect(const struct match *match, uint32_t open_row, uint32_t open_count, bool sorted)
{
    const struct pool *pool = match->pool;
    struct market *market = pool->market;
    struct seek_card *seen = market_take(pool, MARKET_SEEN, pool->waiting_count, sizeof *seen);
    if (seen == NULL)
        return false;
    market->seen_count = 0;
    market->stamp++;
    if (match->policy->relax_busy_ms > 0 || open_count > pool->waiting_count / ALL_WHEN_SHARE) {
        see_all(pool);
        return true;
    }
    file_loose(match, market->owner);
    see(pool, pool->loose, pool->loose_count);
    uint32_t agent = 0;
    for (; (agent = grid_next(&pool->grid, open_row, agent)) != SLOT_NONE; agent++)
        see_those_for(pool, &pool->agents[agent]);
    if (market->seen_count > pool->waiting_count / ALL_WHEN_SHARE && sorted) {
        see_all(pool);
    } else if (sorted) {
        sort_by_age(pool, seen, market->seen_count);
    }
    return true;
}
