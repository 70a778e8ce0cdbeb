/* SPDX-License-Identifier: Apache-2.0 */
/* A slice borrows bytes: whoever hands one out says how long they stay. */
#ifndef WEFT_BASE_SLICE_H
#define WEFT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *bytes; /* NULL only when len is 0 */
    size_t len;
};

#define SLICE_OF(literal) ((struct slice){("" literal ""), sizeof(literal) - 1})
#define SLICE_NONE ((struct slice){NULL, 0})
/* For printf("%.*s", SLICE_ARGS(s)). */
#define SLICE_ARGS(s) (int)(s).len, (s).len ? (s).bytes : ""

static inline struct slice slice_make(const void *bytes, size_t len)
{
    return (struct slice){bytes, len};
}

static inline struct slice slice_of_string(const char *string)
{
    return (struct slice){string, string ? strlen(string) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static inline bool slice_is(struct slice s, const char *string)
{
    return slice_equal(s, slice_of_string(string));
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len &&
           (prefix.len == 0 || memcmp(s.bytes, prefix.bytes, prefix.len) == 0);
}

#endif
