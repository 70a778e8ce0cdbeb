/* SPDX-License-Identifier: Apache-2.0 */
/* Finding those who may be served by the few agents with room, without looking at all who wait.
 *
 * A waiting request is in one list: that of its first must's word when somebody online has all its
 * musts (then no step ever relaxes them, so nobody without that skill is a candidate), the mustless
 * one when it has no must and nothing about it depends on the time, or else the loose list, which
 * is always looked at. In the first two, requests that are alike and depend on no step are in one
 * line (line.c) behind one card: for one agent only the line's oldest is looked at. New ones enter
 * the loose list; deciding files them. When presence or skills changed, each line is checked again;
 * another policy loosens them all.
 *
 * Invariant: a request in the list of a word has no candidate without that skill; in a line the
 * oldest is as good a choice for any agent as each of the others. The lists say nothing else; they
 * are derived, in no order, and no decision depends on their order.
 */
#include "base/check.h"
#include "core/route/market.h"

#define ANY_TERMS UINT32_MAX

enum { ALL_WHEN_SHARE = 4 /* looking at a quarter in order costs as much as sorting */ };

/* ---- the loose list ---- */

static void enter_loose(struct pool *pool, uint32_t slot)
{
    uint64_t first_queued_ms = pool->requests[slot].first_queued_ms;
    pool->places[slot] = (struct seek_place){
            first_queued_ms, SLOT_NONE, pool->loose.count, SLOT_NONE, SLOT_NONE, SLOT_NONE};
    pool->loose.cards[pool->loose.count++] =
            (struct seek_card){first_queued_ms, slot, 1, ANY_TERMS, 0};
}

/* The last one of the list takes its place. */
static void leave_loose(struct pool *pool, uint32_t slot)
{
    struct seek_list *loose = &pool->loose;
    uint32_t at = pool->places[slot].at;
    check(at < loose->count && loose->cards[at].request == slot);
    loose->cards[at] = loose->cards[--loose->count];
    pool->places[loose->cards[at].request].at = at;
}

bool seek_reserve(struct pool *pool, uint32_t capacity)
{
    void *cards = pool_grow(pool, pool->loose.cards, capacity * sizeof *pool->loose.cards);
    pool->loose.cards = cards ? cards : pool->loose.cards;
    void *lines = pool_grow(pool, pool->lines, capacity * sizeof *pool->lines);
    pool->lines = lines ? lines : pool->lines;
    return cards != NULL && lines != NULL;
}

/* ---- lines ---- */

static struct seek_list *list_of(struct pool *pool, uint32_t word)
{
    return word == WORD_NONE ? &pool->mustless : &pool->words.items[word].list;
}

static struct seek_card *card_of(struct pool *pool, const struct seek_line *line)
{
    return &list_of(pool, line->word)->cards[line->at];
}

static bool is_open(const struct seek_line *line)
{
    return line->at != SLOT_NONE;
}

/* There must be room for its card. */
static uint32_t open_line(struct pool *pool, uint32_t word, const struct seek_card *card)
{
    struct seek_list *list = list_of(pool, word);
    uint32_t line = pool->first_free_line;
    if (line == SLOT_NONE)
        line = pool->line_count++;
    else
        pool->first_free_line = pool->lines[line].next_free;
    pool->lines[line] = (struct seek_line){.word = word, .at = list->count};
    list->cards[list->count++] = *card;
    pool->places[card->request].line = line;
    return line;
}

/* The last card of the list takes the place of its card. */
static void close_line(struct pool *pool, uint32_t at)
{
    struct seek_line *line = &pool->lines[at];
    struct seek_list *list = list_of(pool, line->word);
    struct seek_card *card = &list->cards[line->at];
    *card = list->cards[--list->count];
    if (line->at < list->count)
        pool->lines[pool->places[card->request].line].at = line->at;
    if (line->is_shared)
        table_remove(&pool->lines_by_need, line->hash, at);
    *line = (struct seek_line){.at = SLOT_NONE, .next_free = pool->first_free_line};
    pool->first_free_line = at;
}

static void set_head(struct pool *pool, struct seek_card *card, uint32_t head)
{
    card->request = head;
    card->first_queued_ms = pool->places[head].first_queued_ms;
}

static void join_line(struct pool *pool, uint32_t line, uint32_t slot)
{
    struct seek_card *card = card_of(pool, &pool->lines[line]);
    pool->places[slot].line = line;
    card->alike++;
    set_head(pool, card, line_meld(pool, card->request, slot));
}

