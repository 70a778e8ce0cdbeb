/* SPDX-License-Identifier: Apache-2.0 */
/* What arrived of a message or a body that is not complete yet. */
#ifndef WEFT_WS_INBOUND_H
#define WEFT_WS_INBOUND_H

#include "ws/memory_budget.h"

#include <stdint.h>

/* All zero: empty, and holds no memory. */
struct inbound {
    char *bytes;
    uint32_t len, capacity;
};

/* errors: false when it would be longer than len_max or the budget is used up */
bool inbound_append(struct inbound *inbound, struct memory_budget *budget, uint32_t len_max,
        const char *bytes, size_t len);

void inbound_finish(struct inbound *inbound, struct memory_budget *budget);

#endif
