/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzzer is: one function that takes bytes. libFuzzer calls it (-Dfuzz=true, clang), and
 * so does replay.c, which runs the kept inputs as an ordinary test. */
#ifndef WEFT_TESTS_FUZZ_FUZZ_H
#define WEFT_TESTS_FUZZ_FUZZ_H

#include "base/check.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy that ends where the input ends, so that a sanitizer sees the first byte too far. free it.
 */
static inline char *fuzz_copy(const void *bytes, size_t len)
{
    char *copy = malloc(len + (len == 0));
    check(copy != NULL);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

#endif
