/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison of policies: for each replication the customers are drawn once, then each policy
 * is asked how few agents would do for them.
 *
 * Invariant: within a replication every policy meets the same customers, so differences between
 * policies are differences of policy; replications differ in their seed only and are independent.
 *
 * An interval is staffed by itself: its customers, after those of the warm-up before it, met by a
 * constant number of agents. What an understaffed hour leaves behind for the next is seen when the
 * schedule that is made of it is tried (scheduling.c).
 */
#include "lab/comparison.h"

#include "base/check.h"
#include "lab/scheduling.h"

#include <stdio.h>

enum { WARM_UP_S = 1800, HOUR_S = 3600 };

struct counter {
    uint32_t done, all;
};

/* A first guess: as if every agent carried one chat at a time. */
static uint32_t guess_agents(const struct scenario *scenario, const struct customers *customers)
{
    double open_s = (double)customers->days * (customers->to_s - customers->from_s);
    double load = (double)customers->count * scenario->service_s / open_s;
    return load < ROSTER_AGENTS_MAX ? (uint32_t)load + 1 : ROSTER_AGENTS_MAX;
}

static bool succeed(enum staffing_outcome outcome, enum policy_kind policy, char *why)
{
    if (outcome == STAFFING_OUT_OF_REACH)
        snprintf(why, COMPARISON_WHY_MAX, "%s does not keep the target with %d agents either",
                policy_name(policy), ROSTER_AGENTS_MAX);
    else if (outcome == STAFFING_NO_MEMORY)
        snprintf(why, COMPARISON_WHY_MAX, "no memory");
    return outcome == STAFFING_FOUND;
}

static void keep(
        struct policy_figures *figures, uint32_t agents, const struct simulation_result *result)
{
    double arrived = result->arrived > 0 ? (double)result->arrived : 1;
    spread_add(&figures->agents, agents);
    spread_add(&figures->in_time, (double)result->in_time / arrived);
    spread_add(&figures->abandoned, (double)result->abandoned / arrived);
    spread_add(&figures->wait_mean_s, result->wait_mean_s);
    spread_add(&figures->wait_p50_s, result->answer_p50_s);
    spread_add(&figures->wait_p95_s, result->answer_p95_s);
    spread_add(&figures->wait_p99_s, result->answer_p99_s);
    spread_add(&figures->held_out_s, result->held_out_s);
    spread_add(&figures->gap, result->gap);
    spread_add(&figures->occupancy, result->occupancy);
    spread_add(&figures->utilisation, result->utilisation);
    figures->offers += result->offers;
    figures->waiting_while_free += result->waiting_while_free;
    figures->breaches += result->breaches;
}

static bool staff_the_day(const struct comparison_setup *setup, const struct customers *customers,
        struct policy_figures *figures, char *why)
{
    struct simulation simulation = {.scenario = setup->scenario,
            .customers = customers,
            .policy = figures->policy,
            .route = setup->route};
    struct simulation_result result;
    uint32_t agents, guess = guess_agents(setup->scenario, customers);
    if (figures->agents.count > 0)
        guess = (uint32_t)figures->agents.values[figures->agents.count - 1];
    if (!succeed(staffing_fewest(&simulation, &setup->target, guess, &agents, &result),
                figures->policy, why))
        return false;
    keep(figures, agents, &result);
    return true;
}

static bool staff_interval(const struct comparison_setup *setup, const struct customers *customers,
        enum policy_kind policy, uint32_t from_s, uint32_t *agents, char *why)
{
    struct customers few;
    struct simulation_result result;
    uint32_t begin_s = from_s > WARM_UP_S ? from_s - WARM_UP_S : 0;
    uint32_t to_s = from_s + setup->interval_s;
    if (!customers_of_interval(customers, begin_s, to_s, &few))
        return succeed(STAFFING_NO_MEMORY, policy, why);
    struct simulation simulation = {.scenario = setup->scenario,
            .customers = &few,
            .policy = policy,
            .route = setup->route,
            .from_s = from_s,
            .to_s = to_s};
    uint32_t guess = *agents > 0 ? *agents : guess_agents(setup->scenario, &few);
    enum staffing_outcome outcome =
            staffing_fewest(&simulation, &setup->target, guess, agents, &result);
    customers_finish(&few);
    return succeed(outcome, policy, why);
}

