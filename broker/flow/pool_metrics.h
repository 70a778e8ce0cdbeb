/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of a pool while it is folded, and told at the metrics door. */
#ifndef WEFT_FLOW_POOL_METRICS_H
#define WEFT_FLOW_POOL_METRICS_H

#include "core/route/route.h"

enum { POOL_WAIT_BOUNDS = 9 };

/* What becomes of callbacks, as the conversations' entries name it. */
enum { CALLBACK_EVENTS = 6 };
extern const char *const callback_events[CALLBACK_EVENTS];
/* One of them plus one; 0: none. */
uint8_t callback_event_of(struct slice reason);

/* Since this node began to follow the pool. */
struct pool_metrics {
    uint64_t queued, offered, assigned, accepted, taken, declined, expired, left;
    uint64_t stranded; /* of those queued: nobody who exists could ever take them */
    uint64_t promises_kept, promises_missed;
    uint64_t callbacks[CALLBACK_EVENTS];  /* that this node wrote */
    uint64_t waits[POOL_WAIT_BOUNDS + 1]; /* by bound; the last: longer than all */
    uint64_t wait_sum_ms, wait_count;
    uint64_t gap;                      /* of the newest batch of offers, per mille */
    uint64_t breaches;                 /* a router gave an agent more than there was room for */
    uint64_t held_out_ms;              /* waited while an agent of a later step was free */
    uint64_t looked_ms, held_out_last; /* when that was looked at last, and how many they were */
};

/* Upper bounds of the waits, in seconds. */
extern const uint32_t pool_wait_bounds_s[POOL_WAIT_BOUNDS];

/* Counts one value. Call it before the value is folded; one that the fold refuses is not counted.
 */
void pool_metrics_note(struct pool_metrics *metrics, const struct pool *pool,
        const struct pool_entry *entry, uint64_t time_ms);

/* Looks whether the value, just folded, broke an agent's capacity. */
void pool_metrics_check(
        struct pool_metrics *metrics, const struct pool *pool, const struct pool_entry *entry);

/* Counts the time since it was called last for those who waited for a better match then. */
void pool_metrics_sample(struct pool_metrics *metrics, const struct pool *pool,
        const struct route_policy *policy, uint64_t now_ms);

#endif
