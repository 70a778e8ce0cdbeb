/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of waiting requests that are alike: in all that deciding looks at they differ only in age.
 *
 * With any agent the oldest of a line scores at least as much as the others, and whoever may have
 * it may have each of them; so for one agent only the head of a line competes. A line is a heap by
 * the order of the queue, its links lie in the requests' places: it never needs memory. Coming in
 * costs constant time, leaving the logarithm of the line's length (amortised).
 *
 * Invariant: a parent comes before its children. `prev` is the sibling before, or of the first
 * child the parent; a head has neither prev nor next.
 * source: M. Fredman and others, "The pairing heap" (1986)
 */
#include "core/route/market.h"

/* ---- alike ---- */

/* From the first queueing to the promised moment: of equal spans the older one is nearer to it. */
static uint64_t promised_span(const struct request *request)
{
    if (request->promise_ms == 0)
        return UINT64_MAX;
    return request->promise_ms > request->first_queued_ms
                   ? request->promise_ms - request->first_queued_ms
                   : 0;
}

static uint64_t stir(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 33;
}

uint64_t line_hash(const struct request *request)
{
    uint64_t hash = stir(request->queue, request->language);
    hash = stir(hash, (uint64_t)request->channel << 32 | request->class_name);
    hash = stir(hash, (uint64_t)request->last_agent << 32 | request->to_agent);
    hash = stir(hash, request->value);
    hash = stir(hash, promised_span(request));
    for (uint32_t i = 0; i < request->requirement_count; i++)
        hash = stir(hash, (uint64_t)request->requirements[i].word << 32 |
                                  (uint64_t)request->requirements[i].min_level << 1 |
                                  request->requirements[i].must);
    return hash;
}

static bool is_same_requirement(const struct requirement *a, const struct requirement *b)
{
    return a->word == b->word && a->min_level == b->min_level && a->must == b->must;
}

bool line_is_alike(const struct request *a, const struct request *b)
{
    bool is_alike =
            a->requirement_count == b->requirement_count && a->language == b->language &&
            a->last_agent == b->last_agent && a->to_agent == b->to_agent && a->queue == b->queue &&
            a->channel == b->channel && a->class_name == b->class_name && a->weight == b->weight &&
            a->is_interruptible == b->is_interruptible && a->is_stranded == b->is_stranded &&
            a->value == b->value && promised_span(a) == promised_span(b);
    for (uint32_t i = 0; is_alike && i < a->requirement_count; i++)
        is_alike = is_same_requirement(&a->requirements[i], &b->requirements[i]);
    return is_alike;
}

/* ---- the heap ---- */

static bool goes_before(const struct pool *pool, uint32_t a, uint32_t b)
{
    if (pool->places[a].first_queued_ms != pool->places[b].first_queued_ms)
        return pool->places[a].first_queued_ms < pool->places[b].first_queued_ms;
    return request_is_before(&pool->requests[a], &pool->requests[b]);
}

uint32_t line_meld(struct pool *pool, uint32_t a, uint32_t b)
{
    if (a == SLOT_NONE || b == SLOT_NONE)
        return a == SLOT_NONE ? b : a;
    uint32_t head = goes_before(pool, a, b) ? a : b, child = head == a ? b : a;
    uint32_t sibling = pool->places[head].child;
    if (sibling != SLOT_NONE)
        pool->places[sibling].prev = child;
    pool->places[child].next = sibling;
    pool->places[child].prev = head;
    pool->places[head].child = child;
    return head;
}

/* Takes the first of a list of siblings; SLOT_NONE: there is none. */
static uint32_t take_first(struct pool *pool, uint32_t *list)
{
    uint32_t first = *list;
    if (first == SLOT_NONE)
        return SLOT_NONE;
    *list = pool->places[first].next;
    pool->places[first].next = pool->places[first].prev = SLOT_NONE;
    return first;
}

/* One heap of all that were below: two by two, then the pairs from the last to the first. */
static uint32_t meld_children(struct pool *pool, uint32_t slot)
{
    uint32_t rest = pool->places[slot].child, pairs = SLOT_NONE, head = SLOT_NONE, first;
    while ((first = take_first(pool, &rest)) != SLOT_NONE) {
        uint32_t pair = line_meld(pool, first, take_first(pool, &rest));
        pool->places[pair].next = pairs;
        pairs = pair;
    }
    while ((first = take_first(pool, &pairs)) != SLOT_NONE)
        head = line_meld(pool, head, first);
    return head;
}

/* What was below takes the place, so nobody needs to know the head. */
uint32_t line_take_out(struct pool *pool, uint32_t slot, uint32_t head)
{
    struct seek_place place = pool->places[slot];
    uint32_t heir = meld_children(pool, slot);
    if (slot == head)
        return heir;
    uint32_t *to_here = pool->places[place.prev].child == slot ? &pool->places[place.prev].child
                                                               : &pool->places[place.prev].next;
    *to_here = heir == SLOT_NONE ? place.next : heir;
    if (heir != SLOT_NONE) {
        pool->places[heir].prev = place.prev;
        pool->places[heir].next = place.next;
    }
    if (place.next != SLOT_NONE)
        pool->places[place.next].prev = heir == SLOT_NONE ? place.prev : heir;
    return head;
}
