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

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    char digits[20];
    size_t start = sizeof digits;
    for (; value >= 100; value /= 100)
        memcpy(digits + (start -= 2), pairs + 2 * (value % 100), 2);
    if (value >= 10)
        memcpy(digits + (start -= 2), pairs + 2 * value, 2);
    else
        digits[--start] = (char)('0' + value);
    buffer_put(buffer, digits + start, sizeof digits - start);
}
