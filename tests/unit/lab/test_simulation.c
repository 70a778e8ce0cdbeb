/* SPDX-License-Identifier: Apache-2.0 */
/* One run: who comes does not depend on who routes, equal seeds give equal runs, nobody is lost. */
#include "lab/arrivals.h"
#include "lab/service.h"
#include "lab/simulation.h"
#include "lib/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct scenario scenario;
static struct arrivals arrivals;
static struct customers customers;

static void open_shop(double per_hour, uint64_t seed)
{
    expect(arrivals_constant(per_hour / scenario.arrival_share, 6, 2, &arrivals));
    expect(customers_make(&scenario, &arrivals, seed, &customers));
}

static void close_shop(void)
{
    customers_finish(&customers);
    arrivals_finish(&arrivals);
}

static struct simulation_result run(enum policy_kind policy, uint32_t agents)
{
    struct simulation_result result;
    struct simulation simulation = {.scenario = &scenario,
            .customers = &customers,
            .policy = policy,
            .agents = agents,
            .within_s = 20};
    expect(simulation_run(&simulation, &result));
    return result;
}

static void everybody_is_answered_or_gone_or_left(void)
{
    static const uint32_t agents[] = {2, 5, 9, 40};
    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
            scenario = scenario_default();
            open_shop(150, 5);
            struct simulation_result result = run((enum policy_kind)policy, agents[i]);
            test_note("%s with %u", policy_name((enum policy_kind)policy), agents[i]);
            expect_u64(result.arrived, customers.count);
            expect_u64(result.answered + result.abandoned + result.left, result.arrived);
            expect_u64(result.left, 0);
            expect_u64(result.offers, result.answered);
            if (policy == POLICY_WEFT || agents[i] > 4) /* with fewer, a skill is missing */
                expect_u64(result.waiting_while_free, 0);
            expect(result.utilisation <= 1.05 && result.occupancy >= result.utilisation - 1e-9);
            close_shop();
        }
    }
}

static void the_customers_do_not_depend_on_the_policy(void)
{
    struct customers again;
    scenario = scenario_default();
    open_shop(100, 9);
    run(POLICY_WEFT, 4);
    run(POLICY_ROUND_ROBIN, 11);
    expect(customers_make(&scenario, &arrivals, 9, &again));
    expect_u64(again.count, customers.count);
    for (size_t i = 0; i < again.count; i++) {
        expect_u64(again.all[i].arrives_ms, customers.all[i].arrives_ms);
        expect_u64(again.all[i].patience_ms, customers.all[i].patience_ms);
        expect_u64(again.all[i].kind, customers.all[i].kind);
        expect(memcmp(&again.all[i].work_ms, &customers.all[i].work_ms, sizeof(double)) == 0);
    }
    customers_finish(&again);
    close_shop();
}

/* What a customer brings along is their own: with other needs in the scenario they come at the same
 * time, with the same patience and work. */
static void a_customer_draws_from_a_stream_of_their_own(void)
{
    struct customers others;
    scenario = scenario_default();
    open_shop(100, 9);
    struct scenario other = scenario;
    other.kinds[0].share = 5;
    other.patience_s *= 2;
    expect(customers_make(&other, &arrivals, 9, &others));
    expect_u64(others.count, customers.count);
    for (size_t i = 0; i < others.count; i++) {
        expect_u64(others.all[i].arrives_ms, customers.all[i].arrives_ms);
        expect(fabs(others.all[i].work_ms - customers.all[i].work_ms) < 1e-9);
        uint64_t twice = customers.all[i].patience_ms * 2, actual = others.all[i].patience_ms;
        expect(actual + 1 >= twice && actual <= twice + 1);
    }
    customers_finish(&others);
    close_shop();
}

static void equal_seeds_give_equal_runs(void)
{
    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        struct simulation_result first, second, third;
        scenario = scenario_default();
        open_shop(120, 3);
        first = run((enum policy_kind)policy, 7);
        second = run((enum policy_kind)policy, 7);
        close_shop();
        open_shop(120, 4);
        third = run((enum policy_kind)policy, 7);
        close_shop();
        expect_u64(second.digest, first.digest);
        expect(memcmp(&first, &second, sizeof first) == 0);
        expect(third.digest != first.digest);
    }
}

