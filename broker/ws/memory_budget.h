/* SPDX-License-Identifier: Apache-2.0 */
/* A count of bytes that many small owners share: who would go over it is told no. */
#ifndef WEFT_WS_MEMORY_BUDGET_H
#define WEFT_WS_MEMORY_BUDGET_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

struct memory_budget {
    size_t used, max;
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
