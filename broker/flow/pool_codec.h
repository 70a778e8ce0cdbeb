/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of pool log entries: a list of values, so that one entry can carry a batch. */
#ifndef WEFT_FLOW_POOL_CODEC_H
#define WEFT_FLOW_POOL_CODEC_H

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

#endif
