/* SPDX-License-Identifier: Apache-2.0 */
/* A growing buffer, lent only while something is incomplete.
 *
 * Invariant: the budget holds exactly capacity for it, and capacity follows what has really arrived
 * (doubling), not what was announced: to claim memory here one has to send it.
 */
#include "ws/inbound.h"

#include <string.h>

static bool grow(struct inbound *inbound, struct memory_budget *budget, uint32_t wanted)
{
    uint32_t capacity = inbound->capacity ? inbound->capacity : MEMORY_BLOCK_BYTES;
    while (capacity < wanted)
        capacity *= 2;
    if (!memory_budget_take(budget, capacity - inbound->capacity))
        return false;
    char *bytes = spares_take(&budget->blocks, capacity);
    if (bytes == NULL) {
        memory_budget_give_back(budget, capacity - inbound->capacity);
        return false;
    }
    if (inbound->len > 0)
        memcpy(bytes, inbound->bytes, inbound->len);
    spares_give_back(&budget->blocks, inbound->bytes, inbound->capacity);
    inbound->bytes = bytes;
    inbound->capacity = capacity;
    return true;
}

bool inbound_append(struct inbound *inbound, struct memory_budget *budget, uint32_t len_max,
        const char *bytes, size_t len)
{
    if (len > len_max - inbound->len)
        return false;
    uint32_t wanted = inbound->len + (uint32_t)len;
    if (wanted > inbound->capacity && !grow(inbound, budget, wanted))
        return false;
    if (len > 0)
        memcpy(inbound->bytes + inbound->len, bytes, len);
    inbound->len = wanted;
    return true;
}

void inbound_finish(struct inbound *inbound, struct memory_budget *budget)
{
    memory_budget_give_back(budget, inbound->capacity);
    spares_give_back(&budget->blocks, inbound->bytes, inbound->capacity);
    *inbound = (struct inbound){0};
}