static void leave_line(struct pool *pool, uint32_t slot)
{
    uint32_t at = pool->places[slot].line;
    struct seek_card *card = card_of(pool, &pool->lines[at]);
    if (--card->alike == 0)
        close_line(pool, at);
    else
        set_head(pool, card, line_take_out(pool, slot, card->request));
}

static uint32_t find_line(struct pool *pool, uint64_t hash, const struct request *request)
{
    uint32_t line;
    for (size_t cursor = 0; table_next(&pool->lines_by_need, hash, &cursor, &line);) {
        const struct seek_card *card = card_of(pool, &pool->lines[line]);
        if (line_is_alike(&pool->requests[card->request], request))
            return line;
    }
    return SLOT_NONE;
}

void seek_enter(struct pool *pool, uint32_t slot)
{
    enter_loose(pool, slot);
}

void seek_leave(struct pool *pool, uint32_t slot)
{
    if (pool->places[slot].line == SLOT_NONE)
        leave_loose(pool, slot);
    else
        leave_line(pool, slot);
}

static void forget_list(struct pool *pool, struct seek_list *list)
{
    if (list->cards != NULL)
        pool_grow(pool, list->cards, 0);
    *list = (struct seek_list){0};
}

void seek_forget_all(struct pool *pool)
{
    for (uint32_t word = 1; word < pool->words.count; word++)
        forget_list(pool, &pool->words.items[word].list);
    forget_list(pool, &pool->mustless);
    table_clear(&pool->lines_by_need);
    pool->line_count = pool->loose.count = 0;
    pool->first_free_line = SLOT_NONE;
}

/* ---- filing ---- */

static bool has_room_for_one(struct pool *pool, struct seek_list *list)
{
    if (list->count < list->capacity)
        return true;
    uint32_t capacity = list->capacity ? list->capacity * 2 : 8;
    void *cards = pool_grow(pool, list->cards, capacity * sizeof *list->cards);
    if (cards == NULL)
        return false;
    list->cards = cards;
    list->capacity = capacity;
    return true;
}

static void loosen_line(struct pool *pool, uint32_t at)
{
    while (is_open(&pool->lines[at])) {
        uint32_t slot = card_of(pool, &pool->lines[at])->request;
        leave_line(pool, slot);
        enter_loose(pool, slot);
    }
}

/* Whether a line is where its requests belong: they are alike, so the head speaks for all. */
static bool is_in_place(const struct match *match, struct pool *pool, const struct seek_line *line)
{
    const struct request *head = &pool->requests[card_of(pool, line)->request];
    uint32_t must;
    bool is_settled;
    return match_lasts(match, head, &must, &is_settled) && must == line->word &&
           (is_settled || !line->is_shared);
}

static bool is_filed_by(const struct seek_filing *filing, const struct match *match)
{
    const struct route_policy *policy = match->policy;
    return filing->policy_version == policy->version && filing->prefer_ms == policy->prefer_ms &&
           filing->direct_ms == policy->direct_ms && filing->setup == policy->setup &&
           filing->now_ms <= match->now_ms;
}

static void loosen_misplaced(const struct match *match, struct pool *pool)
{
    const struct route_policy *policy = match->policy;
    struct seek_filing *filing = &pool->market->filing;
    bool is_good = is_filed_by(filing, match);
    if (!is_good || filing->presence != pool->presence)
        for (uint32_t at = 0; at < pool->line_count; at++)
            if (is_open(&pool->lines[at]) &&
                    !(is_good && is_in_place(match, pool, &pool->lines[at])))
                loosen_line(pool, at);
    *filing = (struct seek_filing){pool->presence, policy->version, policy->prefer_ms,
            policy->direct_ms, match->now_ms, policy->setup};
}

/* Without memory a request stays loose, where it is found as well. */
static void file(const struct match *match, struct pool *pool, uint32_t slot)
{
    const struct request *request = &pool->requests[slot];
    uint32_t must;
    bool is_settled;
    if (!match_lasts(match, request, &must, &is_settled))
        return;
    uint64_t hash = is_settled ? line_hash(request) : 0;
    uint32_t line = is_settled ? find_line(pool, hash, request) : SLOT_NONE;
    if (line != SLOT_NONE) {
        leave_loose(pool, slot);
        join_line(pool, line, slot);
        return;
    }
    if (!has_room_for_one(pool, list_of(pool, must)) ||
            !table_reserve(&pool->lines_by_need, &pool->memory))
        return;
    leave_loose(pool, slot);
    line = open_line(pool, must,
            &(struct seek_card){
                    request->first_queued_ms, slot, 1, match_may_apply(match, request), 0});
    if (!is_settled)
        return;
    pool->lines[line].is_shared = true;
    pool->lines[line].hash = hash;
    table_put(&pool->lines_by_need, hash, line);
}

