/* SPDX-License-Identifier: Apache-2.0 */
/* What an error reply of Redis means to us. */
#ifndef WEFT_STORE_REDIS_ERROR_H
#define WEFT_STORE_REDIS_ERROR_H

#include "base/slice.h"

enum redis_error {
    REDIS_ERROR_BEHIND, /* an append at or below the last place: refused, definitely */
    REDIS_ERROR_ALONE,  /* too few replicas are there: nothing was written, definitely */
    REDIS_ERROR_FULL,   /* no memory, or no disk: nothing was written, definitely */
    REDIS_ERROR_LINK,   /* not the server that we took it for: nothing read here counts any more */
    REDIS_ERROR_OTHER,
};

enum redis_error redis_error_of(struct slice text);
/* The first word: the code, without anything that may come from a command's arguments. */
struct slice redis_error_code(struct slice text);

#endif
