/* SPDX-License-Identifier: Apache-2.0 */
/* The closed forms against published values, and the simulation against the closed forms: one chat
 * an agent, exponential service, no skills, driven through the same core as everything else.
 *
 * Each figure of the simulation, a mean of independent replications, must lie within 1 % of the
 * closed form, or else within its own 95 % interval, which must be narrow. SHOW=1 prints how far it
 * was off, with the 95 % interval.
 */
#include "lab/arrivals.h"
#include "lab/erlang.h"
#include "lab/simulation.h"
#include "lab/spread.h"
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPLICATIONS = 16, WARM_UP_S = 7200 };

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

struct load {
    const char *name;
    double per_hour, service_s, patience_s;
    uint32_t agents, hours;
};

/* What was seen over what the closed form says; one value a replication. */
struct ratios {
    struct spread waits, wait_mean_s, abandons;
};

/* The closed form for the arrivals, service times and patience that were really drawn. A run with
 * 1 % more work waits much more than 1 % longer; compared like this, what is left is the queue. */
static struct erlang wanted_of(const struct load *load, const struct customers *customers)
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
    double rate = count / (load->hours * 3600.0 - WARM_UP_S), service_s = work_ms / count / 1000;
    return load->patience_s > 0
                   ? erlang_a(rate, service_s, patience_ms / count / 1000, load->agents)
                   : erlang_c(rate, service_s, load->agents);
}

static void replicate(const struct load *load, uint64_t seed, struct ratios *ratios)
{
    struct scenario scenario = scenario_plain(load->service_s, load->patience_s);
    struct arrivals arrivals;
    struct customers customers;
    struct simulation_result result;
    expect(arrivals_constant(load->per_hour, load->hours, 1, &arrivals));
    expect(customers_make(&scenario, &arrivals, seed, &customers));
    struct simulation simulation = {.scenario = &scenario,
            .customers = &customers,
            .policy = POLICY_WEFT,
            .agents = load->agents,
            .within_s = 20,
            .count_from_ms = WARM_UP_S * 1000};
    expect(simulation_run(&simulation, &result));
    expect_u64(result.waiting_while_free, 0);
    struct erlang wanted = wanted_of(load, &customers);
    double arrived = (double)result.arrived;
    spread_add(&ratios->waits, (double)result.delayed / arrived / wanted.waits);
    spread_add(&ratios->wait_mean_s, result.wait_mean_s / wanted.wait_mean_s);
    if (load->patience_s > 0)
        spread_add(&ratios->abandons, (double)result.abandoned / arrived / wanted.abandons);
    else
        expect_u64(result.abandoned, 0);
    customers_finish(&customers);
    arrivals_finish(&arrivals);
}

static void expect_agrees(const char *load, const char *what, const struct spread *ratio)
{
    double off = 100 * (spread_mean(ratio) - 1), half = 100 * spread_half_width(ratio);
    test_note("%s, %s: %.2f %% ± %.2f off", load, what, off, half);
    if (getenv("SHOW") != NULL)
        printf("# %s, %s: %.2f %% +- %.2f off\n", load, what, off, half);
    expect(fabs(off) < 1 || fabs(off) < half);
    expect(half < 3.5);
}

static void check_all(const struct load *loads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ratios ratios = {0};
        for (uint64_t seed = 1; seed <= REPLICATIONS; seed++)
            replicate(&loads[i], seed, &ratios);
        expect_agrees(loads[i].name, "waits", &ratios.waits);
        expect_agrees(loads[i].name, "mean wait", &ratios.wait_mean_s);
        if (loads[i].patience_s > 0)
            expect_agrees(loads[i].name, "abandons", &ratios.abandons);
    }
}

static void the_simulation_agrees_with_erlang_c(void)
{
    static const struct load loads[] = {
            {"4 erlangs, 6 agents", 240, 60, 0, 6, 300},
            {"10 erlangs, 14 agents", 600, 60, 0, 14, 180},
            {"1.2 erlangs, 2 agents", 72, 60, 0, 2, 1000},
    };
    check_all(loads, sizeof loads / sizeof loads[0]);
}

static void the_simulation_agrees_with_erlang_a(void)
{
    static const struct load loads[] = {
            {"4 erlangs, 4 agents, patience 60 s", 240, 60, 60, 4, 150},
            {"10 erlangs, 11 agents, patience 120 s", 600, 60, 120, 11, 100},
            {"40 erlangs, 38 agents, patience 90 s", 2400, 60, 90, 38, 25},
    };
    check_all(loads, sizeof loads / sizeof loads[0]);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(erlang_c_gives_the_textbook_values),
                    CASE(erlang_a_meets_its_limits), CASE(the_simulation_agrees_with_erlang_c),
                    CASE(the_simulation_agrees_with_erlang_a), {0}});
}
