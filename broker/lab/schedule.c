/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules: covering what each interval needs by shifts of one length. */
#include "lab/schedule.h"

struct schedule_day schedule_cut(uint32_t from_s, uint32_t to_s, uint32_t interval_s)
{
    struct schedule_day day = {.from_s = from_s, .to_s = to_s, .interval_s = interval_s};
    if (interval_s == 0 || to_s <= from_s)
        return day;
    day.count = (to_s - from_s + interval_s - 1) / interval_s;
    if (day.count > SCHEDULE_INTERVALS_MAX)
        day.count = SCHEDULE_INTERVALS_MAX;
    return day;
}

static void add(struct schedule *schedule, uint32_t from_s, uint32_t to_s, uint32_t agents)
{
    if (schedule->count > 0 && schedule->shifts[schedule->count - 1].from_s == from_s)
        schedule->shifts[schedule->count - 1].agents += agents;
    else
        schedule->shifts[schedule->count++] = (struct schedule_shift){from_s, to_s, agents};
}

void schedule_cover(const struct schedule_day *day, const uint32_t *needs, uint32_t shift_s,
        struct schedule *out)
{
    uint32_t length = shift_s > day->interval_s ? shift_s / day->interval_s : 1;
    uint32_t latest = day->count > length ? day->count - length : 0;
    *out = (struct schedule){.count = 0};
    for (uint32_t i = 0; i < day->count; i++) {
        uint32_t there = schedule_agents_at(out, schedule_interval_from_s(day, i));
        uint32_t first = i < latest ? i : latest;
        uint32_t from_s = schedule_interval_from_s(day, first);
        uint32_t to_s = from_s + length * day->interval_s;
        if (needs[i] > there)
            add(out, from_s, to_s < day->to_s ? to_s : day->to_s, needs[i] - there);
    }
}

uint32_t schedule_agents(const struct schedule *schedule)
{
    uint32_t agents = 0;
    for (uint32_t i = 0; i < schedule->count; i++)
        agents += schedule->shifts[i].agents;
    return agents;
}

uint32_t schedule_agents_at(const struct schedule *schedule, uint32_t second)
{
    uint32_t agents = 0;
    for (uint32_t i = 0; i < schedule->count; i++)
        if (second >= schedule->shifts[i].from_s && second < schedule->shifts[i].to_s)
            agents += schedule->shifts[i].agents;
    return agents;
}

double schedule_hours(const struct schedule *schedule)
{
    double seconds = 0;
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct schedule_shift *shift = &schedule->shifts[i];
        seconds += (double)(shift->to_s - shift->from_s) * shift->agents;
    }
    return seconds / 3600;
}
