/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and writes UTF-8.
 *
 * Invariant: a text that is called valid can be sent in a WebSocket text frame, and no two byte
 * strings that are called valid spell the same text: what is compared as bytes is compared as text.
 * The table of RFC 3629, section 4, is followed row by row.
 */
#include "proto/utf8.h"

#include <string.h>

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t step_three(const uint8_t *at)
{
    uint8_t low = at[0] == 0xe0 ? 0xa0 : 0x80;
    uint8_t high = at[0] == 0xed ? 0x9f : 0xbf;
    return at[1] >= low && at[1] <= high && is_tail(at[2]) ? 3 : 0;
}

static size_t step_four(const uint8_t *at)
{
    uint8_t low = at[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = at[0] == 0xf4 ? 0x8f : 0xbf;
    return at[1] >= low && at[1] <= high && is_tail(at[2]) && is_tail(at[3]) ? 4 : 0;
}

size_t proto_utf8_step(const char *text, const char *end)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = (size_t)(end - text);
    if (left == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        return left >= 2 && is_tail(at[1]) ? 2 : 0;
    if (at[0] >= 0xe0 && at[0] <= 0xef)
        return left >= 3 ? step_three(at) : 0;
    if (at[0] >= 0xf0 && at[0] <= 0xf4)
        return left >= 4 ? step_four(at) : 0;
    return 0;
}

static const char *skip_ascii(const char *at, const char *end)
{
    uint64_t word;
    while (end - at >= (ptrdiff_t)sizeof word) {
        memcpy(&word, at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
        at += sizeof word;
    }
    while (at < end && (uint8_t)*at < 0x80)
        at++;
    return at;
}

bool proto_utf8_valid(const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + len;
    while ((at = skip_ascii(at, end)) < end) {
        size_t step = proto_utf8_step(at, end);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

size_t proto_utf8_write(uint32_t scalar, char *out)
{
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    size_t len = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, scalar >>= 6)
        out[i] = (char)(0x80 | (scalar & 0x3f));
    out[0] = (char)(lead[len] | scalar);
    return len;
}
