/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the bucket is there and takes what it is given: asked by `weft doctor`. */
#ifndef WEFT_S3_S3_PROBE_H
#define WEFT_S3_S3_PROBE_H

#include "s3/s3_options.h"

#include <stdbool.h>

struct s3_probe {
    const char
            *failed; /* NULL: nothing. Else the step: "list", "write", "read", "copy", "remove" */
    long status;     /* HTTP; 0: no answer */
    char why[128];   /* the store's code, or the library's reason */
};

/* Blocks, for at most some seconds a step. Writes an object "probe" below the prefix and removes
 * it. */
void s3_probe(const struct s3_options *options, struct s3_probe *out);

#endif
