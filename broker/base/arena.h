/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator over storage that the caller owns: taken piece by piece, released whole. */
#ifndef WEFT_BASE_ARENA_H
#define WEFT_BASE_ARENA_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *bytes;
    size_t capacity;
    size_t used;
};

static inline void arena_init(struct arena *arena, void *bytes, size_t capacity)
{
    *arena = (struct arena){bytes, capacity, 0};
}

static inline void arena_reset(struct arena *arena)
{
    arena->used = 0;
}

/* Takes size bytes, zeroed, aligned for any type. Returns NULL when the arena is full. */
void *arena_take(struct arena *arena, size_t size);
/* The same, but not zeroed: room for what is written before it is read. */
void *arena_take_raw(struct arena *arena, size_t size);

/* Copies the bytes into the arena. errors: bytes is NULL and len > 0 kept when the arena is full.
 */
struct slice arena_copy(struct arena *arena, struct slice from);

#endif