static bool staff_intervals(const struct comparison *comparison, const struct customers *customers,
        struct policy_figures *figures, char *why)
{
    const struct comparison_setup *setup = comparison->setup;
    double hours = 0;
    uint32_t agents = 0;
    for (uint32_t i = 0; i < comparison->day.count; i++) {
        uint32_t from_s = schedule_interval_from_s(&comparison->day, i);
        if (!staff_interval(setup, customers, figures->policy, from_s, &agents, why))
            return false;
        figures->interval_agents[i] += (double)agents / setup->replications;
        uint32_t rest_s = comparison->day.to_s - from_s;
        uint32_t length_s = rest_s < setup->interval_s ? rest_s : setup->interval_s;
        hours += (double)agents * length_s / HOUR_S;
    }
    spread_add(&figures->agent_hours, hours);
    return true;
}

static struct schedule_day day_of(const struct comparison_setup *setup)
{
    uint32_t from_s = setup->scenario->opens_s;
    uint32_t to_s = from_s + setup->arrivals->slots_of_day * setup->arrivals->slot_s;
    return schedule_cut(from_s, to_s < SCENARIO_DAY_S ? to_s : SCENARIO_DAY_S, setup->interval_s);
}

static bool replicate(struct comparison *comparison, const struct customers *customers,
        struct counter *counter, char *why)
{
    const struct comparison_setup *setup = comparison->setup;
    spread_add(&comparison->customers, (double)customers->count);
    for (size_t i = 0; i < setup->policy_count; i++) {
        struct policy_figures *figures = &comparison->figures[i];
        if (!staff_the_day(setup, customers, figures, why) ||
                (setup->interval_s > 0 && !staff_intervals(comparison, customers, figures, why)))
            return false;
        counter->done++;
        if (setup->progress != NULL)
            setup->progress(setup->user, figures->policy, counter->done, counter->all);
    }
    return true;
}

bool comparison_run(const struct comparison_setup *setup, struct comparison *out, char out_why[256])
{
    struct counter counter = {.all = setup->replications * (uint32_t)setup->policy_count};
    check(setup->replications > 0 && setup->replications <= SPREAD_MAX);
    *out = (struct comparison){.setup = setup};
    for (size_t i = 0; i < setup->policy_count; i++)
        out->figures[i].policy = setup->policies[i];
    out->day = day_of(setup);
    for (uint32_t i = 0; i < setup->replications; i++) {
        struct customers customers;
        if (!customers_make(setup->scenario, setup->arrivals, setup->seed + i, &customers)) {
            snprintf(out_why, COMPARISON_WHY_MAX, "there are too many customers for the memory");
            return false;
        }
        bool is_done = customers.count > 0 && replicate(out, &customers, &counter, out_why);
        if (customers.count == 0)
            snprintf(out_why, COMPARISON_WHY_MAX, "no customer comes at all");
        customers_finish(&customers);
        if (!is_done)
            return false;
    }
    for (size_t i = 0; i < setup->policy_count && out->day.count > 0; i++)
        if (!scheduling_find(setup, &out->day, &out->figures[i], out_why))
            return false;
    return true;
}

const struct policy_figures *comparison_find(
        const struct comparison *comparison, enum policy_kind policy)
{
    for (size_t i = 0; i < comparison->setup->policy_count; i++)
        if (comparison->figures[i].policy == policy)
            return &comparison->figures[i];
    return NULL;
}

const struct policy_figures *comparison_best_plain(const struct comparison *comparison)
{
    const struct policy_figures *best = NULL;
    for (size_t i = 0; i < comparison->setup->policy_count; i++) {
        const struct policy_figures *one = &comparison->figures[i];
        bool is_plain = one->policy == POLICY_ROUND_ROBIN || one->policy == POLICY_LONGEST_IDLE ||
                        one->policy == POLICY_LEAST_BUSY;
        if (is_plain && (best == NULL || spread_mean(&one->agents) < spread_mean(&best->agents)))
            best = one;
    }
    return best;
}

double comparison_saved_pct(const struct policy_figures *weft, const struct policy_figures *other,
        double *out_half_width)
{
    struct spread pairs = {.count = 0};
    for (size_t i = 0; i < weft->agents.count; i++)
        spread_add(&pairs, 100 * (1 - weft->agents.values[i] / other->agents.values[i]));
    *out_half_width = spread_half_width(&pairs);
    return 100 * (1 - spread_mean(&weft->agents) / spread_mean(&other->agents));
}
