/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in as many bytes as they need: seven bits each, the lowest first, and the highest bit of
 * all but the last one is set. */
#ifndef WEFT_BASE_VARINT_H
#define WEFT_BASE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VARINT_MAX = 10 };

/* Returns how many bytes, at most VARINT_MAX. */
static inline size_t varint_write(uint64_t number, char *out)
{
    size_t len = 0;
    for (; number >= 0x80; number >>= 7)
        out[len++] = (char)(number | 0x80);
    out[len++] = (char)number;
    return len;
}

/* Moves *at behind it. errors: false when it does not end before the end, or in VARINT_MAX bytes */
static inline bool varint_read(const char **at, const char *end, uint64_t *out_number)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = (uint8_t) * (*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *out_number = number;
            return true;
        }
    }
    return false;
}

#endif
