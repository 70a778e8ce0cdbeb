/* SPDX-License-Identifier: Apache-2.0 */
/* Slabs: 2 MiB of memory each, one page of the processor's if the system has one to give.
 *
 *   | head | block | block | ... | block |  never used |
 *                     free -> free
 *
 * A thousand values of 16 KiB lie in four thousand pages of the usual size, for which a processor
 * has no room to remember where they are: each line of them costs two looks at memory. In slabs
 * they lie in nine.
 *
 * Invariant: a slab has a block in use, else its memory is the system's again. A slab with a free
 * block is in the list of those that are roomy, the oldest first: so those that empty are left to.
 * Under the address sanitizer each block is an own piece of memory: it could not tell who uses one
 * that was given back.
 */
#include "base/slabs.h"

#include "base/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

struct free_block {
    struct free_block *next;
};

struct slab {
    struct list link; /* in roomy; unlinked: all blocks are in use */
    struct free_block *free;
    unsigned in_use, ever_used;
};

_Static_assert(sizeof(struct slab) <= SLAB_HEAD_BYTES, "blocks begin after the head");

void slabs_init(struct slabs *slabs, size_t block_size)
{
    check(block_size % 64 == 0 && block_size > 0 && block_size <= SLAB_BYTES - SLAB_HEAD_BYTES);
    *slabs = (struct slabs){.block_size = block_size};
    list_init(&slabs->roomy);
}

#ifdef __SANITIZE_ADDRESS__

void *slabs_take(struct slabs *slabs)
{
    return aligned_alloc(64, slabs->block_size);
}

void slabs_give_back(struct slabs *slabs, void *block)
{
    (void)slabs;
    free(block);
}

#else

static unsigned blocks_max(const struct slabs *slabs)
{
    return (unsigned)((SLAB_BYTES - SLAB_HEAD_BYTES) / slabs->block_size);
}

/* Addresses are cheap: twice as many are asked for, and what is not aligned is handed back. */
static char *map_aligned(void)
{
    char *at = mmap(NULL, 2 * (size_t)SLAB_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    size_t before = (SLAB_BYTES - (uintptr_t)at % SLAB_BYTES) % SLAB_BYTES;
    if (before > 0)
        munmap(at, before);
    munmap(at + before + SLAB_BYTES, SLAB_BYTES - before);
    return at + before;
}

static struct slab *slab_create(struct slabs *slabs)
{
    struct slab *slab = (struct slab *)(void *)map_aligned();
    if (slab == NULL)
        return NULL;
    madvise(slab, SLAB_BYTES, MADV_HUGEPAGE); /* a wish: without it all is as right, and slower */
    list_append(&slabs->roomy, &slab->link);
    slabs->count++;
    return slab;
}

static void slab_destroy(struct slabs *slabs, struct slab *slab)
{
    list_remove(&slab->link);
    slabs->count--;
    munmap(slab, SLAB_BYTES);
}

static void *block_of(struct slab *slab, const struct slabs *slabs)
{
    struct free_block *block = slab->free;
    if (block == NULL)
        return (char *)slab + SLAB_HEAD_BYTES + slabs->block_size * slab->ever_used++;
    slab->free = block->next;
    return block;
}

void *slabs_take(struct slabs *slabs)
{
    struct slab *slab = list_is_empty(&slabs->roomy)
                                ? slab_create(slabs)
                                : LIST_ITEM(slabs->roomy.next, struct slab, link);
    if (slab == NULL)
        return NULL;
    void *block = block_of(slab, slabs);
    if (++slab->in_use == blocks_max(slabs))
        list_remove(&slab->link);
    return block;
}

void slabs_give_back(struct slabs *slabs, void *block)
{
    if (block == NULL)
        return;
    struct slab *slab = (struct slab *)((uintptr_t)block & ~(uintptr_t)(SLAB_BYTES - 1));
    struct free_block *freed = block;
    freed->next = slab->free;
    slab->free = freed;
    if (slab->in_use-- == blocks_max(slabs))
        list_append(&slabs->roomy, &slab->link);
    if (slab->in_use == 0)
        slab_destroy(slabs, slab);
}

#endif
