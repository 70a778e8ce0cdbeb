/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what happens in a pool, value by value as it is folded.
 *
 * Invariant: what the fold refuses is not counted, and what was read while a pool was loaded is not
 * either (its caller sees to that): counters tell what this node has lived to see.
 */
#include "flow/pool_metrics.h"

const uint32_t pool_wait_bounds_s[POOL_WAIT_BOUNDS] = {1, 5, 10, 20, 30, 60, 120, 300, 600};

const char *const callback_events[CALLBACK_EVENTS] = {
        "asked", "cancelled", "returned", "reached", "not_reached", "given_up"};

uint8_t callback_event_of(struct slice reason)
{
    for (uint8_t i = 0; i < CALLBACK_EVENTS; i++)
        if (slice_equal(slice_of_string(callback_events[i]), reason))
            return (uint8_t)(i + 1);
    return 0;
}

static void note_pick_up(
        struct pool_metrics *metrics, const struct pool_request_view *view, uint64_t time_ms)
{
    uint64_t wait_ms = time_ms > view->first_queued_ms ? time_ms - view->first_queued_ms : 0;
    size_t at = 0;
    while (at < POOL_WAIT_BOUNDS && wait_ms > (uint64_t)pool_wait_bounds_s[at] * 1000)
        at++;
    metrics->waits[at]++;
    metrics->wait_sum_ms += wait_ms;
    metrics->wait_count++;
    if (view->promise_ms > 0 && time_ms <= view->promise_ms)
        metrics->promises_kept++;
    else if (view->promise_ms > 0)
        metrics->promises_missed++;
}

static void note_released(struct pool_metrics *metrics, const struct pool_request_view *view)
{
    metrics->left += view->state == POOL_WAITING || view->state == POOL_OFFER_OPEN;
}

void pool_metrics_note(struct pool_metrics *metrics, const struct pool *pool,
        const struct pool_entry *entry, uint64_t time_ms)
{
    struct pool_request_view view;
    bool is_about_one = entry->request.conversation.len > 0;
    if (!is_about_one || pool_may_apply(pool, entry) != POOL_DONE)
        return;
    bool is_live = pool_find(pool, &entry->request, &view);
    metrics->queued += entry->kind == POOL_QUEUED;
    metrics->stranded += entry->kind == POOL_QUEUED && entry->need.is_stranded;
    metrics->offered += entry->kind == POOL_OFFERED;
    metrics->assigned += entry->kind == POOL_ASSIGNED;
    metrics->accepted += entry->kind == POOL_ACCEPTED;
    metrics->taken += entry->kind == POOL_TAKEN;
    metrics->declined += entry->kind == POOL_DECLINED;
    metrics->expired += entry->kind == POOL_EXPIRED;
    if (entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED)
        metrics->gap = entry->gap;
    bool is_pick_up = entry->kind == POOL_ACCEPTED || entry->kind == POOL_ASSIGNED ||
                      entry->kind == POOL_TAKEN;
    if (is_live && is_pick_up)
        note_pick_up(metrics, &view, time_ms);
    else if (is_live && entry->kind == POOL_RELEASED)
        note_released(metrics, &view);
}

void pool_metrics_check(
        struct pool_metrics *metrics, const struct pool *pool, const struct pool_entry *entry)
{
    if (entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED || entry->kind == POOL_TAKEN)
        metrics->breaches += pool_is_overbooked(pool, entry->agent);
}

void pool_metrics_sample(struct pool_metrics *metrics, const struct pool *pool,
        const struct route_policy *policy, uint64_t now_ms)
{
    if (now_ms > metrics->looked_ms)
        metrics->held_out_ms += metrics->held_out_last * (now_ms - metrics->looked_ms);
    metrics->held_out_last = pool_waiting_for_better(pool, policy, now_ms);
    metrics->looked_ms = now_ms;
}
