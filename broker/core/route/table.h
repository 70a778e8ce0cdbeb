/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of small numbers, in memory that the pool was given. Several items may share a
 * hash: the caller compares. */
#ifndef WEFT_CORE_ROUTE_TABLE_H
#define WEFT_CORE_ROUTE_TABLE_H

#include "base/slice.h"
#include "core/route/pool.h"

struct table_slot {
    uint64_t hash;
    uint32_t item; /* plus one; 0: empty */
};

struct table {
    struct table_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t len;
};

uint64_t table_hash(uint64_t seed, struct slice bytes);

/* Makes room for one more. false: no memory, nothing changed. */
bool table_reserve(struct table *table, const struct pool_memory *memory);
/* There must be room. */
void table_put(struct table *table, uint64_t hash, uint32_t item);
/* The item must be there. */
void table_remove(struct table *table, uint64_t hash, uint32_t item);
/* The next item with this hash. cursor starts at 0. false: no more. */
bool table_next(const struct table *table, uint64_t hash, size_t *cursor, uint32_t *out_item);
void table_clear(struct table *table);
void table_finish(struct table *table, const struct pool_memory *memory);

#endif
