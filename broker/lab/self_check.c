/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation against Erlang C and Erlang A, driven through the same core as everything else.
 *
 * A run with 1 % more work waits much more than 1 % longer. So each run is compared with the closed
 * form for the arrivals, service times and patience that it really drew; what is left is the queue,
 * and the interval is some five times narrower than that of the plain mean. Invariant: what is
 * compared counts from the end of the warm-up on, on both sides.
 */
#include "lab/self_check.h"

#include "base/check.h"
#include "lab/arrivals.h"
#include "lab/simulation.h"

enum { WARM_UP_S = 7200, HOUR_S = 3600, IN_TIME_S = 20 };

const struct self_check_system self_check_systems[SELF_CHECK_SYSTEMS] = {
        {"Erlang C, 1.2 erlangs, 2 agents", 72, 60, 0, 2, 1000, 60, 1},
        {"Erlang C, 4 erlangs, 6 agents", 240, 60, 0, 6, 300, 100, 1},
        {"Erlang C, 10 erlangs, 14 agents", 600, 60, 0, 14, 180, 100, 3},
        {"Erlang A, 4 erlangs, 4 agents, patience 60 s", 240, 60, 60, 4, 150, 60, 1},
        {"Erlang A, 10 erlangs, 11 agents, patience 120 s", 600, 60, 120, 11, 100, 80, 1},
        {"Erlang A, 40 erlangs, 38 agents, patience 90 s", 2400, 60, 90, 38, 25, 80, 1},
};

static struct erlang closed_form(
        const struct self_check_system *system, double per_s, double service_s, double patience_s)
{
    return system->patience_s > 0 ? erlang_a(per_s, service_s, patience_s, system->agents)
                                  : erlang_c(per_s, service_s, system->agents);
}

static struct erlang form_of_the_drawn(
        const struct self_check_system *system, const struct customers *customers)
{
    double work_ms = 0, patience_ms = 0, count = 0;
    for (size_t i = 0; i < customers->count; i++) {
        const struct customer *one = &customers->all[i];
        if (one->arrives_ms < WARM_UP_S * 1000)
            continue;
        count++;
        work_ms += one->work_ms;
        patience_ms += (double)one->patience_ms;
    }
    double rate = count / ((double)system->hours * HOUR_S - WARM_UP_S);
    return closed_form(system, rate, work_ms / count / 1000, patience_ms / count / 1000);
}

/* Adds one run's ratios to the sums. */
static bool run_once(const struct self_check_system *system, uint64_t seed, struct self_check *out,
        double sums[SELF_CHECK_FIGURES])
{
    struct scenario scenario = scenario_plain(system->service_s, system->patience_s);
    struct arrivals arrivals = {0};
    struct customers customers = {0};
    struct simulation_result result;
    struct simulation simulation = {.scenario = &scenario,
            .customers = &customers,
            .policy = POLICY_WEFT,
            .agents = system->agents,
            .within_s = IN_TIME_S,
            .count_from_ms = WARM_UP_S * 1000};
    bool is_done = arrivals_constant(system->per_hour, system->hours, 1, &arrivals) &&
                   customers_make(&scenario, &arrivals, seed, &customers) &&
                   simulation_run(&simulation, &result);
    if (is_done) {
        struct erlang wanted = form_of_the_drawn(system, &customers);
        double arrived = (double)result.arrived;
        sums[0] += (double)result.delayed / arrived / wanted.waits;
        sums[1] += result.wait_mean_s / wanted.wait_mean_s;
        if (system->patience_s > 0)
            sums[2] += (double)result.abandoned / arrived / wanted.abandons;
        out->waiting_while_free += result.waiting_while_free;
        out->customers += result.arrived;
    }
    customers_finish(&customers);
    arrivals_finish(&arrivals);
    return is_done;
}

bool self_check_run(const struct self_check_system *system, uint32_t values, uint32_t runs,
        uint64_t seed, struct self_check *out)
{
    struct erlang form =
            closed_form(system, system->per_hour / HOUR_S, system->service_s, system->patience_s);
    check(values <= SPREAD_MAX && runs > 0);
    *out = (struct self_check){.figures = {{.name = "waits at all", .closed_form = form.waits},
                                       {.name = "mean wait, s", .closed_form = form.wait_mean_s},
                                       {.name = "abandons", .closed_form = form.abandons}},
            .figure_count = system->patience_s > 0 ? 3 : 2};
    for (uint32_t value = 0; value < values; value++) {
        double sums[SELF_CHECK_FIGURES] = {0};
        for (uint32_t i = 0; i < runs; i++)
            if (!run_once(system, seed + (uint64_t)value * runs + i, out, sums))
                return false;
        for (uint32_t i = 0; i < out->figure_count; i++)
            spread_add(&out->figures[i].ratio, sums[i] / runs);
    }
    return true;
}

double self_check_off_pct(const struct self_check_figure *figure, double *out_half_width)
{
    *out_half_width = 100 * spread_half_width(&figure->ratio);
    return 100 * (spread_mean(&figure->ratio) - 1);
}
