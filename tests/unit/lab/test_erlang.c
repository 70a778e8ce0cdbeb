/* SPDX-License-Identifier: Apache-2.0 */
/* The closed forms against published values, and the simulation against the closed forms: one chat
 * an agent, exponential service, no skills, driven through the same core as everything else.
 *
 * Each figure of the simulation, a mean of independent replications, must lie within 1 % of the
 * closed form, or else within its own 95 % interval, which must be narrow; `weft simulate --erlang`
 * replicates more and asks for 1 % of all of them. SHOW=1 prints how far it was off.
 */
#include "lab/arrivals.h"
#include "lab/self_check.h"
#include "lab/simulation.h"
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPLICATIONS = 6 };

static bool is_near(double actual, double wanted, double relative)
{
    return fabs(actual - wanted) <= relative * fabs(wanted);
}

static void expect_near(const char *what, double actual, double wanted, double relative)
{
    test_note("%s: %.6g, wanted %.6g within %.3g %%", what, actual, wanted, 100 * relative);
    expect(is_near(actual, wanted, relative));
}

/* ---- the closed forms ---- */

static void erlang_c_gives_the_textbook_values(void)
{
    /* M/M/1: waits = rho, mean wait = rho / (mu - lambda). */
    struct erlang one = erlang_c(0.5, 1, 1);
    expect_near("waits", one.waits, 0.5, 1e-9);
    expect_near("mean", one.wait_mean_s, 1, 1e-9);
    /* M/M/2, rho 0.75: 2 rho^2 / (1 + rho). */
    struct erlang two = erlang_c(1.5, 1, 2);
    expect_near("waits", two.waits, 2 * 0.75 * 0.75 / 1.75, 1e-9);
    /* 10 erlangs, 12 agents: 0.4494 in the usual tables. */
    expect_near("waits", erlang_c(10, 1, 12).waits, 0.4494, 1e-3);
}

static void erlang_a_meets_its_limits(void)
{
    /* Endless patience is Erlang C; patience as long as service is M/M/infinity: Poisson. */
    struct erlang patient = erlang_a(10, 1, 1e9, 12), c = erlang_c(10, 1, 12);
    expect_near("waits", patient.waits, c.waits, 1e-5);
    expect_near("mean", patient.wait_mean_s, c.wait_mean_s, 1e-5);
    double below = 0, state = exp(-4);
    for (int k = 0; k < 5; k++) {
        below += state;
        state *= 4.0 / (k + 1);
    }
    struct erlang equal = erlang_a(4, 1, 1, 5);
    expect_near("waits", equal.waits, 1 - below, 1e-9);
    /* Who leaves: in the long run service and arrivals balance. */
    expect(erlang_a(20, 1, 2, 10).abandons > 0.5 - 1e-3);
}

/* ---- the simulation ---- */

static void expect_agrees(const char *system, const struct self_check_figure *figure)
{
    double half, off = self_check_off_pct(figure, &half);
    test_note("%s, %s: %.2f %% ± %.2f off", system, figure->name, off, half);
    if (getenv("SHOW") != NULL)
        printf("# %s, %s: %.2f %% +- %.2f off\n", system, figure->name, off, half);
    expect(fabs(off) < 1 || fabs(off) < half);
    expect(half < 8); /* `weft simulate --erlang` looks closer, for minutes */
}

static void check_systems(bool has_patience)
{
    for (size_t i = 0; i < SELF_CHECK_SYSTEMS; i++) {
        const struct self_check_system *system = &self_check_systems[i];
        struct self_check found;
        if ((system->patience_s > 0) != has_patience)
            continue;
        expect(self_check_run(system, REPLICATIONS, 1, 1, &found));
        expect_u64(found.waiting_while_free, 0);
        for (uint32_t k = 0; k < found.figure_count; k++)
            expect_agrees(system->name, &found.figures[k]);
    }
}

static void the_simulation_agrees_with_erlang_c(void)
{
    check_systems(false);
}

static void the_simulation_agrees_with_erlang_a(void)
{
    check_systems(true);
}

/* ---- the simulation against a recursion, customer by customer ---- */

enum { SERVERS = 8 };

/* Kiefer and Wolfowitz (1955): with the oldest first, the next one begins when the first of the
 * servers has done with those before. Knows nothing of pools, entries and events. */
static double mean_wait_by_recursion_s(const struct customers *customers)
{
    double free_ms[SERVERS] = {0}, sum_ms = 0;
    for (size_t i = 0; i < customers->count; i++) {
        double at_ms = (double)customers->all[i].arrives_ms;
        size_t first = 0;
        for (size_t k = 1; k < SERVERS; k++)
            if (free_ms[k] < free_ms[first])
                first = k;
        double begins_ms = free_ms[first] > at_ms ? free_ms[first] : at_ms;
        sum_ms += begins_ms - at_ms;
        free_ms[first] = begins_ms + customers->all[i].work_ms;
    }
    return sum_ms / (double)customers->count / 1000;
}

static void each_customer_waits_as_long_as_the_recursion_says(void)
{
    struct scenario scenario = scenario_plain(60, 0);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct arrivals arrivals;
        struct customers customers;
        struct simulation_result result;
        expect(arrivals_constant(400, 50, 1, &arrivals));
        expect(customers_make(&scenario, &arrivals, seed, &customers));
        struct simulation simulation = {.scenario = &scenario,
                .customers = &customers,
                .policy = POLICY_WEFT,
                .agents = SERVERS,
                .within_s = 20};
        expect(simulation_run(&simulation, &result));
        /* The same to the milliseconds that the simulation's clock has. */
        expect(fabs(result.wait_mean_s - mean_wait_by_recursion_s(&customers)) < 0.005);
        expect(result.wait_mean_s > 1);
        customers_finish(&customers);
        arrivals_finish(&arrivals);
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(erlang_c_gives_the_textbook_values),
                    CASE(erlang_a_meets_its_limits), CASE(the_simulation_agrees_with_erlang_c),
                    CASE(the_simulation_agrees_with_erlang_a),
                    CASE(each_customer_waits_as_long_as_the_recursion_says), {0}});
}
