/* SPDX-License-Identifier: Apache-2.0 */
/* A schedule that keeps the target.
 *
 * An interval's need is found with a steady number of agents. A schedule is not steady: it hands
 * queues and chats from one interval to the next, and its agents leave. So it is not believed but
 * simulated, on the customers of all replications. Invariant: a schedule that is returned kept the
 * target in the mean of these runs; the needs only ever grow, so the search ends.
 */
#include "lab/scheduling.h"

#include <math.h>
#include <stdio.h>

struct trial {
    struct spread in_time, abandoned;
    struct simulation_interval intervals[SCHEDULE_INTERVALS_MAX];
};

static bool live_once(const struct comparison_setup *setup, const struct schedule_day *day,
        const struct policy_figures *figures, uint64_t seed, struct trial *trial)
{
    struct customers customers;
    struct simulation_result result;
    if (!customers_make(setup->scenario, setup->arrivals, seed, &customers))
        return false;
    struct simulation simulation = {.scenario = setup->scenario,
            .customers = &customers,
            .policy = figures->policy,
            .route = setup->route,
            .agents = schedule_agents(&figures->schedule),
            .schedule = &figures->schedule,
            .within_s = setup->target.within_s,
            .day = day,
            .intervals = trial->intervals};
    bool is_done = simulation_run(&simulation, &result);
    customers_finish(&customers);
    double arrived = result.arrived > 0 ? (double)result.arrived : 1;
    spread_add(&trial->in_time, (double)result.in_time / arrived);
    spread_add(&trial->abandoned, (double)result.abandoned / arrived);
    return is_done;
}

static bool is_kept(const struct staffing_target *target, const struct trial *trial)
{
    return spread_mean(&trial->in_time) >= target->answered - 1e-9 &&
           spread_mean(&trial->abandoned) <= target->abandoned_max + 1e-9;
}

/* The interval in which most customers are missing to the target. */
static uint32_t worst_interval(const struct schedule_day *day, const struct staffing_target *target,
        const struct trial *trial)
{
    double most = -1e300;
    uint32_t worst = 0;
    for (uint32_t i = 0; i < day->count; i++) {
        const struct simulation_interval *one = &trial->intervals[i];
        double missing = target->answered * (double)one->arrived - (double)one->in_time;
        if (missing <= most)
            continue;
        most = missing;
        worst = i;
    }
    return worst;
}

static void keep(
        const struct schedule_day *day, const struct trial *trial, struct policy_figures *out)
{
    out->scheduled_in_time = trial->in_time;
    out->scheduled_abandoned = trial->abandoned;
    for (uint32_t i = 0; i < day->count; i++) {
        const struct simulation_interval *one = &trial->intervals[i];
        out->interval_in_time[i] =
                one->arrived > 0 ? (double)one->in_time / (double)one->arrived : 1;
    }
}

bool scheduling_find(const struct comparison_setup *setup, const struct schedule_day *day,
        struct policy_figures *figures, char out_why[256])
{
    uint32_t needs[SCHEDULE_INTERVALS_MAX];
    for (uint32_t i = 0; i < day->count; i++)
        needs[i] = (uint32_t)ceil(figures->interval_agents[i] - 1e-9);
    for (;;) {
        struct trial trial = {.in_time.count = 0};
        schedule_cover(day, needs, setup->shift_s, &figures->schedule);
        if (schedule_agents(&figures->schedule) > ROSTER_AGENTS_MAX) {
            snprintf(out_why, COMPARISON_WHY_MAX,
                    "%s does not keep the target with a schedule of %d agents either",
                    policy_name(figures->policy), ROSTER_AGENTS_MAX);
            return false;
        }
        for (uint32_t i = 0; i < setup->replications; i++) {
            if (live_once(setup, day, figures, setup->seed + i, &trial))
                continue;
            snprintf(out_why, COMPARISON_WHY_MAX, "no memory");
            return false;
        }
        if (is_kept(&setup->target, &trial)) {
            keep(day, &trial, figures);
            return true;
        }
        needs[worst_interval(day, &setup->target, &trial)]++;
    }
}
