/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of events.
 *
 * Invariant: (at_ms, order) is different for any two events, so the order in which they are taken
 * does not depend on the heap's shape: equal input, equal run.
 */
#include "lab/events.h"

#include "base/check.h"

#include <stdlib.h>

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    struct event kept = *a;
    *a = *b;
    *b = kept;
}

bool events_add(struct events *events, struct event event)
{
    if (events->count == events->capacity) {
        size_t capacity = events->capacity == 0 ? 256 : events->capacity * 2;
        struct event *heap = realloc(events->heap, capacity * sizeof *heap);
        if (heap == NULL)
            return false;
        events->heap = heap;
        events->capacity = capacity;
    }
    event.order = events->order++;
    size_t at = events->count++;
    events->heap[at] = event;
    for (; at > 0 && is_before(&events->heap[at], &events->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&events->heap[at], &events->heap[(at - 1) / 2]);
    return true;
}

uint64_t events_next_ms(const struct events *events)
{
    return events->count == 0 ? UINT64_MAX : events->heap[0].at_ms;
}

struct event events_take(struct events *events)
{
    check(events->count > 0);
    struct event taken = events->heap[0];
    struct event *heap = events->heap;
    heap[0] = heap[--events->count];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1;
        for (size_t child = left; child <= left + 1 && child < events->count; child++)
            if (is_before(&heap[child], &heap[least]))
                least = child;
        if (least == at)
            return taken;
        swap(&heap[at], &heap[least]);
        at = least;
    }
}

void events_finish(struct events *events)
{
    free(events->heap);
    *events = (struct events){0};
}
