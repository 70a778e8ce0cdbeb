/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator: the memory of one frame or one flow.
 *
 * Invariant: used <= capacity, and every piece is aligned to max_align_t relative to the storage.
 * Full is an answer (NULL), never a larger arena.
 */
#include "base/arena.h"

#include "base/check.h"

void *arena_take_raw(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    check(arena->used <= arena->capacity);
    size_t start = (arena->used + align - 1) & ~(align - 1);
    if (start > arena->capacity || size > arena->capacity - start)
        return NULL;
    arena->used = start + size;
    return arena->bytes + start;
}

void *arena_take(struct arena *arena, size_t size)
{
    void *taken = arena_take_raw(arena, size);
    return taken ? memset(taken, 0, size) : NULL;
}

struct slice arena_copy(struct arena *arena, struct slice from)
{
    char *to = from.len ? arena_take_raw(arena, from.len) : NULL;
    if (to != NULL)
        memcpy(to, from.bytes, from.len);
    return (struct slice){to, from.len};
}
