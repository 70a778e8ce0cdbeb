/* SPDX-License-Identifier: Apache-2.0 */
/* One agent with room, many who wait: the best request for them, which needs no auction.
 *
 * This is what a busy hour is made of, so it must not look at all who wait. Only those are seen
 * whom the agent's skills concern (seek.c), of those that are alike only the oldest (line.c), and
 * of these only the ones that could still score more than the best so far: a card says how much a
 * request's terms can give at most.
 *
 * Invariant: the winner has the highest score of all candidates; of equal ones it is the oldest.
 */
#include "core/route/market.h"

enum { FETCH_AHEAD = 6 };

/* Requests lie far apart: asks for the memory of one that will be looked at soon. */
static void fetch_soon(const struct pool *pool, const struct seek_card *card, uint32_t score)
{
    const char *bytes = (const char *)&pool->requests[card->request];
    if (card->most < score)
        return;
    __builtin_prefetch(bytes);
    __builtin_prefetch(bytes + 64);
}

/* A request that does not score more than the best so far is only counted: whether it may have the
 * agent at all takes longer to find out than what it would score. */
static void compete(
        const struct match *match, struct contest *contest, const struct seek_card *card)
{
    const struct pool *pool = match->pool;
    const struct request *request = &pool->requests[card->request];
    uint32_t score = 0;
    bool is_beaten = contest->count > 0 && card->most < contest->score;
    if (!is_beaten) {
        score = match_urgency(match, request, card->terms) +
                match_pair(match, request, contest->agent, card->terms);
        is_beaten = contest->count > 0 &&
                    (score < contest->score ||
                            (score == contest->score &&
                                    !request_is_before(request, &pool->requests[contest->best])));
    }
    if (!is_beaten && !match_is_candidate(match, request, contest->agent)) {
        uint64_t step_ms = match_next_step_ms(match, request);
        contest->next_step_ms = step_ms < contest->next_step_ms ? step_ms : contest->next_step_ms;
        return;
    }
    contest->count += card->alike;
    if (is_beaten)
        return;
    contest->best = card->request;
    contest->score = score;
}

/* The most promising one comes first. */
static void put_favourite_first(const struct match *match, struct seek_card *cards, uint32_t count)
{
    uint32_t best = 0, terms = 0, most_pair = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (cards[i].terms != terms)
            most_pair = match_most_pair(match, cards[i].terms);
        terms = cards[i].terms;
        cards[i].most =
                match_most_urgency(match, cards[i].first_queued_ms, cards[i].terms) + most_pair;
        best = cards[i].most > cards[best].most ? i : best;
    }
    if (count == 0)
        return;
    struct seek_card first = cards[0];
    cards[0] = cards[best];
    cards[best] = first;
}

struct contest market_contest(const struct match *match, uint32_t agent)
{
    struct market *market = match->pool->market;
    struct seek_card *seen = market->vectors[MARKET_SEEN].items;
    struct contest contest = {.agent = agent, .next_step_ms = ROUTE_NEVER};
    put_favourite_first(match, seen, market->seen_count);
    for (uint32_t i = 0; i < market->seen_count; i++) {
        if (i + FETCH_AHEAD < market->seen_count)
            fetch_soon(match->pool, &seen[i + FETCH_AHEAD], contest.score);
        compete(match, &contest, &seen[i]);
    }
    return contest;
}
