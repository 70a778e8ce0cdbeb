/* SPDX-License-Identifier: Apache-2.0 */
/* The table of well-formed byte sequences, walked once.
 *
 * Invariant: accepts exactly the sequences of Unicode's table 3-7: only the second byte has a range
 * that depends on the first, all later ones are 80..BF. So a text that is valid may go out in a
 * WebSocket text frame, and texts that are equal are equal as bytes.
 *
 * source: The Unicode Standard, chapter 3, "Well-Formed UTF-8 Byte Sequences"
 */
#include "base/utf8.h"

#include "base/block.h"

/* How many bytes a character with this first byte, no ASCII, has; 0 when none has it. */
static size_t len_by_first(uint8_t first)
{
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Nothing overlong, no surrogate, nothing beyond U+10FFFF. */
static bool second_is_right(uint8_t first, uint8_t second)
{
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

/* The length of the character at bytes, 0 when it is none. */
static size_t character_len(const uint8_t *bytes, size_t left)
{
    if (bytes[0] < 0x80)
        return 1;
    size_t len = len_by_first(bytes[0]);
    if (len == 0 || len > left || !second_is_right(bytes[0], bytes[1]))
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

size_t utf8_step(const char *at, const char *end)
{
    return at < end ? character_len((const uint8_t *)at, (size_t)(end - at)) : 0;
}

static uint64_t load(const char *at, size_t width)
{
    uint64_t word = 0;
    memcpy(&word, at, width);
    return word;
}

/* Of sixteen bytes or more. The last block overlaps the one before it. */
static bool blocks_are_ascii(const char *at, const char *end)
{
    block seen = block_load(end - BLOCK);
    for (; end - at > BLOCK; at += BLOCK)
        seen |= block_load(at);
    return block_first(seen < 0) == BLOCK;
}

/* So do the last word or half of one, so that short texts need no loop over bytes. */
static bool is_ascii(struct slice text)
{
    const char *at = text.bytes, *end = text.bytes + text.len;
    uint64_t seen = 0;
    if (text.len >= BLOCK)
        return blocks_are_ascii(at, end);
    if (text.len >= 8) {
        seen = load(at, 8) | load(end - 8, 8);
    } else if (text.len >= 4) {
        seen = load(at, 4) | load(end - 4, 4);
    } else {
        while (at < end)
            seen |= (uint8_t)*at++;
    }
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

bool utf8_is_valid(struct slice text)
{
    if (text.len == 0 || is_ascii(text))
        return true;
    const char *at = text.bytes, *end = text.bytes + text.len;
    while (at < end) {
        size_t len = utf8_step(at, end);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

size_t utf8_write(uint32_t scalar, char *out)
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    size_t len = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : UTF8_STEP_MAX;
    for (size_t i = len - 1; i > 0; i--, scalar >>= 6)
        out[i] = (char)(0x80 | (scalar & 0x3f));
    out[0] = (char)(leads[len] | scalar);
    return len;
}
