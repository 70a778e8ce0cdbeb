/* SPDX-License-Identifier: Apache-2.0 */
/* A count of bytes that many small owners share: who would go over it is told no. What they give
 * back is kept, up to spares_init's bound and beside the count, for who needs it next. */
#ifndef WEFT_WS_MEMORY_BUDGET_H
#define WEFT_WS_MEMORY_BUDGET_H

#include "base/check.h"
#include "base/spares.h"

#include <stdbool.h>
#include <stddef.h>

/* What the small owners begin with, and how many such blocks are kept. */
enum { MEMORY_BLOCK_BYTES = 1024, MEMORY_BLOCKS_KEPT_MAX = 1024 };

struct memory_budget {
    size_t used, max;
    struct spares blocks; /* all zero: keeps none */
};

static inline bool memory_budget_take(struct memory_budget *budget, size_t bytes)
{
    if (bytes > budget->max - budget->used)
        return false;
    budget->used += bytes;
    return true;
}

static inline void memory_budget_give_back(struct memory_budget *budget, size_t bytes)
{
    check(bytes <= budget->used);
    budget->used -= bytes;
}

#endif
