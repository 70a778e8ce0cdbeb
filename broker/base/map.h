/* SPDX-License-Identifier: Apache-2.0 */
/* An intrusive hash map from short byte strings to structs that the caller owns.
 *
 * The key bytes live in the struct itself: they must not change while it is in the map. Grows by
 * doubling; never shrinks. Not for keys that an attacker chooses without bound: keys are hashed
 * with a per-process secret.
 */
#ifndef WEFT_BASE_MAP_H
#define WEFT_BASE_MAP_H

#include "base/slice.h"

#include <stdint.h>

struct map_node {
    struct map_node *next;
    struct slice key; /* borrowed from the struct that holds the node */
    uint64_t hash;
};

struct map {
    struct map_node **buckets;
    size_t bucket_count; /* a power of two, or 0 before the first put */
    size_t len;
};

#define MAP_ITEM(node, type, member) \
    ((node) ? (type *)(void *)((char *)(node)-offsetof(type, member)) : NULL)

/* Sets the secret of all maps of this process; call once, before the first put. */
void map_seed(uint64_t seed);

void map_finish(struct map *map);
struct map_node *map_find(const struct map *map, struct slice key);
/* The key must not be in the map yet. */
void map_put(struct map *map, struct map_node *node, struct slice key);
void map_remove(struct map *map, struct map_node *node);
/* Any order. cursor NULL starts; returns NULL at the end. The map must not change meanwhile, but
 * the node returned last may be removed after its successor was fetched. */
struct map_node *map_next(const struct map *map, const struct map_node *cursor);

#endif
