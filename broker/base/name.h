/* SPDX-License-Identifier: Apache-2.0 */
/* An entry's name: its place in a log and the mark that only this entry has.
 *
 * Cursors, owner tokens, turns, requests and offers are names: a bare number would also fit an
 * entry of a branch that a failover has lost. seq 0 with a zero mark is "before the first entry".
 */
#ifndef WEFT_BASE_NAME_H
#define WEFT_BASE_NAME_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MARK_SIZE = 8, NAME_TEXT_MAX = 20 + 1 + 2 * MARK_SIZE };

struct name {
    uint64_t seq;
    uint8_t mark[MARK_SIZE];
};

static inline bool name_equal(const struct name *a, const struct name *b)
{
    return a->seq == b->seq && memcmp(a->mark, b->mark, MARK_SIZE) == 0;
}

static inline bool name_is_none(const struct name *name)
{
    return name->seq == 0;
}

/* Writes "12-9f86d081884c7d65". Returns the length, at most NAME_TEXT_MAX; adds no NUL. */
size_t name_write(const struct name *name, char *out);

/* Reads what name_write wrote; anything else (signs, leading zeros, capitals) is refused. */
bool name_read(struct slice text, struct name *out_name);

#endif
