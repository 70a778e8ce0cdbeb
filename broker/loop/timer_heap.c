/* SPDX-License-Identifier: Apache-2.0 */
/* The timer heap: O(log n) to arm, to cancel and to take, no allocation but the growing table.
 *
 * Invariant: slots[i]->heap_at == i + 1 for every i < len, and no child is earlier than its
 * parent, where earlier means (due_ms, order). order counts the arming, so equal times are first
 * come, first served, and a run is the same each time it is played again.
 *
 * Out of memory for the table ends the process: it is eight bytes for each armed timer, and timers
 * live in pools that are bounded elsewhere.
 */
#include "loop/timer_heap.h"

#include "base/check.h"

#include <stdlib.h>

static bool is_earlier(const struct timer *a, const struct timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void place(struct timer_heap *heap, struct timer *timer, size_t at)
{
    heap->slots[at] = timer;
    timer->heap_at = at + 1;
}

static void sift_up(struct timer_heap *heap, struct timer *timer, size_t at)
{
    while (at > 0 && is_earlier(timer, heap->slots[(at - 1) / 2])) {
        place(heap, heap->slots[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    place(heap, timer, at);
}

static void sift_down(struct timer_heap *heap, struct timer *timer, size_t at)
{
    for (size_t child = 2 * at + 1; child < heap->len; child = 2 * at + 1) {
        if (child + 1 < heap->len && is_earlier(heap->slots[child + 1], heap->slots[child]))
            child++;
        if (!is_earlier(heap->slots[child], timer))
            break;
        place(heap, heap->slots[child], at);
        at = child;
    }
    place(heap, timer, at);
}

static void grow(struct timer_heap *heap)
{
    size_t capacity = heap->capacity ? heap->capacity * 2 : 64;
    struct timer **slots = realloc(heap->slots, capacity * sizeof(struct timer *));
    check(slots != NULL);
    heap->slots = slots;
    heap->capacity = capacity;
}

void timer_heap_finish(struct timer_heap *heap)
{
    check(heap->len == 0);
    free(heap->slots);
    *heap = (struct timer_heap){0};
}

void timer_heap_put(struct timer_heap *heap, struct timer *timer, uint64_t due_ms)
{
    timer_heap_remove(heap, timer);
    if (heap->len == heap->capacity)
        grow(heap);
    timer->due_ms = due_ms;
    timer->order = heap->next_order++;
    sift_up(heap, timer, heap->len++);
}

void timer_heap_remove(struct timer_heap *heap, struct timer *timer)
{
    if (timer->heap_at == 0)
        return;
    size_t at = timer->heap_at - 1;
    check(at < heap->len && heap->slots[at] == timer);
    timer->heap_at = 0;
    struct timer *last = heap->slots[--heap->len];
    if (last == timer)
        return;
    if (at > 0 && is_earlier(last, heap->slots[(at - 1) / 2]))
        sift_up(heap, last, at);
    else
        sift_down(heap, last, at);
}

struct timer *timer_heap_first(const struct timer_heap *heap)
{
    return heap->len > 0 ? heap->slots[0] : NULL;
}

void timer_heap_fire(struct timer_heap *heap, uint64_t now_ms)
{
    const uint64_t order_end = heap->next_order;
    for (;;) {
        struct timer *first = timer_heap_first(heap);
        if (first == NULL || first->due_ms > now_ms || first->order >= order_end)
            return;
        timer_heap_remove(heap, first);
        first->on_due(first);
    }
}
