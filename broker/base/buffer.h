/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded writer over storage that the caller owns. Once full it stays full and says so. */
#ifndef WEFT_BASE_BUFFER_H
#define WEFT_BASE_BUFFER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct buffer {
    char *bytes;
    size_t capacity;
    size_t len;
    bool overflowed;
};

static inline struct buffer buffer_make(void *bytes, size_t capacity)
{
    return (struct buffer){bytes, capacity, 0, false};
}

/* Takes room for len bytes, which the caller fills at once; NULL when they do not fit. */
static inline char *buffer_claim(struct buffer *buffer, size_t len)
{
    if (buffer->overflowed || len > buffer->capacity - buffer->len) {
        buffer->overflowed = true;
        return NULL;
    }
    char *claimed = buffer->bytes + buffer->len;
    buffer->len += len;
    return claimed;
}

/* As memcpy, inline for the few bytes that most pieces have: there the call costs more than the
 * copy. Up to 32 bytes: both ends, which may overlap. */
static inline void buffer_copy_short(char *to, const char *from, size_t len)
{
    struct {
        char bytes[16];
    } first, last;
    uint64_t first_eight, last_eight;
    if (len > 32) {
        memcpy(to, from, len);
    } else if (len >= 16) {
        memcpy(&first, from, 16);
        memcpy(&last, from + len - 16, 16);
        memcpy(to, &first, 16);
        memcpy(to + len - 16, &last, 16);
    } else if (len >= 8) {
        memcpy(&first_eight, from, 8);
        memcpy(&last_eight, from + len - 8, 8);
        memcpy(to, &first_eight, 8);
        memcpy(to + len - 8, &last_eight, 8);
    } else if (len >= 4) {
        uint32_t first_four, last_four;
        memcpy(&first_four, from, 4);
        memcpy(&last_four, from + len - 4, 4);
        memcpy(to, &first_four, 4);
        memcpy(to + len - 4, &last_four, 4);
    } else if (len > 0) {
        to[0] = from[0];
        to[len / 2] = from[len / 2];
        to[len - 1] = from[len - 1];
    }
}

static inline void buffer_put(struct buffer *buffer, const void *bytes, size_t len)
{
    char *to = buffer_claim(buffer, len);
    if (to != NULL && len > 0)
        memcpy(to, bytes, len);
}

static inline void buffer_put_slice(struct buffer *buffer, struct slice slice)
{
    buffer_put(buffer, slice.bytes, slice.len);
}

static inline void buffer_put_char(struct buffer *buffer, char c)
{
    buffer_put(buffer, &c, 1);
}

/* Copies a slice in. Returns the copy, which lives as long as the storage; none when it is full. */
static inline struct slice buffer_keep(struct buffer *buffer, struct slice slice)
{
    char *to = buffer->bytes + buffer->len;
    buffer_put_slice(buffer, slice);
    return buffer->overflowed ? SLICE_NONE : slice_make(to, slice.len);
}

/* Decimal digits, no sign, no padding. u64_write returns how many, at most U64_DIGITS_MAX. */
enum { U64_DIGITS_MAX = 20 };
size_t u64_write(uint64_t value, char *out);
void buffer_put_u64(struct buffer *buffer, uint64_t value);

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){buffer->bytes, buffer->len};
}

#endif
