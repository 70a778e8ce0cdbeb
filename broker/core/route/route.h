/* SPDX-License-Identifier: Apache-2.0 */
/* Routing: which agent for which request, when, and why.
 *
 * Pure and deterministic: the same fold, policy and time give the same decisions on every node, so
 * it does not matter which router decides. Nothing here changes the pool: a decision is a list of
 * entries, in force once they are appended and applied. A router that was refused folds what came
 * between and decides again.
 *
 * Not for two threads on one pool: deciding uses scratch space of the pool.
 */
#ifndef WEFT_CORE_ROUTE_ROUTE_H
#define WEFT_CORE_ROUTE_ROUTE_H

#include "core/route/policy.h"
#include "core/route/pool.h"

enum {
    ROUTE_DECISIONS_MAX = 32,
    ROUTE_ORPHANS_MAX = 32,
    ROUTE_SLICE_LOOKS = 500000, /* for pool_decide_within: one to two milliseconds */
};

/* When nothing is due. */
#define ROUTE_NEVER UINT64_MAX

/* How good the offers of a batch are, as a certificate: dual is what no assignment of these
 * requests to these agents can exceed. One auction may take several batches to hand out; each
 * carries the auction's own. */
struct pool_quality {
    uint32_t requests, agents; /* that could be matched, and those with room */
    uint32_t matched;
    uint64_t primal, dual; /* sums of scores, in thousandths */
    uint32_t gap;          /* per mille of dual, rounded up; 0: proven optimal */
};

struct pool_decisions {
    struct pool_entry entries[ROUTE_DECISIONS_MAX]; /* append all as one log entry */
    size_t count;
    /* There is more to decide once these are applied: decide again at once. */
    bool has_more;
    /* An auction is under way, of which nothing is decided yet: decide again soon. */
    bool is_thinking;
    /* Look again then even if no entry comes; now_ms when has_more or is_thinking. */
    uint64_t next_due_ms;
    struct pool_quality quality; /* of the offers; zero without offers */
    struct pool_term terms[ROUTE_DECISIONS_MAX][POOL_TERMS_MAX]; /* borrowed by the entries */
};

/* Lists what is to be done now: EXPIRED for each offer past its deadline (and STATUS away for an
 * agent who missed too many), SHIFT for each whose hours began or ended, RELEASED for each wrap-up
 * past its deadline, or else OFFERED (or ASSIGNED, where nobody is asked) for each request that can
 * be matched.
 *
 * shape:   expiries and offers never come in one batch; at most one offer an agent in a batch, so
 *          that (log entry, agent) names an offer
 * units:   now_ms is the log's clock; deadline_ms and until_ms too
 * owns:    slices are borrowed from the pool until the next apply
 * order:   when each request can have its best-scored agent, it gets it; else the sum of the scores
 *          is (nearly, see quality) the greatest possible, and no request is left out in favour of
 *          a younger one that does not score more there. Ties go to the agent idle for longest,
 *          then to the lower id; requests of the same age by conversation id
 * errors:  none; a read-only pool decides nothing */
void pool_decide(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        struct pool_decisions *out);

/* The same in slices, so that a large backlog does not hold up everything else: an auction goes on
 * for about so many looks at a pair (some nanoseconds each), and in the next call from there. The
 * fold may move in between; the plan is of the moment when the auction was begun, and each of its
 * offers is checked against the fold before it is made. When the fold did not move, the decisions
 * are those of pool_decide. Another policy, and a pool read anew, end the auction. */
void pool_decide_within(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        uint64_t looks, struct pool_decisions *out);

/* Requests that wait although an agent who is eligible at the request's current step has room.
 * 0 after deciding and applying until there was nothing more. */
size_t pool_waiting_while_free(
        const struct pool *pool, const struct route_policy *policy, uint64_t now_ms);

/* Requests that nobody may have at their current step, while an agent of a later step (or one whose
 * exclusion ends later) has room: the price of holding out for the better match. */
size_t pool_waiting_for_better(
        const struct pool *pool, const struct route_policy *policy, uint64_t now_ms);
/* Does what the agent has, interruptible work aside, weigh more than there is room for? After an
 * entry that a router made: never. */
bool pool_is_overbooked(const struct pool *pool, struct slice agent);

/* The place in the queue: 1 is next. Counts all older requests without an agent, also those with
 * an open offer, so it does not jump back on a decline. 0: not waiting (any more). */
uint64_t pool_position(const struct pool *pool, const struct pool_key *key);

/* An estimate of the wait still ahead. false: unknown, say nothing: nobody online, too few pick-ups
 * seen, or none lately.
 *
 * source: W. Whitt, "Predicting queueing delays" (1999): place in the queue times the mean time
 *         between departures from it while it is busy */
bool pool_wait_estimate(const struct pool *pool, const struct pool_key *key, uint64_t now_ms,
        uint64_t *out_wait_ms);

/* Chats whose agent has been offline for longer than the policy's grace. The flow requeues them
 * through the conversation's log first, then releases here and queues the new request. */
struct pool_orphan {
    struct pool_key request;
    struct slice agent;
    uint64_t offline_since_ms;
};

struct pool_orphans {
    struct pool_orphan items[ROUTE_ORPHANS_MAX];
    size_t count;
    uint64_t next_due_ms; /* the next grace to end; now_ms when more were found than fit */
};

void pool_orphans(const struct pool *pool, const struct route_policy *policy, uint64_t now_ms,
        struct pool_orphans *out);

/* Why an agent was or was not a candidate at the request's current step. */
enum route_verdict {
    ROUTE_ELIGIBLE,
    ROUTE_NOT_ONLINE,
    ROUTE_NO_ROOM,
    ROUTE_EXCLUDED,      /* until until_ms */
    ROUTE_LACKS_SKILL,   /* skill: the first must that is missing */
    ROUTE_NOT_ASKED_FOR, /* the case still waits for the agent it was handed to by name */
    ROUTE_NOT_PREFERRED, /* the case still waits for agents that it prefers */
    ROUTE_OFF_SHIFT,     /* out of schedule */
    ROUTE_OTHER_QUEUE,   /* does not serve the case's queue, nor one that it has overflown to */
};

struct route_candidate {
    struct slice agent;
    enum route_verdict verdict;
    uint64_t until_ms;
    struct slice skill;
    uint64_t score;
    struct pool_term terms[POOL_TERMS_MAX];
    size_t term_count;
};

/* Explains a live request as it would be decided now.
 *
 * shape:   fills out with at most capacity candidates: the eligible ones best first (the second is
 *          the runner-up), then the others by score
 * owns:    slices are borrowed from the pool until the next apply
 * errors:  returns the number of agents looked at, also when out was too small; 0: not live */
size_t pool_explain(const struct pool *pool, const struct route_policy *policy,
        const struct pool_key *key, uint64_t now_ms, struct route_candidate *out, size_t capacity);

#endif
