/* SPDX-License-Identifier: Apache-2.0 */
/* The process's memory, for what asks for memory by a function: core's pools, say. */
#ifndef WEFT_BASE_HEAP_H
#define WEFT_BASE_HEAP_H

#include <stdlib.h>

/* As realloc, and frees when bytes is 0. user: not looked at. NULL for bytes > 0: no memory. */
static inline void *heap_resize(void *user, void *old, size_t bytes)
{
    (void)user;
    if (bytes > 0)
        return realloc(old, bytes);
    free(old);
    return NULL;
}

#endif
