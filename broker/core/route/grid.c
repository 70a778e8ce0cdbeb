/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of bits over the agents.
 *
 * Invariant: a bit beyond the last agent is 0, and the row of a skill is taken exactly while an
 * agent has the skill: "nobody here knows this" is the absence of the row.
 */
#include "core/route/grid.h"

#include "base/check.h"

static size_t row_bytes(const struct grid *grid)
{
    return grid->stride * sizeof(uint64_t);
}

static uint32_t free_rows(const struct grid *grid)
{
    uint32_t count = 0;
    for (uint32_t row = GRID_FIXED_ROWS; row < grid->rows; row++)
        count += grid->owners[row] == 0;
    return count;
}

static bool resize(
        struct grid *grid, const struct pool_memory *memory, uint32_t rows, uint32_t stride)
{
    struct grid larger = {.rows = rows, .stride = stride};
    size_t bytes = (size_t)rows * row_bytes(&larger);
    larger.bits = memory->resize(memory->user, NULL, bytes);
    larger.owners = memory->resize(memory->user, NULL, rows * sizeof *larger.owners);
    if (larger.bits == NULL || larger.owners == NULL) {
        grid_finish(&larger, memory);
        return false;
    }
    memset(larger.bits, 0, bytes);
    memset(larger.owners, 0, rows * sizeof *larger.owners);
    for (uint32_t row = 0; row < grid->rows; row++) {
        memcpy(grid_row(&larger, row), grid_row(grid, row), row_bytes(grid));
        larger.owners[row] = grid->owners[row];
    }
    grid_finish(grid, memory);
    *grid = larger;
    return true;
}

bool grid_reserve(
        struct grid *grid, const struct pool_memory *memory, uint32_t agents, uint32_t more_skills)
{
    uint32_t stride = grid->stride ? grid->stride : 1;
    uint32_t rows = grid->rows ? grid->rows : GRID_FIXED_ROWS + 16;
    while ((uint64_t)stride * 64 < agents)
        stride *= 2;
    uint32_t free = grid->rows ? free_rows(grid) : 16;
    while (free < more_skills) {
        free += rows;
        rows *= 2;
    }
    if (stride == grid->stride && rows == grid->rows)
        return true;
    return resize(grid, memory, rows, stride);
}

uint32_t grid_take_row(struct grid *grid, uint32_t owner)
{
    uint32_t row = GRID_FIXED_ROWS;
    while (row < grid->rows && grid->owners[row] != 0)
        row++;
    check(row < grid->rows && owner != 0);
    grid->owners[row] = owner;
    return row;
}

void grid_give_back_row(struct grid *grid, uint32_t row)
{
    check(row >= GRID_FIXED_ROWS && grid->owners[row] != 0 && grid_is_empty(grid, row));
    grid->owners[row] = 0;
}

void grid_clear(struct grid *grid)
{
    if (grid->rows == 0)
        return;
    memset(grid->bits, 0, grid->rows * row_bytes(grid));
    memset(grid->owners, 0, grid->rows * sizeof *grid->owners);
}

void grid_finish(struct grid *grid, const struct pool_memory *memory)
{
    if (grid->bits != NULL)
        memory->resize(memory->user, grid->bits, 0);
    if (grid->owners != NULL)
        memory->resize(memory->user, grid->owners, 0);
    *grid = (struct grid){0};
}

void grid_copy(const struct grid *grid, uint32_t from, uint32_t to)
{
    memcpy(grid_row(grid, to), grid_row(grid, from), row_bytes(grid));
}

void grid_empty(const struct grid *grid, uint32_t row)
{
    memset(grid_row(grid, row), 0, row_bytes(grid));
}

void grid_add(const struct grid *grid, uint32_t row, uint32_t with)
{
    uint64_t *to = grid_row(grid, row), *from = grid_row(grid, with);
    for (uint32_t i = 0; i < grid->stride; i++)
        to[i] |= from[i];
}

void grid_keep_common(const struct grid *grid, uint32_t row, uint32_t with)
{
    uint64_t *to = grid_row(grid, row);
    const uint64_t *from = grid_row(grid, with);
    for (uint32_t i = 0; i < grid->stride; i++)
        to[i] &= from[i];
}

bool grid_is_empty(const struct grid *grid, uint32_t row)
{
    return !grid_meet(grid, row, row);
}

bool grid_meet(const struct grid *grid, uint32_t row, uint32_t with)
{
    const uint64_t *a = grid_row(grid, row), *b = grid_row(grid, with);
    for (uint32_t i = 0; i < grid->stride; i++)
        if ((a[i] & b[i]) != 0)
            return true;
    return false;
}

uint32_t grid_count(const struct grid *grid, uint32_t row)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < grid->stride; i++)
        count += (uint32_t)__builtin_popcountll(grid_row(grid, row)[i]);
    return count;
}

uint32_t grid_next(const struct grid *grid, uint32_t row, uint32_t from)
{
    const uint64_t *bits = grid_row(grid, row);
    for (uint32_t i = from / 64; i < grid->stride; i++) {
        uint64_t word = i == from / 64 ? bits[i] & ~(uint64_t)0 << from % 64 : bits[i];
        if (word != 0)
            return i * 64 + (uint32_t)__builtin_ctzll(word);
    }
    return SLOT_NONE;
}
