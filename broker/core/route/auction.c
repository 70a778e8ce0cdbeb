/* SPDX-License-Identifier: Apache-2.0 */
/* The auction.
 *
 * A case bids for the place with the greatest profit (value less net price) and raises its price
 * until the place is only just better, by epsilon, than the second greatest; who held the place
 * bids again. A case without a place worth its price leaves. Prices begin at 0 and only rise, and a
 * place with a price is held, so each case ends within epsilon of its best and the sum within
 * (matched x epsilon) of the optimum. A rough run with a large epsilon finds about the right prices
 * first; the fine run begins a little below them, and from 0 only if the certificate asks for it.
 * Afterwards a pass in the order of age mends what epsilon left undone, never lowering the sum: no
 * case stays out while a place is free or in favour of a younger one that is not worth more.
 *
 * Invariant: the places of an agent are a heap by (net, bonus), the cheapest first; least[agent] is
 * its net. The certificate is computed from prices and pairs alone: it holds for any assignment.
 */
#include "core/route/auction.h"

#include "base/check.h"

#include <stddef.h>

#define LOOKS_MAX ((uint64_t)1 << 27)
#define FROM_ZERO INT32_MAX

enum {
    EPSILON_SHARE = 10,  /* per mille of the mean value */
    EPSILON_DIVISOR = 4, /* when the gap was larger than wanted */
    ROUGH_SHARE = 8,     /* of epsilon, for the first prices */
};

/* ---- places ---- */

static uint32_t place_count(const struct auction *auction, uint32_t agent)
{
    return auction->first_place[agent + 1] - auction->first_place[agent];
}

static struct auction_place *places_of(const struct auction *auction, uint32_t agent)
{
    return &auction->places[auction->first_place[agent]];
}

static void sift_down(struct auction_place *places, uint32_t count, uint32_t at)
{
    struct auction_place moved = places[at];
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && places[child + 1].net < places[child].net;
        if (places[child].net >= moved.net)
            break;
        places[at] = places[child];
    }
    places[at] = moved;
}

/* The second lowest net; INT32_MAX: there is one place only. */
static int32_t second_net(const struct auction_place *places, uint32_t count)
{
    if (count < 3)
        return count < 2 ? INT32_MAX : places[1].net;
    return places[1].net < places[2].net ? places[1].net : places[2].net;
}

/* ---- bidding ---- */

static void spend(uint64_t *left, uint64_t looks)
{
    *left -= looks < *left ? looks : *left;
}

static uint32_t pairs_of(const struct auction *auction, uint32_t at)
{
    return auction->first_pair[at + 1] - auction->first_pair[at];
}

/* Prices begin at 0, or when they are known roughly at what they were less so much. */
static void open_places(struct auction *auction, int32_t less)
{
    for (uint32_t agent = 0; agent < auction->agent_count; agent++) {
        struct auction_place *places = places_of(auction, agent);
        uint32_t count = place_count(auction, agent);
        for (uint32_t i = 0; i < count; i++) {
            bool is_from_zero = less == FROM_ZERO || places[i].net < less - places[i].bonus;
            places[i].net = is_from_zero ? -places[i].bonus : places[i].net - less;
            places[i].owner = AUCTION_NONE;
        }
        for (uint32_t i = count / 2; i-- > 0;)
            sift_down(places, count, i);
        auction->least[agent] = count > 0 ? places[0].net : INT32_MAX;
    }
}

static int32_t profit_of(const struct auction *auction, uint32_t pair)
{
    const struct auction_pair *at = &auction->pairs[pair];
    int32_t least = auction->least[at->agent];
    return least == INT32_MAX ? -1 : (int32_t)at->value - least;
}

struct wish {
    uint32_t pair; /* AUCTION_NONE: none is worth its price */
    int32_t profit, second;
};

