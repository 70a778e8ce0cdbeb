/* SPDX-License-Identifier: Apache-2.0 */
/* A list of free blocks of one size.
 *
 * Invariant: at most kept_max blocks lie here; what is given back beyond that is freed, so a burst
 * leaves no more behind. What is larger than a block never lies here. Under the address sanitizer
 * nothing is kept: it could not tell who uses a block that was given back.
 */
#include "base/spares.h"

#include "base/check.h"

#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
enum { KEEPS = 0 };
#else
enum { KEEPS = 1 };
#endif

struct spare {
    struct spare *next;
};

void spares_init(struct spares *spares, size_t block_size, unsigned kept_max)
{
    check(block_size >= sizeof(struct spare));
    *spares = (struct spares){.block_size = block_size, .kept_max = KEEPS ? kept_max : 0};
}

void spares_finish(struct spares *spares)
{
    while (spares->first != NULL) {
        struct spare *spare = spares->first;
        spares->first = spare->next;
        free(spare);
    }
    spares->kept = 0;
}

void *spares_take(struct spares *spares, size_t size)
{
    struct spare *spare = spares->first;
    if (size > spares->block_size)
        return malloc(size);
    if (spare == NULL)
        return malloc(spares->kept_max > 0 ? spares->block_size : size);
    spares->first = spare->next;
    spares->kept--;
    return spare;
}

void spares_give_back(struct spares *spares, void *block, size_t size)
{
    struct spare *spare = block;
    if (spare == NULL || size > spares->block_size || spares->kept == spares->kept_max) {
        free(spare);
        return;
    }
    spare->next = spares->first;
    spares->first = spare;
    spares->kept++;
}
