/* SPDX-License-Identifier: Apache-2.0 */
/* The auction on small random instances against the true optimum, and its certificate always. */
#include "core/route/auction.h"

#include "lib/test.h"

#include <string.h>

enum { CASES = 8, AGENTS = 4, ROOM = 3, PLACES = AGENTS * ROOM, ROUNDS = 3000, WIDE_CASES = 300 };

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

struct instance {
    uint32_t first_pair[WIDE_CASES + 1], pair_of[WIDE_CASES], bidders[WIDE_CASES];
    uint32_t first_place[AGENTS + 1];
    struct auction_pair pairs[WIDE_CASES * AGENTS];
    struct auction_place places[PLACES];
    int32_t least[AGENTS];
    struct auction auction;
};

static struct instance drawn;

/* Few values, so that ties are common; every third round none but the same. */
static void draw_instance(uint32_t cases, uint32_t value_max)
{
    uint32_t pairs = 0, places = 0;
    for (uint32_t i = 0; i < cases; i++) {
        drawn.first_pair[i] = pairs;
        for (uint32_t agent = 0; agent < AGENTS; agent++)
            if (draw(100) < 60)
                drawn.pairs[pairs++] = (struct auction_pair){agent, (uint32_t)draw(value_max)};
    }
    drawn.first_pair[cases] = pairs;
    for (uint32_t agent = 0; agent < AGENTS; agent++) {
        drawn.first_place[agent] = places;
        uint32_t room = (uint32_t)draw(ROOM + 1);
        for (uint32_t i = 0; i < room; i++)
            drawn.places[places++].bonus = (int32_t)(draw(value_max / 4 + 1));
    }
    drawn.first_place[AGENTS] = places;
    drawn.auction = (struct auction){.case_count = cases,
            .agent_count = AGENTS,
            .first_pair = drawn.first_pair,
            .pairs = drawn.pairs,
            .first_place = drawn.first_place,
            .places = drawn.places,
            .gap_max = AUCTION_GAP_MAX,
            .pair_of = drawn.pair_of,
            .least = drawn.least,
            .bidders = drawn.bidders};
}

/* ---- the true optimum: case by case over the sets of taken places ---- */

static uint64_t optimum(void)
{
    static uint64_t best[1 << PLACES];
    uint32_t places = drawn.first_place[AGENTS];
    memset(best, 0, sizeof best);
    for (uint32_t i = 0; i < drawn.auction.case_count; i++)
        for (uint32_t taken = ((uint32_t)1 << places); taken-- > 0;)
            for (uint32_t pair = drawn.first_pair[i]; pair < drawn.first_pair[i + 1]; pair++) {
                uint32_t agent = drawn.pairs[pair].agent;
                for (uint32_t at = drawn.first_place[agent]; at < drawn.first_place[agent + 1];
                        at++) {
                    if ((taken >> at & 1) == 0)
                        continue;
                    uint64_t sum = best[taken & ~((uint32_t)1 << at)] + drawn.pairs[pair].value +
                                   (uint64_t)drawn.places[at].bonus;
                    best[taken] = sum > best[taken] ? sum : best[taken];
                }
            }
    return best[((uint32_t)1 << places) - 1];
}

/* ---- what always holds ---- */

static bool is_left_out_wrongly(uint32_t late, uint32_t pair)
{
    uint32_t agent = drawn.pairs[pair].agent;
    for (uint32_t at = drawn.first_place[agent]; at < drawn.first_place[agent + 1]; at++) {
        uint32_t owner = drawn.places[at].owner;
        if (owner == AUCTION_NONE)
            return true;
        if (owner > late && drawn.pairs[drawn.pair_of[owner]].value <= drawn.pairs[pair].value)
            return true;
    }
    return false;
}

/* Anyone can recompute the bound from the prices. */
static void expect_dual_is_feasible(uint64_t dual)
{
    uint64_t sum = 0;
    for (uint32_t agent = 0; agent < AGENTS; agent++)
        for (uint32_t at = drawn.first_place[agent]; at < drawn.first_place[agent + 1]; at++)
            sum += auction_price(&drawn.auction, at, agent);
    for (uint32_t i = 0; i < drawn.auction.case_count; i++) {
        uint64_t profit = auction_profit(&drawn.auction, i);
        sum += profit;
        for (uint32_t pair = drawn.first_pair[i]; pair < drawn.first_pair[i + 1]; pair++) {
            uint32_t agent = drawn.pairs[pair].agent;
            for (uint32_t at = drawn.first_place[agent]; at < drawn.first_place[agent + 1]; at++)
                expect(auction_price(&drawn.auction, at, agent) + profit >=
                        drawn.pairs[pair].value + (uint64_t)drawn.places[at].bonus);
        }
    }
    expect_u64(sum, dual);
}

static void expect_lawful(const struct auction_certificate *certificate)
{
    uint32_t owned[WIDE_CASES] = {0}, matched = 0;
    uint64_t primal = 0;
    for (uint32_t agent = 0; agent < AGENTS; agent++)
        for (uint32_t at = drawn.first_place[agent]; at < drawn.first_place[agent + 1]; at++) {
            uint32_t owner = drawn.places[at].owner;
            if (owner == AUCTION_NONE)
                continue;
            uint32_t pair = drawn.pair_of[owner];
            expect(pair >= drawn.first_pair[owner] && pair < drawn.first_pair[owner + 1]);
            expect_u64(drawn.pairs[pair].agent, agent);
            primal += drawn.pairs[pair].value + (uint64_t)drawn.places[at].bonus;
            owned[owner]++;
            matched++;
        }
    for (uint32_t i = 0; i < drawn.auction.case_count; i++) {
        expect_u64(owned[i], drawn.pair_of[i] != AUCTION_NONE);
        for (uint32_t pair = drawn.first_pair[i]; pair < drawn.first_pair[i + 1]; pair++)
            expect(drawn.pair_of[i] != AUCTION_NONE || !is_left_out_wrongly(i, pair));
    }
    expect_dual_is_feasible(certificate->dual);
    expect_u64(certificate->matched, matched);
    expect_u64(certificate->primal, primal);
    expect(certificate->dual >= certificate->primal);
    expect_u64(certificate->gap, auction_gap(certificate->primal, certificate->dual));
}