/* The pair with the greatest profit, and the second greatest profit elsewhere. */
static struct wish best_pair(struct auction *auction, uint32_t bidder)
{
    struct wish wish = {AUCTION_NONE, -1, -1};
    uint32_t begin = auction->first_pair[bidder], end = auction->first_pair[bidder + 1];
    for (uint32_t pair = begin; pair < end; pair++) {
        int32_t profit = profit_of(auction, pair);
        if (profit <= wish.second)
            continue;
        bool is_best = profit > wish.profit;
        wish.second = is_best ? wish.profit : profit;
        wish.profit = is_best ? profit : wish.profit;
        wish.pair = is_best ? pair : wish.pair;
    }
    auction->looks += 1 + end - begin;
    return wish;
}

/* Returns the case that held the place, or AUCTION_NONE. */
static uint32_t take_place(struct auction *auction, uint32_t bidder, uint32_t pair, int32_t net)
{
    uint32_t agent = auction->pairs[pair].agent;
    struct auction_place *places = places_of(auction, agent);
    uint32_t before = places[0].owner;
    places[0].owner = bidder;
    places[0].net = net;
    sift_down(places, place_count(auction, agent), 0);
    auction->least[agent] = places[0].net;
    auction->pair_of[bidder] = pair;
    return before;
}

/* Returns the case that must bid again, or AUCTION_NONE. */
static uint32_t bid(struct auction *auction, uint32_t bidder, int32_t epsilon)
{
    struct wish wish = best_pair(auction, bidder);
    uint32_t pair = wish.pair;
    if (pair == AUCTION_NONE)
        return AUCTION_NONE;
    int32_t second = wish.second > 0 ? wish.second : 0; /* it may as well leave */
    uint32_t agent = auction->pairs[pair].agent;
    int32_t value = (int32_t)auction->pairs[pair].value;
    int32_t beside = second_net(places_of(auction, agent), place_count(auction, agent));
    if (beside != INT32_MAX && value - beside > second)
        second = value - beside;
    uint32_t before = take_place(auction, bidder, pair, value - second + epsilon);
    if (before != AUCTION_NONE)
        auction->pair_of[before] = AUCTION_NONE;
    return before;
}

static void begin_bidding(struct auction *auction)
{
    for (uint32_t i = 0; i < auction->case_count; i++) {
        auction->pair_of[i] = AUCTION_NONE;
        auction->bidders[i] = auction->case_count - 1 - i;
    }
    auction->at = auction->case_count;
    auction->phase = AUCTION_BID;
}

static bool bid_some(struct auction *auction, uint64_t *left)
{
    uint64_t began = auction->looks;
    if (began >= LOOKS_MAX)
        return true;
    uint64_t until = *left < LOOKS_MAX - began ? began + *left : LOOKS_MAX;
    int32_t epsilon = auction->is_rough ? ROUGH_SHARE * auction->epsilon : auction->epsilon;
    uint32_t count = auction->at;
    while (count > 0 && auction->looks < until) {
        uint32_t bidder = auction->bidders[--count];
        uint32_t before = bid(auction, bidder, epsilon);
        if (before != AUCTION_NONE)
            auction->bidders[count++] = before;
    }
    auction->at = count;
    spend(left, auction->looks - began);
    return count == 0 || auction->looks >= LOOKS_MAX;
}

/* ---- mending ---- */

/* Of the agent's places: a free one, or else the one whose owner is younger than the case and worth
 * least, if not worth more than value. NULL: none. */
static struct auction_place *weakest_place(
        const struct auction *auction, uint32_t agent, uint32_t younger_than, uint32_t value)
{
    struct auction_place *found = NULL, *places = places_of(auction, agent);
    for (uint32_t i = 0; i < place_count(auction, agent); i++) {
        uint32_t owner = places[i].owner;
        if (owner == AUCTION_NONE)
            return &places[i];
        uint32_t worth = auction->pairs[auction->pair_of[owner]].value;
        if (owner < younger_than || worth > value)
            continue;
        if (found == NULL || worth < auction->pairs[auction->pair_of[found->owner]].value ||
                (worth == auction->pairs[auction->pair_of[found->owner]].value &&
                        owner > found->owner))
            found = &places[i];
    }
    return found;
}

