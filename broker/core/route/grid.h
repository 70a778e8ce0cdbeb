/* SPDX-License-Identifier: Apache-2.0 */
/* The grid: rows of bits, one bit an agent. Who has a skill, who is present, who has room. */
#ifndef WEFT_CORE_ROUTE_GRID_H
#define WEFT_CORE_ROUTE_GRID_H

#include "core/route/pool.h"

#define SLOT_NONE UINT32_MAX

/* The rows that are always there; those of the skills follow. */
enum {
    GRID_ABLE,       /* known for good, with a capacity at all */
    GRID_ONLINE,     /* of these, online */
    GRID_OPEN,       /* of these, with room for the lightest of those who wait */
    GRID_EVERY,      /* those who serve every queue */
    GRID_PLAN_OPEN,  /* scratch of a decision: open, less what it has already planned */
    GRID_PLAN_GIVEN, /* scratch of a decision: already offered something */
    GRID_CANDIDATES, /* scratch: who may be offered the request at hand */
    GRID_REACH,      /* scratch: who serves the queues of the request at hand */
    GRID_FIXED_ROWS,
};

struct grid {
    uint64_t *bits;
    uint32_t *owners; /* per row: the skill's word; 0: free or fixed */
    uint32_t rows;    /* allocated */
    uint32_t stride;  /* 64-bit words in a row */
};

/* Makes room for so many agents, and so many more skills. false: no memory, nothing changed. */
bool grid_reserve(
        struct grid *grid, const struct pool_memory *memory, uint32_t agents, uint32_t more_skills);
/* A free row, empty. There must be room. */
uint32_t grid_take_row(struct grid *grid, uint32_t owner);
void grid_give_back_row(struct grid *grid, uint32_t row);
void grid_clear(struct grid *grid);
void grid_finish(struct grid *grid, const struct pool_memory *memory);

static inline uint64_t *grid_row(const struct grid *grid, uint32_t row)
{
    return grid->bits + (size_t)row * grid->stride;
}

static inline bool grid_has(const struct grid *grid, uint32_t row, uint32_t agent)
{
    return grid_row(grid, row)[agent / 64] >> agent % 64 & 1;
}

static inline void grid_set(const struct grid *grid, uint32_t row, uint32_t agent, bool value)
{
    uint64_t bit = (uint64_t)1 << agent % 64, *word = &grid_row(grid, row)[agent / 64];
    *word = value ? *word | bit : *word & ~bit;
}

void grid_copy(const struct grid *grid, uint32_t from, uint32_t to);
void grid_empty(const struct grid *grid, uint32_t row);
void grid_keep_common(const struct grid *grid, uint32_t row, uint32_t with);
void grid_add(const struct grid *grid, uint32_t row, uint32_t with);
bool grid_is_empty(const struct grid *grid, uint32_t row);
bool grid_meet(const struct grid *grid, uint32_t row, uint32_t with);
uint32_t grid_count(const struct grid *grid, uint32_t row);
/* The first agent of the row at or after from; SLOT_NONE: none. */
uint32_t grid_next(const struct grid *grid, uint32_t row, uint32_t from);

#endif