/* ---- cases ---- */

static void it_is_within_its_gap_of_the_optimum(void)
{
    uint64_t found = 0, best = 0;
    for (random_state = 1; random_state < ROUNDS; random_state++) {
        uint64_t seed = random_state;
        random_state *= 0x9e3779b97f4a7c15u;
        test_note("round %llu", (unsigned long long)seed);
        draw_instance(CASES, seed % 3 == 0 ? 2 : seed % 3 == 1 ? 20 : 3000);
        struct auction_certificate certificate = auction_run(&drawn.auction);
        expect_lawful(&certificate);
        uint64_t most = optimum();
        expect(certificate.primal <= most && most <= certificate.dual);
        expect(certificate.gap <= AUCTION_GAP_MAX || most - certificate.primal <= CASES);
        found += certificate.primal;
        best += most;
        random_state = seed;
    }
    expect(found * 1000 >= best * 995);
}

static void many_cases_for_few_places_keep_every_law(void)
{
    for (random_state = 1; random_state < 200; random_state++) {
        uint64_t seed = random_state;
        random_state *= 0x9e3779b97f4a7c15u;
        draw_instance(WIDE_CASES, seed % 2 == 0 ? 3 : 100000);
        struct auction_certificate certificate = auction_run(&drawn.auction);
        expect_lawful(&certificate);
        expect(certificate.gap <= AUCTION_GAP_MAX || certificate.dual <= WIDE_CASES);
        random_state = seed;
    }
}

static void the_same_instance_has_the_same_outcome(void)
{
    static struct instance first;
    random_state = 7;
    draw_instance(WIDE_CASES, 500);
    auction_run(&drawn.auction);
    first = drawn;
    struct auction_certificate again = auction_run(&drawn.auction);
    expect(memcmp(first.pair_of, drawn.pair_of, sizeof first.pair_of) == 0);
    expect_lawful(&again);
}

/* Greedy by age gives the first its best, and the second nothing. */
/* However small the slices: the same assignment, the same prices, the same certificate. */
static void slices_make_no_difference(void)
{
    static struct instance given, sliced;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_state = seed * 7919;
        draw_instance((uint32_t)draw(WIDE_CASES), seed % 3 ? 1000 : 5);
        uint64_t slice = 1 + draw(200), slices = 0;
        given = drawn;
        while (!auction_step(&drawn.auction, slice))
            slices++;
        sliced = drawn;
        drawn = given;
        struct auction_certificate whole = auction_run(&drawn.auction);
        test_note("seed %lu: %lu slices of %lu", (unsigned long)seed, (unsigned long)slices,
                (unsigned long)slice);
        expect(memcmp(&whole, &sliced.auction.certificate, sizeof whole) == 0);
        expect(memcmp(drawn.pair_of, sliced.pair_of, sizeof drawn.pair_of) == 0);
        expect(memcmp(drawn.least, sliced.least, sizeof drawn.least) == 0);
    }
}

static void a_sacrifice_is_made_when_it_pays(void)
{
    draw_instance(0, 2);
    drawn.auction.case_count = 2;
    drawn.pairs[0] = (struct auction_pair){0, 1000};
    drawn.pairs[1] = (struct auction_pair){1, 900};
    drawn.pairs[2] = (struct auction_pair){0, 1000};
    memcpy(drawn.first_pair, (uint32_t[]){0, 2, 3}, 3 * sizeof(uint32_t));
    memcpy(drawn.first_place, (uint32_t[]){0, 1, 2, 2, 2}, 5 * sizeof(uint32_t));
    drawn.places[0].bonus = drawn.places[1].bonus = 0;
    struct auction_certificate certificate = auction_run(&drawn.auction);
    expect_u64(certificate.primal, 1900);
    expect_u64(drawn.pair_of[0], 1);
    expect_u64(drawn.pair_of[1], 2);
}

static void nothing_to_match_is_a_certificate_too(void)
{
    random_state = 3;
    draw_instance(0, 10);
    struct auction_certificate certificate = auction_run(&drawn.auction);
    expect_u64(certificate.primal + certificate.dual + certificate.gap + certificate.matched, 0);
}

/* What was left out of a case's pairs is worth up to its ceiling, and the bound says so. */
static void a_ceiling_keeps_the_bound_honest(void)
{
    uint32_t ceilings[2] = {5000, 0};
    a_sacrifice_is_made_when_it_pays();
    drawn.auction.ceilings = ceilings;
    struct auction_certificate certificate = auction_run(&drawn.auction);
    expect(certificate.dual >= 5000 + 900);
    expect(certificate.gap > 500);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(it_is_within_its_gap_of_the_optimum),
                    CASE(many_cases_for_few_places_keep_every_law),
                    CASE(the_same_instance_has_the_same_outcome), CASE(slices_make_no_difference),
                    CASE(a_sacrifice_is_made_when_it_pays),
                    CASE(nothing_to_match_is_a_certificate_too),
                    CASE(a_ceiling_keeps_the_bound_honest), {0}});
}
