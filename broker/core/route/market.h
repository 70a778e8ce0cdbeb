/* SPDX-License-Identifier: Apache-2.0 */
/* The backlog as an auction: built from the fold, run once, handed out in batches as a plan. */
#ifndef WEFT_CORE_ROUTE_MARKET_H
#define WEFT_CORE_ROUTE_MARKET_H

#include "core/route/auction.h"
#include "core/route/match.h"

enum {
    MARKET_PLAN_MS = 1000,  /* an older plan is made anew: it does not know who came since */
    MARKET_WORK_MS = 10000, /* an auction that was begun before is begun anew */
};

enum market_vector {
    MARKET_SEEN,   /* struct seek_card: requests that may have a candidate, the oldest first */
    MARKET_CASES,  /* uint32_t: of these, the ones that have */
    MARKET_AGENTS, /* uint32_t: open agents by rank */
    MARKET_BITS,   /* uint64_t: the grid's rows, the open agents by rank only */
    MARKET_PAIRS,
    MARKET_FIRST_PAIR,
    MARKET_CEILINGS,
    MARKET_PLACES,
    MARKET_FIRST_PLACE,
    MARKET_PAIR_OF,
    MARKET_LEAST,
    MARKET_BIDDERS,
    MARKET_PLAN, /* struct market_offer */
    MARKET_VECTORS,
};

struct market_offer {
    uint32_t request, agent, agent_word;
    uint64_t hash; /* the request's: a slot may have been used again since */
};

/* An auction on its way, between two slices. Its numbers are of the moment at which it was begun.
 */
struct market_hall {
    const struct match *match; /* of the slice */
    struct market *market;
    struct auction auction;
    uint32_t *agents, *cases, *first_pair, *ceilings;
    uint64_t *bits;
    uint32_t rows, stride, pair_limit, pair_count;
    uint32_t listed;     /* of those seen: before this one their pairs are listed */
    uint32_t seen_count; /* as many take part */
    bool is_open_enough; /* whoever is open has room for each case */
    uint64_t began_ms;
    uint64_t owed; /* looks that beginning was worth */
};

/* What the lists of seek.c are in order for: the pool's presence, what of the policy decides who
 * may be filed, and the time, since a later one leaves the filed as they are. */
struct seek_filing {
    uint64_t presence, policy_version, prefer_ms, direct_ms, now_ms;
    const struct route_setup *setup;
};

/* Scratch of deciding, kept with the pool: the fold does not depend on it. */
struct market {
    struct pool *owner; /* deciding may order the lists of seek.c: no decision depends on it */
    struct {
        void *items;
        size_t bytes;
    } vectors[MARKET_VECTORS];
    uint64_t stamp;
    struct seek_filing filing;
    uint32_t seen_count;
    bool is_under_way; /* the auction in hall is not over */
    struct market_hall hall;
    uint64_t next_step_ms;      /* of those who had no candidate when they were listed */
    bool is_cut;                /* the auction did not see everything */
    bool is_trimmed;            /* it matched more than there is room for: they weigh differently */
    struct route_policy policy; /* that the plan is made with */
    uint64_t made_ms;
    uint32_t plan_count, plan_head; /* head: what is before was done */
    struct pool_quality quality;
};

/* NULL: no memory. */
void *market_take(const struct pool *pool, enum market_vector vector, size_t count, size_t size);
void market_finish(const struct pool *pool);

enum market_outcome {
    MARKET_PLANNED,
    MARKET_NOBODY,
    MARKET_UNABLE,    /* no memory */
    MARKET_UNDER_WAY, /* not yet */
};

/* ---- market_hall.c ---- */
/* The open agents, their rows and places. false: no memory. */
bool market_enter(struct market_hall *hall);

/* ---- market.c ---- */
/* Begins a plan for those seen. false: no memory. */
bool market_begin(const struct match *match);
/* Goes on with it, for about so many looks at a pair. What has changed in the fold since it began
 * is seen when the plan is handed out. */
enum market_outcome market_go_on(const struct match *match, uint64_t looks);
/* There is one under way for this policy, not begun too long ago. */
bool market_is_under_way(const struct match *match);
/* Those seen, for the one agent with room. */
struct contest {
    uint32_t agent, count; /* count: those who may have them, perhaps with some who may not */
    uint32_t best, score;  /* the winner, when there is any; without the agent's own part */
    uint64_t next_step_ms; /* of those who may not */
};

struct contest market_contest(const struct match *match, uint32_t agent);
/* A plan of one offer. */
void market_plan_one(const struct match *match, uint32_t request, uint32_t agent,
        const struct pool_quality *quality);
/* The plan that is still good for this policy and time; false: there is none. */
bool market_has_plan(const struct match *match);
/* The request of this offer does not wait any more. */
bool market_is_done(const struct pool *pool, const struct market_offer *offer);
void market_forget_plan(const struct pool *pool);
bool market_is_same_policy(const struct route_policy *a, const struct route_policy *b);

/* ---- line.c: of requests that are alike only the oldest competes ---- */
/* Alike: at the same age they would have the same candidates and scores from here on, as long as
 * the steps of neither depend on the time (match_lasts). */
bool line_is_alike(const struct request *a, const struct request *b);
uint64_t line_hash(const struct request *request);
/* One heap of two heads, or a head and one that is alone. Returns its head. */
uint32_t line_meld(struct pool *pool, uint32_t a, uint32_t b);
/* Returns the head of the others; SLOT_NONE: there are none. */
uint32_t line_take_out(struct pool *pool, uint32_t slot, uint32_t head);

/* ---- seek.c: the waiting requests by the skill they need ---- */
/* Room for so many requests. false: no memory, nothing changed. */
bool seek_reserve(struct pool *pool, uint32_t capacity);
void seek_enter(struct pool *pool, uint32_t slot);
void seek_leave(struct pool *pool, uint32_t slot);
void seek_forget_all(struct pool *pool);
/* Fills MARKET_SEEN with all requests that may have a candidate in the row, and maybe others, in
 * the order of the queue. false: no memory. */
bool seek_collect(const struct match *match, uint32_t open_row, uint32_t open_count);
/* For one agent: in no order, and of each line the oldest only. false: no memory. */
bool seek_collect_heads(const struct match *match, uint32_t agent);

#endif