static void policies_differ_in_whom_they_choose(void)
{
    struct simulation_result results[POLICY_COUNT];
    scenario = scenario_default();
    open_shop(120, 3);
    for (int policy = 0; policy < POLICY_COUNT; policy++)
        results[policy] = run((enum policy_kind)policy, 8);
    for (int a = 0; a < POLICY_COUNT; a++)
        for (int b = a + 1; b < POLICY_COUNT; b++)
            expect(results[a].digest != results[b].digest);
    close_shop();
}

static void nobody_gets_an_agent_without_the_skill(void)
{
    /* Only the agents of the first group can help: the others change nothing. */
    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        struct simulation_result with, without;
        scenario = scenario_plain(300, 60);
        scenario_skill(&scenario, "boats");
        scenario.kinds[0].musts = 1;
        scenario.group_count = 2;
        scenario.groups[0] =
                (struct scenario_group){.share = 1, .capacity = 2, .levels = {SCENARIO_LEVEL_MAX}};
        scenario.groups[1] = (struct scenario_group){.share = 1, .capacity = 2};
        open_shop(60, 3);
        with = run((enum policy_kind)policy, 8);
        scenario.group_count = 1;
        without = run((enum policy_kind)policy, 4);
        expect_u64(with.answered, without.answered);
        expect_u64(with.abandoned, without.abandoned);
        expect(with.abandoned > 0);
        close_shop();
    }
}

static void nobody_is_served_outside_the_shift(void)
{
    scenario = scenario_plain(60, 600);
    scenario.groups[0].from_s = 2 * 3600;
    scenario.groups[0].to_s = 3 * 3600;
    open_shop(60, 3);
    for (int policy = 0; policy < POLICY_COUNT; policy++) {
        struct simulation_result result = run((enum policy_kind)policy, 20);
        test_note("%s: %u of %u", policy_name((enum policy_kind)policy), (unsigned)result.answered,
                (unsigned)result.arrived);
        /* An hour of six, and those who were patient enough until it began. */
        expect(result.answered > result.arrived / 8 && result.answered < result.arrived / 3);
        expect_u64(result.left, 0);
        expect_u64(result.waiting_while_free, 0);
    }
    close_shop();
}

static struct simulation_result run_relaxing(uint64_t relax_busy_ms)
{
    struct simulation_result result;
    struct route_policy policy = route_policy_default();
    struct simulation simulation = {.scenario = &scenario,
            .customers = &customers,
            .policy = POLICY_WEFT,
            .route = &policy,
            .agents = 6,
            .within_s = 20};
    policy.relax_busy_ms = relax_busy_ms;
    expect(simulation_run(&simulation, &result));
    expect_u64(result.waiting_while_free, 0);
    expect_u64(result.breaches, 0);
    return result;
}

/* Two skills, an agent of each in turn; one skill is asked for far more. */
static void holding_out_is_measured_and_ends_with_the_step(void)
{
    scenario = scenario_plain(120, 600);
    scenario.skill_count = 2;
    snprintf(scenario.skills[0], SCENARIO_NAME_MAX, "cards");
    snprintf(scenario.skills[1], SCENARIO_NAME_MAX, "loans");
    scenario.kind_count = scenario.group_count = 2;
    scenario.kinds[0] = (struct scenario_kind){.share = 5, .musts = 1};
    scenario.kinds[1] = (struct scenario_kind){.share = 1, .musts = 2};
    scenario.groups[0].levels[0] = 1000;
    scenario.groups[1] = scenario.groups[0];
    scenario.groups[1].levels[0] = 0;
    scenario.groups[1].levels[1] = 1000;
    open_shop(100, 2);
    expect(run_relaxing(0).held_out_s <= 0); /* no such step */
    struct simulation_result soon = run_relaxing(10000), late = run_relaxing(60000);
    expect(soon.held_out_s > 0 && late.held_out_s > 1.5 * soon.held_out_s);
    /* Each of those who waited held out for as long as the step, at most. */
    expect(soon.held_out_s <= 10.0 * (double)soon.delayed);
    close_shop();
}

