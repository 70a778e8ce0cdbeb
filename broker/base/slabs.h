/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of one size that lie together in large pages: for values of many kilobytes, a thousand of
 * which are worked with in turn.
 *
 *   struct conversation *fold = slabs_take(&slabs);
 *   slabs_give_back(&slabs, fold);
 */
#ifndef WEFT_BASE_SLABS_H
#define WEFT_BASE_SLABS_H

#include "base/list.h"

enum { SLAB_BYTES = 2 * 1024 * 1024, SLAB_HEAD_BYTES = 64 };

struct slabs {
    struct list roomy; /* slabs with a free block, the next to be used first */
    size_t block_size;
    unsigned count;
};

/* block_size: a multiple of 64, at most SLAB_BYTES - SLAB_HEAD_BYTES. slabs may not move after. */
void slabs_init(struct slabs *slabs, size_t block_size);

/* A block of block_size bytes that begins a line of the processor's cache, with anything in it.
 * errors: NULL when out of memory */
void *slabs_take(struct slabs *slabs);
void slabs_give_back(struct slabs *slabs, void *block); /* block may be NULL */

#endif
