/* SPDX-License-Identifier: Apache-2.0 */
/* The order of those who wait.
 *
 * Invariant: `waiting` is sorted by original age, then by conversation and name, so that every node
 * serves in the same order. A request that comes back (declined, expired, agent gone) returns to
 * the place that its original age gives it, never to the end. The line has free storage before and
 * behind it: the oldest leave and the newest come without moving the others.
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

/* ---- what they weigh ---- */

static struct load_class *class_of(struct pool *pool, const struct request *request)
{
    struct load_classes *classes = &pool->classes;
    for (uint32_t i = 0; i < classes->count; i++) {
        struct load_class *one = &classes->items[i];
        if (one->weight == request->weight && one->channel == request->channel &&
                one->is_interruptible == request->is_interruptible)
            return one;
    }
    return NULL;
}

static void drop_empty_classes(struct load_classes *classes)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < classes->count; i++)
        if (classes->items[i].count > 0)
            classes->items[kept++] = classes->items[i];
    classes->count = kept;
}

static void count_in(struct pool *pool, const struct request *request)
{
    struct load_classes *classes = &pool->classes;
    struct load_class *one = class_of(pool, request);
    bool is_new = one == NULL;
    if (is_new) {
        drop_empty_classes(classes);
        if (classes->count < LOAD_CLASSES_MAX)
            one = &classes->items[classes->count++];
        if (one != NULL)
            *one = (struct load_class){
                    request->channel, request->weight, 0, request->is_interruptible};
    }
    *(one ? &one->count : &classes->others) += 1;
    if (is_new)
        agents_refresh_open(pool);
}

static void count_out(struct pool *pool, const struct request *request)
{
    struct load_classes *classes = &pool->classes;
    struct load_class *one = class_of(pool, request);
    bool is_other = one == NULL || one->count == 0;
    uint32_t *count = is_other ? &classes->others : &one->count;
    check(*count > 0);
    if (--*count > 0 || (!is_other && classes->count == 1))
        return;
    drop_empty_classes(classes);
    agents_refresh_open(pool);
}

/* ---- the line ---- */

static void move_line(struct pool *pool, uint32_t from, uint32_t to, uint32_t count)
{
    memmove(&pool->waiting[to], &pool->waiting[from], count * sizeof *pool->waiting);
}

static void begin_line_at(struct pool *pool, uint32_t head)
{
    pool->waiting_head = head;
    pool->waiting = pool->waiting_storage + head;
}

bool waiting_reserve(struct pool *pool, uint32_t capacity)
{
    void *storage =
            pool_grow(pool, pool->waiting_storage, (size_t)capacity * 2 * sizeof *pool->waiting);
    if (storage == NULL)
        return false;
    pool->waiting_storage = storage;
    begin_line_at(pool, pool->waiting_head);
    return true;
}

/* Room at `at`: whoever is nearer to an end of the line makes way. At the storage's end the whole
 * line moves to its beginning: not before as many left or came as there is room for requests. */
static void make_gap(struct pool *pool, uint32_t at)
{
    if (pool->waiting_head > 0 && at < pool->waiting_count / 2) {
        begin_line_at(pool, pool->waiting_head - 1);
        move_line(pool, 1, 0, at);
        return;
    }
    if (pool->waiting_head + pool->waiting_count == 2 * pool->request_capacity) {
        memmove(pool->waiting_storage, pool->waiting, pool->waiting_count * sizeof *pool->waiting);
        begin_line_at(pool, 0);
    }
    move_line(pool, at, at + 1, pool->waiting_count - at);
}

/* The count is already without the one who was at `at`. */
static void close_gap(struct pool *pool, uint32_t at)
{
    if (at >= pool->waiting_count / 2) {
        move_line(pool, at + 1, at, pool->waiting_count - at);
        return;
    }
    move_line(pool, 0, 1, at);
    begin_line_at(pool, pool->waiting_head + 1);
}

void waiting_enter(struct pool *pool, uint32_t slot)
{
    uint32_t at = waiting_rank(pool, slot);
    check(pool->waiting_count < pool->request_capacity);
    make_gap(pool, at);
    pool->waiting[at] = (struct waiting_item){pool->requests[slot].first_queued_ms, slot};
    pool->waiting_count++;
    count_in(pool, &pool->requests[slot]);
    seek_enter(pool, slot);
}

void waiting_leave(struct pool *pool, uint32_t slot)
{
    uint32_t at = waiting_rank(pool, slot);
    check(at < pool->waiting_count && pool->waiting[at].request == slot);
    seek_leave(pool, slot);
    count_out(pool, &pool->requests[slot]);
    pool->waiting_count--;
    close_gap(pool, at);
}