static uint32_t gain_of(
        const struct auction *auction, const struct auction_place *place, uint32_t value)
{
    if (place->owner == AUCTION_NONE)
        return value + (uint32_t)place->bonus;
    return value - auction->pairs[auction->pair_of[place->owner]].value;
}

/* Gives the case a place that is free or that a younger one no more worth has. */
static void let_in(struct auction *auction, uint32_t late)
{
    struct auction_place *best = NULL;
    uint32_t best_gain = 0, best_pair_at = 0, end = auction->first_pair[late + 1];
    for (uint32_t pair = auction->first_pair[late]; pair < end; pair++) {
        const struct auction_pair *at = &auction->pairs[pair];
        struct auction_place *place = weakest_place(auction, at->agent, late, at->value);
        if (place == NULL)
            continue;
        bool is_free = place->owner == AUCTION_NONE;
        uint32_t gain = gain_of(auction, place, at->value);
        bool best_is_free = best != NULL && best->owner == AUCTION_NONE;
        if (best == NULL || is_free > best_is_free ||
                (is_free == best_is_free && gain > best_gain)) {
            best = place;
            best_gain = gain;
            best_pair_at = pair;
        }
    }
    if (best == NULL)
        return;
    if (best->owner != AUCTION_NONE)
        auction->pair_of[best->owner] = AUCTION_NONE;
    best->owner = late;
    auction->pair_of[late] = best_pair_at;
}

/* In the order of age: whoever is put out is younger, so its turn is still to come. */
static bool let_in_some(struct auction *auction, uint64_t *left)
{
    for (; auction->at<auction->case_count && * left> 0; auction->at++) {
        bool is_out = auction->pair_of[auction->at] == AUCTION_NONE;
        if (is_out)
            let_in(auction, auction->at);
        spend(left, is_out ? 1 + pairs_of(auction, auction->at) : 1);
    }
    return auction->at == auction->case_count;
}

/* ---- the certificate ---- */

uint32_t auction_gap(uint64_t primal, uint64_t dual)
{
    return dual > primal ? (uint32_t)(((dual - primal) * 1000 + dual - 1) / dual) : 0;
}

static int32_t least_of_all(const struct auction *auction)
{
    int32_t least = INT32_MAX;
    for (uint32_t agent = 0; agent < auction->agent_count; agent++)
        least = auction->least[agent] < least ? auction->least[agent] : least;
    return least;
}

static int32_t best_profit(const struct auction *auction, uint32_t at, int32_t least)
{
    int32_t best = 0;
    if (auction->ceilings != NULL && auction->ceilings[at] > 0 && least != INT32_MAX)
        best = (int32_t)auction->ceilings[at] - least;
    for (uint32_t pair = auction->first_pair[at]; pair < auction->first_pair[at + 1]; pair++) {
        int32_t profit = profit_of(auction, pair);
        best = profit > best ? profit : best;
    }
    return best > 0 ? best : 0;
}

/* All places of an agent may cost as little, next to their bonus, as the cheapest: nobody's profit
 * is greater for it, and the bound is the tighter. */
uint64_t auction_price(const struct auction *auction, uint32_t place, uint32_t agent)
{
    int32_t price = auction->least[agent] + auction->places[place].bonus;
    return price > 0 ? (uint64_t)price : 0;
}

uint64_t auction_profit(const struct auction *auction, uint32_t at)
{
    return (uint64_t)best_profit(auction, at, least_of_all(auction));
}

static void count_places(
        const struct auction *auction, uint32_t agent, struct auction_certificate *certificate)
{
    for (uint32_t i = auction->first_place[agent]; i < auction->first_place[agent + 1]; i++) {
        const struct auction_place *place = &auction->places[i];
        certificate->dual += auction_price(auction, i, agent);
        if (place->owner == AUCTION_NONE)
            continue;
        uint32_t value = auction->pairs[auction->pair_of[place->owner]].value;
        certificate->primal += (uint64_t)place->bonus + value;
        certificate->matched++;
    }
}

static void begin_proving(struct auction *auction)
{
    auction->certificate = (struct auction_certificate){0};
    auction->least_net = least_of_all(auction);
    for (uint32_t agent = 0; agent < auction->agent_count; agent++)
        count_places(auction, agent, &auction->certificate);
    auction->at = 0;
    auction->phase = AUCTION_PROVE;
}

