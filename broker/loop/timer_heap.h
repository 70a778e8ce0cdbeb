/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of armed timers, earliest first; equal times fire in the order of arming.
 *
 * Knows no clock: the caller says what time it is. The simulator may stand on the same heap.
 */
#ifndef WEFT_LOOP_TIMER_HEAP_H
#define WEFT_LOOP_TIMER_HEAP_H

#include "port/timers.h"

struct timer_heap {
    struct timer **slots;
    size_t len, capacity;
    uint64_t next_order;
};

/* All timers must have been taken or cancelled. */
void timer_heap_finish(struct timer_heap *heap);
/* Arms, or arms again. due_ms is the caller's, never below its now: see loop.c. */
void timer_heap_put(struct timer_heap *heap, struct timer *timer, uint64_t due_ms);
/* No-op when not armed. */
void timer_heap_remove(struct timer_heap *heap, struct timer *timer);
/* The earliest timer, still armed; NULL when there is none. */
struct timer *timer_heap_first(const struct timer_heap *heap);

/* Fires what is due at now_ms and was armed before this call: a timer that arms itself again for
 * now waits for the next call, so a turn of the loop always ends. */
void timer_heap_fire(struct timer_heap *heap, uint64_t now_ms);

#endif
