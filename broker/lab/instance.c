/* SPDX-License-Identifier: Apache-2.0 */
/* An outside instance of the assignment problem.
 *
 * Invariant: it is solved by core/route's auction, the same code that routes, and nothing is added
 * to its certificate: prices, profits and bound are what the auction ended with.
 */
#include "lab/instance.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INSTANCE_GAP_MAX = 1 /* per mille: an outside instance may take longer */ };

/* Makes room for one element more, at least. */
static bool grow(void **items, uint32_t *room, uint64_t needed, uint64_t most, size_t size)
{
    uint64_t larger = *room ? *room : 64;
    if (needed <= *room)
        return true;
    while (larger < needed)
        larger *= 2;
    void *grown = needed <= most ? realloc(*items, (size_t)larger * size) : NULL;
    if (grown == NULL)
        return false;
    *items = grown;
    *room = (uint32_t)larger;
    return true;
}

bool instance_add_agent(struct instance *instance, uint32_t capacity)
{
    void *first = instance->first_place;
    bool has_room = grow(&first, &instance->agent_room, (uint64_t)instance->agent_count + 2,
            INSTANCE_AGENTS_MAX + 1, sizeof(uint32_t));
    instance->first_place = first;
    if (!has_room || (uint64_t)instance->place_count + capacity > INSTANCE_PLACES_MAX)
        return false;
    instance->first_place[instance->agent_count++] = instance->place_count;
    instance->place_count += capacity;
    instance->first_place[instance->agent_count] = instance->place_count;
    return true;
}

bool instance_add_case(struct instance *instance)
{
    void *first = instance->first_pair;
    bool has_room = grow(&first, &instance->case_room, (uint64_t)instance->case_count + 2,
            INSTANCE_CASES_MAX + 1, sizeof(uint32_t));
    instance->first_pair = first;
    if (!has_room)
        return false;
    instance->first_pair[instance->case_count++] = instance->pair_count;
    instance->first_pair[instance->case_count] = instance->pair_count;
    return true;
}

bool instance_add_pair(struct instance *instance, uint32_t agent, uint32_t value)
{
    void *pairs = instance->pairs;
    bool has_room = grow(&pairs, &instance->pair_room, (uint64_t)instance->pair_count + 1,
            INSTANCE_PAIRS_MAX, sizeof *instance->pairs);
    instance->pairs = pairs;
    if (!has_room)
        return false;
    instance->pairs[instance->pair_count++] = (struct auction_pair){agent, value};
    instance->first_pair[instance->case_count] = instance->pair_count;
    return true;
}

void instance_finish(struct instance *instance)
{
    free(instance->first_pair);
    free(instance->first_place);
    free(instance->pairs);
    *instance = (struct instance){0};
}

/* ---- solving ---- */

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void read_answer(
        const struct instance *instance, const struct auction *auction, struct instance_answer *out)
{
    for (uint32_t i = 0; i < instance->case_count; i++) {
        uint32_t pair = auction->pair_of[i];
        out->agent_of[i] = pair == AUCTION_NONE ? AUCTION_NONE : instance->pairs[pair].agent;
        out->profits[i] = auction_profit(auction, i);
    }
    for (uint32_t agent = 0; agent < instance->agent_count; agent++) {
        uint32_t place = instance->first_place[agent];
        bool has_places = place < instance->first_place[agent + 1];
        out->prices[agent] = has_places ? auction_price(auction, place, agent) : 0;
    }
}

static bool reserve(const struct instance *instance, struct instance_answer *answer)
{
    *answer = (struct instance_answer){
            .agent_of = calloc((size_t)instance->case_count + 1, sizeof *answer->agent_of),
            .prices = calloc((size_t)instance->agent_count + 1, sizeof *answer->prices),
            .profits = calloc((size_t)instance->case_count + 1, sizeof *answer->profits)};
    return answer->agent_of != NULL && answer->prices != NULL && answer->profits != NULL;
}

bool instance_solve(const struct instance *instance, struct instance_answer *out)
{
    static const uint32_t nothing[1];
    struct auction auction = {.case_count = instance->case_count,
            .agent_count = instance->agent_count,
            .first_pair = instance->first_pair ? instance->first_pair : nothing,
            .first_place = instance->first_place ? instance->first_place : nothing,
            .pairs = instance->pairs,
            .gap_max = INSTANCE_GAP_MAX,
            .places = calloc((size_t)instance->place_count + 1, sizeof *auction.places),
            .pair_of = calloc((size_t)instance->case_count + 1, sizeof *auction.pair_of),
            .least = calloc((size_t)instance->agent_count + 1, sizeof *auction.least),
            .bidders = calloc((size_t)instance->case_count + 1, sizeof *auction.bidders)};
    struct instance_answer answer;
    bool has_memory = reserve(instance, &answer) && auction.places != NULL &&
                      auction.pair_of != NULL && auction.least != NULL && auction.bidders != NULL;
    if (has_memory) {
        uint64_t began_ns = cpu_ns();
        answer.certificate = auction_run(&auction);
        answer.cpu_ns = cpu_ns() - began_ns;
        read_answer(instance, &auction, &answer);
        *out = answer;
    } else {
        instance_answer_finish(&answer);
    }
    free(auction.places);
    free(auction.pair_of);
    free(auction.least);
    free(auction.bidders);
    return has_memory;
}

void instance_answer_finish(struct instance_answer *answer)
{
    free(answer->agent_of);
    free(answer->prices);
    free(answer->profits);
    *answer = (struct instance_answer){0};
}
