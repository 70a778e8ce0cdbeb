/* SPDX-License-Identifier: Apache-2.0 */
/* Chained hash map, nodes owned by the caller.
 *
 * Invariant: every node is in the bucket of its stored hash, and there is at most one node a key.
 * Out of memory for buckets ends the process: the tables are small and bounded by the pools whose
 * members they index.
 */
#include "base/map.h"

#include "base/buffer.h"
#include "base/check.h"

#include <stdlib.h>

static uint64_t secret = 0x9e3779b97f4a7c15u;

void map_seed(uint64_t seed)
{
    secret = seed;
}

static uint64_t load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Both halves of the product, so that each bit of either factor reaches all of the result. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes at a time; the last word overlaps the one before, and the length tells apart what
 * that makes alike. source: Wang Yi, wyhash */
static uint64_t hash_key(struct slice key)
{
    enum { WORD = sizeof(uint64_t) };
    uint64_t hash = secret ^ mix(key.len + 1, 0xa0761d6478bd642fu);
    uint64_t last = 0;
    for (size_t i = 0; i + WORD < key.len; i += WORD)
        hash = mix(hash ^ load(key.bytes + i), 0xe7037ed1a0b428dbu);
    if (key.len >= WORD)
        last = load(key.bytes + key.len - WORD);
    else
        buffer_copy_short((char *)&last, key.bytes, key.len);
    return mix(hash ^ last, 0x8ebc6af09c88c6e3u);
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
