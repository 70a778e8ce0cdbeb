/* SPDX-License-Identifier: Apache-2.0 */
/* The order of those who wait.
 *
 * Invariant: `waiting` is sorted by original age, then by conversation and name, so that every node
 * serves in the same order. A request that comes back (declined, expired, agent gone) returns to
 * the place that its original age gives it, never to the end.
 */
#include "base/check.h"
#include "core/route/market.h"

int compare_slices(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.bytes, b.bytes, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Does a come before b? By original age, then by conversation and name: the same on every node. */
bool request_is_before(const struct request *a, const struct request *b)
{
    if (a->first_queued_ms != b->first_queued_ms)
        return a->first_queued_ms < b->first_queued_ms;
    int order = compare_slices(request_conversation(a), request_conversation(b));
    if (order != 0)
        return order < 0;
    if (a->name.seq != b->name.seq)
        return a->name.seq < b->name.seq;
    return memcmp(a->name.mark, b->name.mark, MARK_SIZE) < 0;
}

uint32_t waiting_rank(const struct pool *pool, uint32_t slot)
{
    const struct request *request = &pool->requests[slot];
    uint32_t low = 0, high = pool->waiting_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct waiting_item *item = &pool->waiting[middle];
        bool before = item->first_queued_ms != request->first_queued_ms
                              ? item->first_queued_ms < request->first_queued_ms
                              : request_is_before(&pool->requests[item->request], request);
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void waiting_enter(struct pool *pool, uint32_t slot)
{
    uint32_t at = waiting_rank(pool, slot);
    check(pool->waiting_count < pool->request_capacity);
    memmove(&pool->waiting[at + 1], &pool->waiting[at],
            (pool->waiting_count - at) * sizeof *pool->waiting);
    pool->waiting[at] = (struct waiting_item){pool->requests[slot].first_queued_ms, slot};
    pool->waiting_count++;
    seek_enter(pool, slot);
}

void waiting_leave(struct pool *pool, uint32_t slot)
{
    uint32_t at = waiting_rank(pool, slot);
    check(at < pool->waiting_count && pool->waiting[at].request == slot);
    seek_leave(pool, slot);
    pool->waiting_count--;
    memmove(&pool->waiting[at], &pool->waiting[at + 1],
            (pool->waiting_count - at) * sizeof *pool->waiting);
}
