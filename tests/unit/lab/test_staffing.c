/* SPDX-License-Identifier: Apache-2.0 */
/* The fewest agents for a target, and the comparison around it. */
#include "lab/comparison.h"
#include "lib/test.h"

#include <math.h>

static struct scenario scenario;
static struct arrivals arrivals;
static struct customers customers;

static const struct staffing_target target = {
        .answered = 0.8, .within_s = 20, .abandoned_max = 0.03};

static void open_shop(void)
{
    scenario = scenario_plain(120, 120);
    expect(arrivals_constant(200, 6, 1, &arrivals));
    expect(customers_make(&scenario, &arrivals, 7, &customers));
}

static void close_shop(void)
{
    customers_finish(&customers);
    arrivals_finish(&arrivals);
}

static bool is_met_with(uint32_t agents)
{
    struct simulation_result result;
    struct simulation simulation = {.scenario = &scenario,
            .customers = &customers,
            .policy = POLICY_WEFT,
            .agents = agents,
            .within_s = target.within_s};
    expect(simulation_run(&simulation, &result));
    return staffing_is_met(&target, &result);
}

static void the_answer_keeps_the_target_and_one_fewer_does_not(void)
{
    static const uint32_t guesses[] = {1, 6, 9, 10, 50, 300};
    uint32_t first = 0;
    open_shop();
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++) {
        struct simulation simulation = {
                .scenario = &scenario, .customers = &customers, .policy = POLICY_WEFT};
        struct simulation_result result;
        uint32_t agents;
        expect(staffing_fewest(&simulation, &target, guesses[i], &agents, &result) ==
                STAFFING_FOUND);
        expect(is_met_with(agents) && staffing_is_met(&target, &result));
        expect(!is_met_with(agents - 1));
        first = i == 0 ? agents : first;
        expect_u64(agents, first);
    }
    expect(first > 6 && first < 14); /* 6.7 erlangs */
    close_shop();
}

static void what_no_number_of_agents_keeps_is_said(void)
{
    struct simulation_result result;
    uint32_t agents;
    open_shop();
    scenario.groups[0].from_s = 5 * 3600; /* nobody is there for most of the time */
    scenario.groups[0].to_s = 6 * 3600;
    customers.count = 60;
    struct simulation simulation = {
            .scenario = &scenario, .customers = &customers, .policy = POLICY_WEFT};
    expect(staffing_fewest(&simulation, &target, 5, &agents, &result) == STAFFING_OUT_OF_REACH);
    close_shop();
}

static void a_comparison_has_a_value_for_each_replication(void)
{
    static struct comparison comparison;
    char why[256];
    double half_width;
    open_shop();
    struct comparison_setup setup = {.scenario = &scenario,
            .arrivals = &arrivals,
            .target = target,
            .policies = {POLICY_LEAST_BUSY, POLICY_WEFT},
            .policy_count = 2,
            .seed = 1,
            .replications = 3,
            .interval_s = 7200,
            .shift_s = 4 * 3600};
    expect(comparison_run(&setup, &comparison, why));
    const struct policy_figures *weft = comparison_find(&comparison, POLICY_WEFT);
    expect(weft == &comparison.figures[1]);
    expect(comparison_best_plain(&comparison) == &comparison.figures[0]);
    expect(comparison_find(&comparison, POLICY_ROUND_ROBIN) == NULL);
    expect_u64(weft->agents.count, 3);
    expect_u64(comparison.day.count, 3);
    expect(weft->interval_agents[0] > 5 && weft->interval_agents[2] < 20);
    expect(spread_mean(&weft->in_time) >= 0.8 && spread_mean(&weft->abandoned) <= 0.03);
    /* One skill, one chat each: it does not matter who is chosen. */
    expect(fabs(comparison_saved_pct(weft, &comparison.figures[0], &half_width)) < 1e-9);
    close_shop();
}

static void the_interval_of_a_mean_is_students(void)
{
    struct spread spread = {.count = 0};
    expect(spread_half_width(&spread) < 1e-12);
    for (int i = 1; i <= 5; i++)
        spread_add(&spread, i);
    expect(fabs(spread_mean(&spread) - 3) < 1e-12);
    expect(fabs(spread_half_width(&spread) - 2.7764 * sqrt(2.5 / 5)) < 1e-4);
    for (int i = 5; i < 31; i++)
        spread_add(&spread, i % 2);
    double mean = spread_mean(&spread), squares = 0;
    for (int i = 0; i < 31; i++)
        squares += (spread.values[i] - mean) * (spread.values[i] - mean);
    expect(fabs(spread_half_width(&spread) - 2.0423 * sqrt(squares / 30 / 31)) < 1e-3);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_answer_keeps_the_target_and_one_fewer_does_not),
                    CASE(what_no_number_of_agents_keeps_is_said),
                    CASE(a_comparison_has_a_value_for_each_replication),
                    CASE(the_interval_of_a_mean_is_students), {0}});
}