static void chats_at_once_slow_each_other_down(void)
{
    struct service service = {.slowdown = 0.5};
    service_start(&service, 1000, 1, 3000);
    expect_u64(service_next_ms(&service), 4000);
    service_start(&service, 2000, 2, 8000); /* 2000 are left, at two thirds of the speed */
    expect_u64(service_next_ms(&service), 5000);
    expect_u64(service_end_next(&service, 5000), 1);
    expect_u64(service_next_ms(&service), 11000); /* 8000 - 2000, alone again */
    expect_u64(service_end_next(&service, 11000), 2);
    expect_u64(service_next_ms(&service), UINT64_MAX);
    expect_u64(service.busy_ms, 10000);
    expect_u64(service.chat_ms, 13000);
}

static void given_counts_are_taken_as_they_are(void)
{
    scenario = scenario_plain(60, 0);
    scenario.is_poisson = false;
    open_shop(144, 3); /* 12 in each of 72 slots, on two days */
    expect_u64(customers.count, 12 * 72 * 2);
    uint32_t first_slot = 0;
    for (size_t i = 0; i < customers.count; i++)
        first_slot += customers.all[i].arrives_ms < 300 * 1000;
    expect_u64(first_slot, 12);
    close_shop();
}

static bool read_text(const char *text, char why[256], uint32_t *line)
{
    char path[512];
    snprintf(path, sizeof path, "%s/calls.csv", test_folder());
    FILE *file = fopen(path, "we");
    expect(file != NULL);
    fputs(text, file);
    fclose(file);
    return arrivals_read(path, 0, 2, &arrivals, why, line);
}

static void bad_tables_of_arrivals_are_refused_with_their_line(void)
{
    static const struct {
        const char *text;
        uint32_t line;
    } cases[] = {
            {"", 0},
            {"day,slot,calls\n0,0,1\n", 1},
            {"day,slot_5min,calls\n", 0},
            {"day,slot_5min,calls\n0,0,1\n0,0,1\n", 3},
            {"day,slot_5min,calls\n1,0,1\n0,5,1\n", 3},
            {"day,slot_5min,calls\n0,288,1\n", 2},
            {"day,slot_5min,calls\n0,0,-1\n", 2},
            {"day,slot_5min,calls\n0,0,1.5\n", 2},
            {"day,slot_5min,calls\n0,0,99999999999999999999\n", 2},
            {"day,slot_5min,calls\n0,0\n", 2},
            {"day,slot_5min,calls\n0,0,1,2\n", 2},
    };
    char why[256];
    uint32_t line;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_note("row %zu", i);
        expect(!read_text(cases[i].text, why, &line));
        expect_u64(line, cases[i].line);
    }
    expect(read_text("day,slot_5min,calls\r\n7,0,3\r\n7,5,4\n9,1,2\n11,0,1\n", why, &line));
    expect_u64(arrivals.slot_count, 3);
    expect_u64(arrivals.days, 2);
    expect_u64(arrivals.slots_of_day, 6);
    expect_u64(arrivals.slots[2].day, 1);
    arrivals_finish(&arrivals);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(everybody_is_answered_or_gone_or_left),
                    CASE(the_customers_do_not_depend_on_the_policy),
                    CASE(a_customer_draws_from_a_stream_of_their_own),
                    CASE(equal_seeds_give_equal_runs), CASE(policies_differ_in_whom_they_choose),
                    CASE(nobody_gets_an_agent_without_the_skill),
                    CASE(nobody_is_served_outside_the_shift),
                    CASE(holding_out_is_measured_and_ends_with_the_step),
                    CASE(chats_at_once_slow_each_other_down),
                    CASE(given_counts_are_taken_as_they_are),
                    CASE(bad_tables_of_arrivals_are_refused_with_their_line), {0}});
}
