/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of pool log entries: a list of values, so that one entry can carry a batch. */
#ifndef WEFT_STORED_POOL_CODEC_H
#define WEFT_STORED_POOL_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "core/route/pool_entry.h"

enum { POOL_BATCH_MAX = 4096 };

/* errors: out->overflowed; false when scratch is full */
bool pool_encode(
        const struct pool_entry *entries, size_t count, struct arena *scratch, struct buffer *out);
/* Borrows from plain's copy in scratch. A kind that this node does not know becomes POOL_UNKNOWN.
 */
bool pool_decode(struct slice plain, struct arena *scratch, const struct pool_entry **out_entries,
        size_t *out_count);

/* One entry of a pool's log as a line of JSON, for exports (docs/reference/routing-export.md). */
struct pool_line {
    struct name at;
    uint64_t time_ms;
    const struct pool_entry *entries;
    size_t count;
};

/* Without a newline. errors: out->overflowed; false when scratch is full */
bool pool_line_write(const struct pool_line *line, struct arena *scratch, struct buffer *out);
/* Borrows from scratch. errors: false: not such a line, or scratch is full */
bool pool_line_read(struct slice json, struct arena *scratch, struct pool_line *out_line);

#endif
