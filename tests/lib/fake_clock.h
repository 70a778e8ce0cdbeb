/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: one clock, and a timers port for each made-up process on it.
 *
 *   struct fake_clock clock;            fake_clock_init(&clock, seed);
 *   struct fake_timers node;            fake_timers_init(&node, &clock);
 *   timers_port = &node.base;
 *   while (fake_clock_step(&clock)) ...     one due timer at a time, time jumps to it
 *
 * Timers that are due in the same millisecond fire in an order drawn from the seed; with seed 0 in
 * the order in which they were armed.
 */
#ifndef WEFT_TESTS_FAKE_CLOCK_H
#define WEFT_TESTS_FAKE_CLOCK_H

#include "lib/fake_random.h"
#include "port/timers.h"

struct fake_due {
    struct timer *timer;
    struct fake_timers *owner;
    uint64_t rank, order;
};

struct fake_clock {
    uint64_t now_ms;
    struct fake_due *due; /* a binary heap */
    size_t len, capacity;
    uint64_t armed_count;
    bool is_shuffled;
    struct fake_random random;
};

struct fake_timers {
    struct timers base;
    struct fake_clock *clock;
    uint64_t stalled_until_ms;
};

/* Time starts at 1000. */
void fake_clock_init(struct fake_clock *clock, uint64_t seed);
void fake_clock_finish(struct fake_clock *clock);
/* Fires the next due timer, jumping to its time. false: none is armed. */
bool fake_clock_step(struct fake_clock *clock);
/* Fires all that is due up to until_ms, then stands there. */
void fake_clock_run_until(struct fake_clock *clock, uint64_t until_ms);
void fake_clock_run_for(struct fake_clock *clock, uint64_t ms);

void fake_timers_init(struct fake_timers *timers, struct fake_clock *clock);
void fake_timers_arm(struct fake_timers *timers, struct timer *timer, uint64_t due_ms);
void fake_timers_cancel(struct fake_timers *timers, struct timer *timer);
/* The process stands still: none of its timers fires before until_ms; then all that were due do, in
 * the order in which they were armed. */
void fake_timers_stall(struct fake_timers *timers, uint64_t until_ms);
/* The process died: disarms all of its timers. */
void fake_timers_crash(struct fake_timers *timers);

#endif
