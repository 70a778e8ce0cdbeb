/* SPDX-License-Identifier: Apache-2.0 */
/* Timers and monotonic time. Intrusive: the caller owns the storage, an armed timer must be
 * cancelled before its storage goes. */
#ifndef WEFT_PORT_TIMERS_H
#define WEFT_PORT_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    void (*on_due)(struct timer *timer);
    uint64_t due_ms; /* monotonic */
    uint64_t order;  /* equal times fire in the order of arming */
    size_t heap_at;  /* 0: not armed; else place in the heap plus one */
};

struct timers;

struct timers_ops {
    /* Monotonic milliseconds, the same within one turn of the loop. */
    uint64_t (*now_ms)(struct timers *);
    /* Arms or re-arms. Fires once, at or after due_ms, from the loop. */
    void (*arm)(struct timers *, struct timer *, uint64_t due_ms);
    void (*cancel)(struct timers *, struct timer *); /* no-op when not armed */
};

struct timers {
    const struct timers_ops *ops;
};

#endif
