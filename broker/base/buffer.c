/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for the bounded writer; the rest is inline in the header.
 *
 * Invariant: len <= capacity. Overflow is sticky, so a caller checks once, at the end.
 */
#include "base/buffer.h"

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    char digits[20];
    size_t start = sizeof digits;
    do {
        digits[--start] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buffer_put(buffer, digits + start, sizeof digits - start);
}
