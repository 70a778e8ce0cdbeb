/* SPDX-License-Identifier: Apache-2.0 */
/* One run: these customers, so many agents, one policy, in virtual time. */
#ifndef WEFT_LAB_SIMULATION_H
#define WEFT_LAB_SIMULATION_H

#include "lab/arrivals.h"
#include "lab/policies.h"

struct simulation {
    const struct scenario *scenario;
    const struct customers *customers;
    enum policy_kind policy;
    const struct route_policy *route; /* what POLICY_WEFT decides by; NULL: the defaults */
    uint32_t agents;
    const struct schedule *schedule; /* of so many agents; NULL: the shifts of their groups */
    double within_s;                 /* answered in time */
    /* Only who arrives then counts: after a warm-up, within these times of the day. */
    uint64_t count_from_ms;
    uint32_t from_s, to_s; /* to_s 0: all day */
    /* Also counted by the interval in which they came; NULL: not. */
    const struct schedule_day *day;
    struct simulation_interval *intervals; /* one for each of the day's; added to */
};

struct simulation_interval {
    uint64_t arrived, in_time;
};

struct simulation_result {
    uint64_t arrived, answered, abandoned; /* whom the run counts */
    uint64_t in_time;                      /* answered within within_s */
    uint64_t delayed;                      /* did not get an agent at once */
    uint64_t left;                         /* neither answered nor gone at the end of the run */
    double wait_mean_s;                    /* over all, those who left included */
    double answer_mean_s, answer_p50_s, answer_p95_s, answer_p99_s; /* over the answered */
    double held_out_s;  /* person-seconds waited while an agent of a later step was free */
    double occupancy;   /* share of the opening time in which an agent has a chat at all */
    double utilisation; /* chats carried over capacity */
    uint64_t offers;
    uint64_t waiting_while_free; /* waiting, with somebody free: summed over all decisions */
    uint64_t breaches;           /* offers after which an agent had more than fits */
    double gap;      /* of the offers, weighted by them: share of the bound; weft only */
    uint64_t digest; /* of who was given to whom, when: equal runs, equal digests */
};

/* Drives the pool of core/route by entries, as the broker does: fold, decide, append, fold.
 *
 * shape:   at least one agent, at most ROSTER_AGENTS_MAX; from the first arrival until nothing
 *          happens any more
 * errors:  false: no memory */
bool simulation_run(const struct simulation *simulation, struct simulation_result *out);

#endif
