/* SPDX-License-Identifier: Apache-2.0 */
/* Several policies on the same customers, replication by replication. */
#ifndef WEFT_LAB_COMPARISON_H
#define WEFT_LAB_COMPARISON_H

#include "lab/spread.h"
#include "lab/staffing.h"

enum { COMPARISON_WHY_MAX = 256 };

struct comparison_setup {
    const struct scenario *scenario;
    const struct arrivals *arrivals;
    struct staffing_target target;
    const struct route_policy *route; /* of POLICY_WEFT; NULL: the defaults */
    enum policy_kind policies[POLICY_COUNT];
    size_t policy_count;
    uint64_t seed;
    uint32_t replications; /* 1 to SPREAD_MAX; each draws customers of its own */
    uint32_t interval_s;   /* 0: no staffing by interval */
    uint32_t shift_s;      /* of the schedule from it */
    /* After each search; may be NULL. done of all. */
    void (*progress)(void *user, enum policy_kind policy, uint32_t done, uint32_t all);
    void *user;
};

/* With the fewest agents that keep the target: one value a replication. */
struct policy_figures {
    enum policy_kind policy;
    struct spread agents, in_time, abandoned;
    struct spread wait_mean_s, wait_p50_s, wait_p95_s, wait_p99_s;
    struct spread held_out_s, gap;
    struct spread occupancy, utilisation;
    uint64_t offers, waiting_while_free, breaches; /* sums over all replications */
    /* When staffed by interval. */
    struct spread agent_hours;                      /* a day, if everybody came for an interval */
    double interval_agents[SCHEDULE_INTERVALS_MAX]; /* means over the replications */
    struct schedule schedule;
    struct spread scheduled_in_time, scheduled_abandoned; /* with the schedule */
    double interval_in_time[SCHEDULE_INTERVALS_MAX];      /* with it, over all replications */
};

struct comparison {
    const struct comparison_setup *setup;
    struct policy_figures figures[POLICY_COUNT]; /* in the order of the setup */
    struct spread customers;
    struct schedule_day day; /* its intervals; none when it is not staffed by interval */
};

/* errors: false: out_why is a sentence */
bool comparison_run(
        const struct comparison_setup *setup, struct comparison *out, char out_why[256]);

/* NULL: that policy was not asked for. */
const struct policy_figures *comparison_find(
        const struct comparison *comparison, enum policy_kind policy);
/* The one with the fewest agents among those that know no levels of skill: round robin, longest
 * idle, least busy. NULL: none of them was asked for. */
const struct policy_figures *comparison_best_plain(const struct comparison *comparison);
/* How many percent fewer agents Weft needs than the other one; below 0: more. out_half_width is of
 * the 95 % interval over the replications, pair by pair. */
double comparison_saved_pct(const struct policy_figures *weft, const struct policy_figures *other,
        double *out_half_width);

#endif
