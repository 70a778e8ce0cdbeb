/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; a removal shifts the followers back, so there are no
 * tombstones.
 *
 * Invariant: between the home of an item's hash and the item there is no empty slot, and at least a
 * quarter of the slots is empty, so every probe ends.
 */
#include "core/route/table.h"

#include "base/check.h"

/* FNV-1a over seed and bytes, with Murmur3's final mix. */
uint64_t table_hash(uint64_t seed, struct slice bytes)
{
    uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (uint8_t)bytes.bytes[i]) * 0x100000001b3u;
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    return hash ^ hash >> 33;
}

static void place(struct table *table, uint64_t hash, uint32_t item)
{
    size_t mask = table->capacity - 1, at = hash & mask;
    while (table->slots[at].item != 0)
        at = (at + 1) & mask;
    table->slots[at] = (struct table_slot){hash, item};
}

bool table_reserve(struct table *table, const struct pool_memory *memory)
{
    if (table->len + 1 <= table->capacity / 4 * 3)
        return true;
    struct table larger = {.capacity = table->capacity ? table->capacity * 2 : 16};
    size_t bytes = larger.capacity * sizeof *larger.slots;
    larger.slots = memory->resize(memory->user, NULL, bytes);
    if (larger.slots == NULL)
        return false;
    memset(larger.slots, 0, bytes);
    larger.len = table->len;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].item != 0)
            place(&larger, table->slots[i].hash, table->slots[i].item);
    table_finish(table, memory);
    *table = larger;
    return true;
}

void table_put(struct table *table, uint64_t hash, uint32_t item)
{
    check(table->len < table->capacity / 4 * 3);
    place(table, hash, item + 1);
    table->len++;
}

/* Moves followers back into the hole until one may stay where it is. */
static void close_hole(struct table *table, size_t hole)
{
    size_t mask = table->capacity - 1;
    for (size_t at = (hole + 1) & mask; table->slots[at].item != 0; at = (at + 1) & mask) {
        size_t home = table->slots[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        table->slots[hole] = table->slots[at];
        hole = at;
    }
    table->slots[hole] = (struct table_slot){0};
}

void table_remove(struct table *table, uint64_t hash, uint32_t item)
{
    check(table->len > 0);
    size_t mask = table->capacity - 1, at = hash & mask;
    while (table->slots[at].item != item + 1) {
        check(table->slots[at].item != 0);
        at = (at + 1) & mask;
    }
    close_hole(table, at);
    table->len--;
}

bool table_next(const struct table *table, uint64_t hash, size_t *cursor, uint32_t *out_item)
{
    if (table->len == 0)
        return false;
    size_t mask = table->capacity - 1;
    for (; *cursor < table->capacity; ++*cursor) {
        const struct table_slot *slot = &table->slots[(hash + *cursor) & mask];
        if (slot->item == 0)
            return false;
        if (slot->hash == hash) {
            *out_item = slot->item - 1;
            ++*cursor;
            return true;
        }
    }
    return false;
}

void table_clear(struct table *table)
{
    if (table->capacity > 0)
        memset(table->slots, 0, table->capacity * sizeof *table->slots);
    table->len = 0;
}

void table_finish(struct table *table, const struct pool_memory *memory)
{
    if (table->slots != NULL)
        memory->resize(memory->user, table->slots, 0);
    *table = (struct table){0};
}