static bool prove_some(struct auction *auction, uint64_t *left)
{
    struct auction_certificate *certificate = &auction->certificate;
    for (; auction->at<auction->case_count && * left> 0; auction->at++) {
        certificate->dual += (uint64_t)best_profit(auction, auction->at, auction->least_net);
        spend(left, 1 + pairs_of(auction, auction->at));
    }
    certificate->gap = auction_gap(certificate->primal, certificate->dual);
    return auction->at == auction->case_count;
}

/* ---- running ---- */

static bool measure_some(struct auction *auction, uint64_t *left)
{
    for (; auction->at<auction->case_count && * left> 0; auction->at++) {
        uint32_t best = 0, end = auction->first_pair[auction->at + 1];
        for (uint32_t pair = auction->first_pair[auction->at]; pair < end; pair++)
            best = auction->pairs[pair].value > best ? auction->pairs[pair].value : best;
        auction->value_sum += best;
        spend(left, 1 + pairs_of(auction, auction->at));
    }
    return auction->at == auction->case_count;
}

static int32_t first_epsilon(const struct auction *auction)
{
    uint64_t count = auction->case_count;
    uint64_t epsilon = count > 0 ? auction->value_sum / count * EPSILON_SHARE / 1000 : 0;
    return epsilon > 1 ? (int32_t)epsilon : 1;
}

/* A run with a smaller epsilon takes several times as long as all before. */
static bool is_good_enough(const struct auction *auction)
{
    check(auction->certificate.dual >= auction->certificate.primal);
    return auction->certificate.gap <= auction->gap_max ||
           auction->looks >= LOOKS_MAX / (2 * EPSILON_DIVISOR);
}

static void after_measuring(struct auction *auction)
{
    auction->epsilon = first_epsilon(auction);
    auction->is_rough = true;
    open_places(auction, FROM_ZERO);
    begin_bidding(auction);
}

static void after_bidding(struct auction *auction)
{
    auction->at = 0;
    auction->phase = AUCTION_MEND;
    if (!auction->is_rough)
        return;
    auction->is_rough = false;
    open_places(auction, 2 * ROUGH_SHARE * auction->epsilon);
    begin_bidding(auction);
}

/* Once more from 0 with the same epsilon, then with ever smaller ones. */
static void after_proving(struct auction *auction)
{
    bool is_finest = auction->is_again && auction->epsilon == 1;
    auction->phase = AUCTION_OVER;
    if (is_finest || is_good_enough(auction))
        return;
    if (auction->is_again)
        auction->epsilon =
                auction->epsilon / EPSILON_DIVISOR > 1 ? auction->epsilon / EPSILON_DIVISOR : 1;
    auction->is_again = true;
    open_places(auction, FROM_ZERO);
    begin_bidding(auction);
}

bool auction_step(struct auction *auction, uint64_t looks)
{
    uint64_t left = looks;
    while (left > 0 && auction->phase != AUCTION_OVER) {
        switch (auction->phase) {
        case AUCTION_BEGIN:
            auction->looks = auction->value_sum = 0;
            auction->at = 0;
            auction->is_again = false;
            auction->phase = AUCTION_MEASURE;
            break;
        case AUCTION_MEASURE:
            if (measure_some(auction, &left))
                after_measuring(auction);
            break;
        case AUCTION_BID:
            if (bid_some(auction, &left))
                after_bidding(auction);
            break;
        case AUCTION_MEND:
            if (let_in_some(auction, &left))
                begin_proving(auction);
            break;
        case AUCTION_PROVE:
            if (prove_some(auction, &left))
                after_proving(auction);
            break;
        case AUCTION_OVER:
            break;
        }
    }
    return auction->phase == AUCTION_OVER;
}

struct auction_certificate auction_run(struct auction *auction)
{
    auction->phase = AUCTION_BEGIN;
    check(auction_step(auction, UINT64_MAX));
    return auction->certificate;
}
