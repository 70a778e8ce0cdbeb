/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules: as few agents as can be, everybody there who is needed, the mix of the groups kept. */
#include "lab/comparison.h"
#include "lib/test.h"

#include <math.h>

enum { HOUR = 3600, HOURS_MAX = 6 };

static bool covers(
        const struct schedule_day *day, const uint32_t *needs, const struct schedule *schedule)
{
    for (uint32_t i = 0; i < day->count; i++)
        if (schedule_agents_at(schedule, schedule_interval_from_s(day, i)) < needs[i])
            return false;
    return true;
}

/* Every way to begin shifts of length hours, at most 3 at a time: the fewest agents that cover. */
static uint32_t fewest_by_trying(
        const struct schedule_day *day, const uint32_t *needs, uint32_t length)
{
    uint32_t fewest = UINT32_MAX, ways = 1;
    for (uint32_t i = 0; i < day->count; i++)
        ways *= 4;
    for (uint32_t way = 0; way < ways; way++) {
        struct schedule schedule = {.count = 0};
        for (uint32_t i = 0; i < day->count; i++)
            schedule.shifts[schedule.count++] = (struct schedule_shift){
                    day->from_s + i * HOUR, day->from_s + (i + length) * HOUR, way >> 2 * i & 3};
        if (schedule_agents(&schedule) < fewest && covers(day, needs, &schedule))
            fewest = schedule_agents(&schedule);
    }
    return fewest;
}

static void no_other_schedule_has_fewer_agents(void)
{
    uint32_t draw = 12345;
    for (int round = 0; round < 60; round++) {
        struct schedule_day day = schedule_cut(7 * HOUR, (7 + HOURS_MAX) * HOUR, HOUR);
        uint32_t needs[HOURS_MAX], length = 1 + (uint32_t)round % 4;
        struct schedule schedule;
        for (int i = 0; i < HOURS_MAX; i++) {
            draw = draw * 1664525 + 1013904223;
            needs[i] = draw >> 30;
        }
        schedule_cover(&day, needs, length * HOUR, &schedule);
        expect(covers(&day, needs, &schedule));
        expect_u64(schedule_agents(&schedule), fewest_by_trying(&day, needs, length));
    }
}

static void a_day_is_cut_with_its_rest(void)
{
    struct schedule_day day = schedule_cut(7 * HOUR, 9 * HOUR + 300, HOUR);
    uint32_t needs[] = {1, 1, 2};
    struct schedule schedule;
    expect_u64(day.count, 3);
    expect_u64(schedule_cut(0, 24 * HOUR, 60).count, SCHEDULE_INTERVALS_MAX);
    expect_u64(schedule_cut(0, 24 * HOUR, 0).count, 0);
    schedule_cover(&day, needs, HOUR, &schedule);
    expect_u64(schedule_agents(&schedule), 4);
    expect(fabs(schedule_hours(&schedule) - (1 + 1 + 2.0 * 300 / HOUR)) < 1e-9);
    expect_u64(schedule_agents_at(&schedule, 9 * HOUR + 300), 0); /* nobody stays beyond the end */
    needs[1] = 0;
    needs[0] = 0;
    schedule_cover(&day, needs, 24 * HOUR, &schedule); /* longer than the day */
    expect_u64(schedule.count, 1);
    expect_u64(schedule.shifts[0].from_s, day.from_s);
}

static void the_mix_of_those_who_are_there_is_kept(void)
{
    struct scenario scenario = scenario_default();
    struct schedule schedule = {.shifts = {{8 * HOUR, 12 * HOUR, 10}, {10 * HOUR, 14 * HOUR, 5},
                                        {12 * HOUR, 16 * HOUR, 15}},
            .count = 3};
    struct roster roster;
    expect(roster_make(&scenario, &schedule, schedule_agents(&schedule), &roster));
    for (uint32_t hour = 8; hour < 16; hour++) {
        double counts[SCENARIO_GROUPS_MAX] = {0}, present = 0, shares = 0;
        for (uint32_t i = 0; i < roster.count; i++) {
            const struct roster_agent *agent = &roster.agents[i];
            if (agent->from_s > hour * HOUR || agent->to_s <= hour * HOUR)
                continue;
            counts[agent->group]++;
            present++;
        }
        expect_u64((uint64_t)present, schedule_agents_at(&schedule, hour * HOUR));
        for (uint32_t group = 0; group < scenario.group_count; group++)
            shares += scenario.groups[group].share;
        for (uint32_t group = 0; group < scenario.group_count && hour < 14; group++)
            expect(fabs(counts[group] - scenario.groups[group].share / shares * present) < 1.5);
    }
    roster_finish(&roster);
}

static void a_schedule_keeps_the_target_and_who_is_needed_is_there(void)
{
    static struct comparison comparison;
    struct scenario scenario = scenario_default();
    struct arrivals arrivals;
    char why[COMPARISON_WHY_MAX];
    scenario.arrival_share = 1;
    expect(arrivals_constant(60, 9, 1, &arrivals));
    for (size_t i = 0; i < arrivals.slot_count; i++) /* a busy hour in the middle */
        arrivals.slots[i].count *= i * 2 / arrivals.slot_count == 1 ? 2 : 1;
    struct comparison_setup setup = {.scenario = &scenario,
            .arrivals = &arrivals,
            .target = {.answered = 0.8, .within_s = 20, .abandoned_max = 0.03},
            .policies = {POLICY_WEFT, POLICY_LONGEST_IDLE},
            .policy_count = 2,
            .seed = 1,
            .replications = 2,
            .interval_s = HOUR,
            .shift_s = 4 * HOUR};
    expect(comparison_run(&setup, &comparison, why));
    expect_u64(comparison.day.count, 9);
    for (size_t i = 0; i < 2; i++) {
        const struct policy_figures *one = &comparison.figures[i];
        expect_u64(one->scheduled_in_time.count, 2);
        expect(spread_mean(&one->scheduled_in_time) >= 0.8);
        expect(spread_mean(&one->scheduled_abandoned) <= 0.03);
        for (uint32_t k = 0; k < 9; k++) {
            uint32_t there = schedule_agents_at(
                    &one->schedule, schedule_interval_from_s(&comparison.day, k));
            expect(there + 1e-9 >= one->interval_agents[k]);
            expect(one->interval_in_time[k] > 0.5);
        }
        expect(one->interval_agents[7] > one->interval_agents[1]);
    }
    arrivals_finish(&arrivals);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(no_other_schedule_has_fewer_agents),
                    CASE(a_day_is_cut_with_its_rest), CASE(the_mix_of_those_who_are_there_is_kept),
                    CASE(a_schedule_keeps_the_target_and_who_is_needed_is_there), {0}});
}
