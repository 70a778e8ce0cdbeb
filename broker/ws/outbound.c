/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of whole messages, each a four byte length and its bytes.
 *
 * Invariant: used <= capacity <= the capacity_max of the caller, and the budget holds exactly
 * capacity for this ring. It grows by doubling from a small size and is given back when it runs
 * empty, so ten thousand quiet peers cost nothing.
 *
 * A full ring is an answer, not an allocation: the caller is told no, and later that there is room.
 */
#include "ws/outbound.h"

#include <string.h>

size_t outbound_room(const struct outbound *outbound, uint32_t capacity_max)
{
    uint32_t left = capacity_max - outbound->used;
    return left > OUTBOUND_HEAD_SIZE ? left - OUTBOUND_HEAD_SIZE : 0;
}

static void copy_in(struct outbound *outbound, const void *bytes, uint32_t len)
{
    uint32_t at = (outbound->start + outbound->used) % outbound->capacity;
    uint32_t first = len < outbound->capacity - at ? len : outbound->capacity - at;
    memcpy(outbound->bytes + at, bytes, first);
    memcpy(outbound->bytes, (const uint8_t *)bytes + first, len - first);
    outbound->used += len;
}

static void copy_out(struct outbound *outbound, void *out, uint32_t len)
{
    check(len <= outbound->used && outbound->used <= outbound->capacity);
    uint32_t at = outbound->start;
    uint32_t first = len < outbound->capacity - at ? len : outbound->capacity - at;
    memcpy(out, outbound->bytes + at, first);
    memcpy((uint8_t *)out + first, outbound->bytes, len - first);
    outbound->start = (at + len) % outbound->capacity;
    outbound->used -= len;
}

static bool grow(struct outbound *outbound, struct memory_budget *budget, uint32_t capacity_max,
        uint32_t wanted)
{
    uint32_t capacity = outbound->capacity ? outbound->capacity : MEMORY_BLOCK_BYTES;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > capacity_max)
        capacity = capacity_max;
    if (!memory_budget_take(budget, capacity))
        return false;
    uint8_t *bytes = spares_take(&budget->blocks, capacity);
    if (bytes == NULL) {
        memory_budget_give_back(budget, capacity);
        return false;
    }
    uint32_t used = outbound->used;
    if (used > 0)
        copy_out(outbound, bytes, used);
    outbound_finish(outbound, budget);
    *outbound = (struct outbound){bytes, capacity, 0, used};
    return true;
}

bool outbound_put(struct outbound *outbound, struct memory_budget *budget, uint32_t capacity_max,
        const char *bytes, size_t len)
{
    if (outbound->used + OUTBOUND_HEAD_SIZE > capacity_max ||
            len > outbound_room(outbound, capacity_max))
        return false;
    uint32_t message_len = (uint32_t)len;
    uint32_t wanted = outbound->used + OUTBOUND_HEAD_SIZE + message_len;
    if (wanted > outbound->capacity && !grow(outbound, budget, capacity_max, wanted))
        return false;
    copy_in(outbound, &message_len, OUTBOUND_HEAD_SIZE);
    if (len > 0)
        copy_in(outbound, bytes, message_len);
    return true;
}

size_t outbound_next(const struct outbound *outbound)
{
    struct outbound copy = *outbound;
    uint32_t message_len;
    check(outbound->used >= OUTBOUND_HEAD_SIZE);
    copy_out(&copy, &message_len, OUTBOUND_HEAD_SIZE);
    return message_len;
}

size_t outbound_take(struct outbound *outbound, struct memory_budget *budget, void *out)
{
    uint32_t message_len;
    check(outbound->used >= OUTBOUND_HEAD_SIZE);
    copy_out(outbound, &message_len, OUTBOUND_HEAD_SIZE);
    copy_out(outbound, out, message_len);
    if (outbound_is_empty(outbound))
        outbound_finish(outbound, budget);
    return message_len;
}

void outbound_finish(struct outbound *outbound, struct memory_budget *budget)
{
    memory_budget_give_back(budget, outbound->capacity);
    spares_give_back(&budget->blocks, outbound->bytes, outbound->capacity);
    *outbound = (struct outbound){0};
}
