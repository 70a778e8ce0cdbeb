/* SPDX-License-Identifier: Apache-2.0 */
/* Chained hash map, nodes owned by the caller.
 *
 * Invariant: every node is in the bucket of its stored hash, and there is at most one node a key.
 * Out of memory for buckets ends the process: the tables are small and bounded by the pools whose
 * members they index.
 */
#include "base/map.h"

#include "base/check.h"

#include <stdlib.h>

static uint64_t secret = 0x9e3779b97f4a7c15u;

void map_seed(uint64_t seed)
{
    secret = seed;
}

/* FNV-1a over the secret and the key, with a final mix (Murmur3's finaliser). */
static uint64_t hash_key(struct slice key)
{
    uint64_t hash = 0xcbf29ce484222325u ^ secret;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (uint8_t)key.bytes[i]) * 0x100000001b3u;
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    return hash ^ hash >> 33;
}

static struct map_node **bucket_of(const struct map *map, uint64_t hash)
{
    return &map->buckets[hash & (map->bucket_count - 1)];
}

static void grow(struct map *map)
{
    struct map_node **old = map->buckets;
    size_t old_count = map->bucket_count;
    map->bucket_count = old_count ? old_count * 2 : 16;
    map->buckets = calloc(map->bucket_count, sizeof *map->buckets);
    check(map->buckets != NULL);
    for (size_t i = 0; i < old_count; i++) {
        for (struct map_node *node = old[i], *next; node != NULL; node = next) {
            next = node->next;
            struct map_node **bucket = bucket_of(map, node->hash);
            node->next = *bucket;
            *bucket = node;
        }
    }
    free(old);
}

void map_finish(struct map *map)
{
    free(map->buckets);
    *map = (struct map){0};
}

struct map_node *map_find(const struct map *map, struct slice key)
{
    if (map->len == 0)
        return NULL;
    uint64_t hash = hash_key(key);
    struct map_node *node = *bucket_of(map, hash);
    while (node != NULL && (node->hash != hash || !slice_equal(node->key, key)))
        node = node->next;
    return node;
}

void map_put(struct map *map, struct map_node *node, struct slice key)
{
    if (map->len >= map->bucket_count)
        grow(map);
    *node = (struct map_node){NULL, key, hash_key(key)};
    struct map_node **bucket = bucket_of(map, node->hash);
    node->next = *bucket;
    *bucket = node;
    map->len++;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_node **link = bucket_of(map, node->hash);
    while (*link != node) {
        check(*link != NULL);
        link = &(*link)->next;
    }
    *link = node->next;
    node->next = NULL;
    map->len--;
}

struct map_node *map_next(const struct map *map, const struct map_node *cursor)
{
    if (cursor != NULL && cursor->next != NULL)
        return cursor->next;
    size_t i = cursor ? (cursor->hash & (map->bucket_count - 1)) + 1 : 0;
    for (; i < map->bucket_count; i++)
        if (map->buckets[i] != NULL)
            return map->buckets[i];
    return NULL;
}
