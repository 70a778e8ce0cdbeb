/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there when: so many agents from then to then, the same each day. */
#ifndef WEFT_LAB_SCHEDULE_H
#define WEFT_LAB_SCHEDULE_H

#include <stdint.h>

enum { SCHEDULE_INTERVALS_MAX = 96 };

struct schedule_shift {
    uint32_t from_s, to_s; /* within the day */
    uint32_t agents;
};

struct schedule {
    struct schedule_shift shifts[SCHEDULE_INTERVALS_MAX]; /* rising by from_s */
    uint32_t count;
};

/* The part of a day that is staffed, cut into intervals. */
struct schedule_day {
    uint32_t from_s, to_s, interval_s;
    uint32_t count; /* at most SCHEDULE_INTERVALS_MAX */
};

static inline uint32_t schedule_interval_from_s(const struct schedule_day *day, uint32_t interval)
{
    return day->from_s + interval * day->interval_s;
}

/* interval_s 0: none. The last interval may be shorter. */
struct schedule_day schedule_cut(uint32_t from_s, uint32_t to_s, uint32_t interval_s);

/* The fewest shifts of this length by which everybody who is needed is there. A shift begins with
 * an interval, and ends at the end of the day at the latest.
 *
 * shape:   needs has an element an interval; shift_s below interval_s is an interval
 * source:  with shifts of one length, to begin each as late as the first need that it covers allows
 *          is optimal: a shift that begins earlier covers nothing of what is still open more */
void schedule_cover(const struct schedule_day *day, const uint32_t *needs, uint32_t shift_s,
        struct schedule *out);

uint32_t schedule_agents(const struct schedule *schedule);
/* Those who are there at that second of a day. */
uint32_t schedule_agents_at(const struct schedule *schedule, uint32_t second);
/* A day's hours of all agents. */
double schedule_hours(const struct schedule *schedule);

#endif
