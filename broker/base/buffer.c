/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for the bounded writer; the rest is inline in the header.
 *
 * Invariant: len <= capacity. Overflow is sticky, so a caller checks once, at the end.
 */
#include "base/buffer.h"

/* 00 to 99. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

static size_t count_digits(uint64_t value)
{
    static const uint64_t powers[] = {0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
            1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
            1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
            10000000000000000000u};
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    unsigned log10 = bits * 1233 >> 12; /* 1233 / 4096 is just more than the logarithm of 2 */
    return log10 + (value >= powers[log10]);
}

static void put_digits(uint64_t value, size_t len, char *to)
{
    for (; value >= 100; value /= 100)
        memcpy(to + (len -= 2), pairs + 2 * (value % 100), 2);
    if (value >= 10)
        memcpy(to, pairs + 2 * value, 2);
    else
        *to = (char)('0' + value);
}

size_t u64_write(uint64_t value, char *out)
{
    size_t len = count_digits(value);
    put_digits(value, len, out);
    return len;
}

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    size_t len = count_digits(value);
    char *to = buffer_claim(buffer, len);
    if (to != NULL)
        put_digits(value, len, to);
}
