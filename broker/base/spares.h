/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of memory that were used and will be again: what begins and ends with every message.
 *
 *   struct change *change = spares_take(&spares, sizeof *change + len);
 *   spares_give_back(&spares, change, sizeof *change + len);
 */
#ifndef WEFT_BASE_SPARES_H
#define WEFT_BASE_SPARES_H

#include <stddef.h>

struct spare; /* a block while nobody uses it */

struct spares {
    struct spare *first;
    size_t block_size; /* larger ones are allocated as ever */
    unsigned kept, kept_max;
};

void spares_init(struct spares *spares, size_t block_size, unsigned kept_max);
void spares_finish(struct spares *spares); /* frees what is kept, not what is in use */

/* A block for size bytes, with anything in it. errors: NULL when out of memory */
void *spares_take(struct spares *spares, size_t size);
/* size: as it was taken. block may be NULL. */
void spares_give_back(struct spares *spares, void *block, size_t size);

#endif
