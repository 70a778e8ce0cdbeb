/* SPDX-License-Identifier: Apache-2.0 */
/* A sparse auction: cases bid for the places of agents, and the prices prove how good the outcome
 * is. Knows nothing of pools: numbers in, numbers out.
 *
 *   place        room for one case at an agent; taking it is worth its bonus on top of the pair
 *   pair         a case and an agent who may have it, and what that is worth; never below 0
 *   price        of a place, never below 0; the prices are the dual values of the assignment
 *   net          price less bonus, which is all that a bidder needs to know of a place
 *   certificate  primal (what the assignment is worth) and dual (what no assignment can exceed)
 *   look         at one pair, the unit of its work: some nanoseconds
 */
#ifndef WEFT_CORE_ROUTE_AUCTION_H
#define WEFT_CORE_ROUTE_AUCTION_H

#include <stdbool.h>
#include <stdint.h>

#define AUCTION_NONE UINT32_MAX

enum {
    AUCTION_VALUE_MAX = 1 << 30,
    AUCTION_GAP_MAX = 10, /* per mille: what routing aims at */
};

struct auction_pair {
    uint32_t agent, value;
};

struct auction_place {
    int32_t bonus; /* 0..AUCTION_VALUE_MAX / 2, given */
    int32_t net;
    uint32_t owner; /* a case, or AUCTION_NONE */
};

struct auction_certificate {
    uint64_t primal, dual;
    uint32_t matched;
    uint32_t gap; /* per mille of dual, rounded up */
};

/* What is to be done next. */
enum auction_phase {
    AUCTION_BEGIN,
    AUCTION_MEASURE, /* how much pairs are worth */
    AUCTION_BID,
    AUCTION_MEND,
    AUCTION_PROVE,
    AUCTION_OVER,
};

/* All storage is the caller's. */
struct auction {
    uint32_t case_count, agent_count;
    /* given: cases in the order of the queue, the oldest first; pairs by case, then by agent */
    const uint32_t *first_pair; /* case_count + 1 */
    const struct auction_pair *pairs;
    const uint32_t *ceilings; /* per case, no pair that was left out is worth more; may be NULL */
    const uint32_t *first_place; /* agent_count + 1 */
    struct auction_place *places;
    uint32_t gap_max; /* per mille that the run aims at; 0: the best it can */
    /* found */
    uint32_t *pair_of; /* per case: its pair, or AUCTION_NONE */
    struct auction_certificate certificate;
    /* scratch */
    int32_t *least;           /* per agent: the lowest net of its places */
    uint32_t *bidders;        /* case_count */
    uint64_t looks;           /* of those who bid, bounded */
    enum auction_phase phase; /* AUCTION_BEGIN at first */
    uint32_t at;              /* the case at which the phase goes on; while bidding: bidders left */
    bool is_rough;            /* it is the first run, for prices only */
    bool is_again;            /* the fine run did not prove enough */
    int32_t epsilon, least_net;
    uint64_t value_sum;
};

/* Assigns each case to at most one place and each place to at most one case.
 *
 * shape:   dual >= primal always; the gap is gap_max or less unless the bound on work was
 *          met or pairs were left out, and then it says how much is not proven
 * order:   deterministic: the outcome depends on nothing but what is given. A case is without a
 *          place only if every place that it may have belongs to an older case or to one that is
 *          worth more there
 * source:  D. Bertsekas, "The auction algorithm" (1988), forward, Gauss-Seidel, one-sided prices */
struct auction_certificate auction_run(struct auction *auction);

/* The same in slices of about so many looks, with the same outcome however it is sliced; what is
 * given must not change in between. true: over, the certificate is there. */
bool auction_step(struct auction *auction, uint64_t looks);

/* After a run, the dual values: of a place (of this agent), and of a case. They are feasible, so
 * their sum is the dual of the certificate: price + profit >= value + bonus for each pair and
 * place. */
uint64_t auction_price(const struct auction *auction, uint32_t place, uint32_t agent);
uint64_t auction_profit(const struct auction *auction, uint32_t at);

/* Per mille of the bound, rounded up; 0 for 0 of 0. */
uint32_t auction_gap(uint64_t primal, uint64_t dual);

#endif
