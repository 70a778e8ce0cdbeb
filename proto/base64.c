/* SPDX-License-Identifier: Apache-2.0 */
/* base64url for bytes in JSON.
 *
 * Invariant: decoding accepts exactly what writing makes: no padding, and no bits left over that
 * are not zero. So two spellings never mean the same bytes.
 */
#include "proto/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool proto_base64_decode(char *text, size_t *len)
{
    uint32_t bits = 0;
    unsigned held = 0;
    char *to = text;
    for (size_t i = 0; i < *len; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *to++ = (char)(bits >> held);
        }
    }
    if (held >= 6 || (bits & ((1u << held) - 1)) != 0)
        return false;
    *len = (size_t)(to - text);
    return true;
}

void proto_base64_write(struct buffer *out, struct slice bytes)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (uint8_t)bytes.bytes[i];
        for (held += 8; held >= 6; held -= 6)
            buffer_put_char(out, digits[bits >> (held - 6) & 63]);
    }
    if (held > 0)
        buffer_put_char(out, digits[bits << (6 - held) & 63]);
}
