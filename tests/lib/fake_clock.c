/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: a heap of due timers, fired one at a time.
 *
 * Invariant: time never falls, and moves only between two firings; a timer armed for now or
 * earlier fires in a later step, never inside the call that arms it.
 */
#include "lib/fake_clock.h"

#include "base/check.h"

#include <stdlib.h>

static bool is_before(const struct fake_due *a, const struct fake_due *b)
{
    if (a->timer->due_ms != b->timer->due_ms)
        return a->timer->due_ms < b->timer->due_ms;
    return a->rank != b->rank ? a->rank < b->rank : a->order < b->order;
}

static void place(struct fake_clock *clock, size_t at, struct fake_due due)
{
    clock->due[at] = due;
    due.timer->heap_at = at + 1;
}

static void sift_up(struct fake_clock *clock, size_t at)
{
    struct fake_due moving = clock->due[at];
    for (; at > 0 && is_before(&moving, &clock->due[(at - 1) / 2]); at = (at - 1) / 2)
        place(clock, at, clock->due[(at - 1) / 2]);
    place(clock, at, moving);
}

static void sift_down(struct fake_clock *clock, size_t at)
{
    struct fake_due moving = clock->due[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < clock->len && is_before(&clock->due[child + 1], &clock->due[child]))
            child++;
        if (child >= clock->len || !is_before(&clock->due[child], &moving))
            break;
        place(clock, at, clock->due[child]);
        at = child;
    }
    place(clock, at, moving);
}

static void take_out(struct fake_clock *clock, size_t at)
{
    clock->due[at].timer->heap_at = 0;
    struct fake_due last = clock->due[--clock->len];
    if (at == clock->len)
        return;
    place(clock, at, last);
    sift_up(clock, at);
    sift_down(clock, last.timer->heap_at - 1);
}

static uint64_t now_ms(struct timers *base)
{
    return ((struct fake_timers *)(void *)base)->clock->now_ms;
}

static void cancel(struct timers *base, struct timer *timer)
{
    struct fake_clock *clock = ((struct fake_timers *)(void *)base)->clock;
    if (timer->heap_at == 0)
        return;
    check(timer->heap_at <= clock->len && clock->due[timer->heap_at - 1].timer == timer);
    take_out(clock, timer->heap_at - 1);
}

static void arm(struct timers *base, struct timer *timer, uint64_t due_ms)
{
    struct fake_timers *owner = (struct fake_timers *)(void *)base;
    struct fake_clock *clock = owner->clock;
    cancel(base, timer);
    if (clock->len == clock->capacity) {
        clock->capacity = clock->capacity ? 2 * clock->capacity : 64;
        clock->due = realloc(clock->due, clock->capacity * sizeof *clock->due);
        check(clock->due != NULL);
    }
    timer->due_ms = due_ms > clock->now_ms ? due_ms : clock->now_ms;
    bool is_stalled = timer->due_ms < owner->stalled_until_ms;
    if (is_stalled)
        timer->due_ms = owner->stalled_until_ms;
    uint64_t rank = clock->is_shuffled && !is_stalled ? fake_random_u64(&clock->random) : 0;
    place(clock, clock->len++, (struct fake_due){timer, owner, rank, clock->armed_count++});
    sift_up(clock, clock->len - 1);
}

static const struct timers_ops ops = {now_ms, arm, cancel};

void fake_clock_init(struct fake_clock *clock, uint64_t seed)
{
    *clock = (struct fake_clock){.now_ms = 1000, .is_shuffled = seed != 0};
    fake_random_init(&clock->random, seed);
}

void fake_clock_finish(struct fake_clock *clock)
{
    for (size_t i = 0; i < clock->len; i++)
        clock->due[i].timer->heap_at = 0;
    free(clock->due);
    *clock = (struct fake_clock){0};
}

bool fake_clock_step(struct fake_clock *clock)
{
    if (clock->len == 0)
        return false;
    struct timer *timer = clock->due[0].timer;
    if (timer->due_ms > clock->now_ms)
        clock->now_ms = timer->due_ms;
    take_out(clock, 0);
    timer->on_due(timer);
    return true;
}

void fake_clock_run_until(struct fake_clock *clock, uint64_t until_ms)
{
    while (clock->len > 0 && clock->due[0].timer->due_ms <= until_ms)
        fake_clock_step(clock);
    if (clock->now_ms < until_ms)
        clock->now_ms = until_ms;
}

void fake_clock_run_for(struct fake_clock *clock, uint64_t ms)
{
    fake_clock_run_until(clock, clock->now_ms + ms);
}

void fake_timers_init(struct fake_timers *timers, struct fake_clock *clock)
{
    *timers = (struct fake_timers){{&ops}, clock, 0};
}

void fake_timers_arm(struct fake_timers *timers, struct timer *timer, uint64_t due_ms)
{
    arm(&timers->base, timer, due_ms);
}

void fake_timers_cancel(struct fake_timers *timers, struct timer *timer)
{
    cancel(&timers->base, timer);
}

void fake_timers_stall(struct fake_timers *timers, uint64_t until_ms)
{
    struct fake_clock *clock = timers->clock;
    if (until_ms <= timers->stalled_until_ms)
        return;
    timers->stalled_until_ms = until_ms;
    for (size_t i = 0; i < clock->len; i++)
        if (clock->due[i].owner == timers && clock->due[i].timer->due_ms < until_ms) {
            clock->due[i].timer->due_ms = until_ms;
            clock->due[i].rank = 0;
        }
    for (size_t i = clock->len / 2; i > 0; i--)
        sift_down(clock, i - 1);
}

void fake_timers_crash(struct fake_timers *timers)
{
    struct fake_clock *clock = timers->clock;
    timers->stalled_until_ms = 0;
    for (size_t i = 0; i < clock->len;)
        if (clock->due[i].owner == timers) {
            take_out(clock, i);
            i = 0; /* the heap moved */
        } else
            i++;
}
