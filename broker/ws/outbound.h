/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that wait for one slow peer: a bounded ring of whole messages. */
#ifndef WEFT_WS_OUTBOUND_H
#define WEFT_WS_OUTBOUND_H

#include "ws/memory_budget.h"

#include <stdint.h>

enum { OUTBOUND_HEAD_SIZE = 4 };

/* All zero: empty, and holds no memory. */
struct outbound {
    uint8_t *bytes;
    uint32_t capacity, start, used;
};

static inline bool outbound_is_empty(const struct outbound *outbound)
{
    return outbound->used == 0;
}

/* The longest message that still fits, as far as capacity_max goes. */
size_t outbound_room(const struct outbound *outbound, uint32_t capacity_max);

/* errors: false, and nothing was queued, when it does not fit or the budget is used up */
bool outbound_put(struct outbound *outbound, struct memory_budget *budget, uint32_t capacity_max,
        const char *bytes, size_t len);

/* The length of the oldest message; it must not be empty. */
size_t outbound_next(const struct outbound *outbound);

/* Takes the oldest message out; it must not be empty. The last one frees the ring.
 *
 * shape: out has room for the longest message that was put */
size_t outbound_take(struct outbound *outbound, struct memory_budget *budget, void *out);

void outbound_finish(struct outbound *outbound, struct memory_budget *budget);

#endif