static void file_loose(const struct match *match, struct pool *pool)
{
    loosen_misplaced(match, pool);
    for (uint32_t i = pool->loose.count; i-- > 0;)
        file(match, pool, pool->loose.cards[i].request);
}

/* ---- collecting ---- */

static void see_heads(const struct pool *pool, const struct seek_list *list)
{
    struct market *market = pool->market;
    struct seek_card *seen = market->vectors[MARKET_SEEN].items;
    check(market->seen_count + list->count <= pool->waiting_count);
    if (list->count > 0)
        memcpy(&seen[market->seen_count], list->cards, list->count * sizeof *seen);
    market->seen_count += list->count;
}

/* All in the line of this card: those seen are the queue of those whose children are to be seen. */
static void see_line(const struct pool *pool, const struct seek_card *card)
{
    struct market *market = pool->market;
    struct seek_card *seen = market->vectors[MARKET_SEEN].items;
    uint32_t at = market->seen_count;
    check(at + card->alike <= pool->waiting_count);
    seen[market->seen_count++] = *card;
    for (; at < market->seen_count; at++) {
        uint32_t slot = pool->places[seen[at].request].child;
        for (; slot != SLOT_NONE; slot = pool->places[slot].next)
            seen[market->seen_count++] =
                    (struct seek_card){pool->places[slot].first_queued_ms, slot, 1, card->terms, 0};
    }
}

static void see_lines(const struct pool *pool, const struct seek_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        see_line(pool, &list->cards[i]);
}

static void see_all(const struct pool *pool)
{
    struct seek_card *seen = pool->market->vectors[MARKET_SEEN].items;
    for (uint32_t i = 0; i < pool->waiting_count; i++)
        seen[i] = (struct seek_card){
                pool->waiting[i].first_queued_ms, pool->waiting[i].request, 1, ANY_TERMS, 0};
    pool->market->seen_count = pool->waiting_count;
}

static void see_those_for(const struct pool *pool, const struct agent *agent,
        void (*see)(const struct pool *pool, const struct seek_list *list))
{
    for (uint32_t i = 0; i < agent->skill_count; i++) {
        struct word *word = &pool->words.items[agent->skills[i].word];
        if (word->stamp == pool->market->stamp)
            continue;
        word->stamp = pool->market->stamp;
        see(pool, &word->list);
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

/* The lists are not used, or would save little. */
static bool is_all_to_see(const struct match *match, uint32_t open_count)
{
    return match->policy->relax_busy_ms > 0 ||
           open_count > match->pool->waiting_count / ALL_WHEN_SHARE;
}

static bool begin_seeing(const struct pool *pool)
{
    pool->market->seen_count = 0;
    pool->market->stamp++;
    return market_take(pool, MARKET_SEEN, pool->waiting_count, sizeof(struct seek_card)) != NULL;
}

bool seek_collect(const struct match *match, uint32_t open_row, uint32_t open_count)
{
    const struct pool *pool = match->pool;
    struct market *market = pool->market;
    uint32_t agent = 0;
    if (!begin_seeing(pool))
        return false;
    if (is_all_to_see(match, open_count)) {
        see_all(pool);
        return true;
    }
    file_loose(match, market->owner);
    see_heads(pool, &pool->loose);
    see_lines(pool, &pool->mustless);
    for (; (agent = grid_next(&pool->grid, open_row, agent)) != SLOT_NONE; agent++)
        see_those_for(pool, &pool->agents[agent], see_lines);
    if (market->seen_count > pool->waiting_count / ALL_WHEN_SHARE)
        see_all(pool);
    else
        sort_by_age(pool, market->vectors[MARKET_SEEN].items, market->seen_count);
    return true;
}

bool seek_collect_heads(const struct match *match, uint32_t agent)
{
    const struct pool *pool = match->pool;
    if (!begin_seeing(pool))
        return false;
    if (is_all_to_see(match, 1)) {
        see_all(pool);
        return true;
    }
    file_loose(match, pool->market->owner);
    see_heads(pool, &pool->loose);
    see_heads(pool, &pool->mustless);
    see_those_for(pool, &pool->agents[agent], see_heads);
    return true;
}
