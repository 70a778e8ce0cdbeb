/* SPDX-License-Identifier: Apache-2.0 */
/* The table of well-formed byte sequences, walked once.
 *
 * Invariant: accepts exactly the sequences of Unicode's table 3-7: only the second byte has a range
 * that depends on the first, all later ones are 80..BF.
 *
 * source: The Unicode Standard, chapter 3, "Well-Formed UTF-8 Byte Sequences"
 */
#include "base/utf8.h"

#include <stdint.h>

/* The length of the character at bytes, 0 when it is none. */
static size_t character_len(const uint8_t *bytes, size_t left)
{
    uint8_t first = bytes[0], low = 0x80, high = 0xbf;
    if (first < 0x80)
        return 1;
    size_t len = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (len == 0 || len > left)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool utf8_is_valid(struct slice text)
{
    const uint8_t *bytes = (const uint8_t *)text.bytes;
    for (size_t at = 0; at < text.len;) {
        size_t len = character_len(bytes + at, text.len - at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}
