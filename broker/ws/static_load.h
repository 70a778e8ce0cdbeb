/* SPDX-License-Identifier: Apache-2.0 */
/* Inside broker/ws only: the assets as they were found. */
#ifndef WEFT_WS_STATIC_LOAD_H
#define WEFT_WS_STATIC_LOAD_H

#include "ws/static_files.h"

#include <stdint.h>

enum { ASSET_PATH_MAX = 512 };

struct asset {
    char *path; /* "/assets/desk-4F2A91BC.js" */
    struct slice plain, gzipped;
    uint64_t digest; /* of plain: tells versions apart, proves nothing */
};

struct static_files {
    struct asset *assets; /* sorted by path */
    size_t count, capacity;
    size_t bytes;
};

int asset_compare(struct slice a, struct slice b);

#endif
