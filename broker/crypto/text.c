/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: base64url without padding, and Crockford's base32 in lower case.
 *
 * Invariant: each byte string has exactly one spelling. The reader refuses padding, white space,
 * foreign characters, impossible lengths, and a last character whose spare bits are not zero: a
 * second spelling of a token would slip past whatever remembers tokens.
 *
 * source: RFC 4648 section 5 and 3.5; Crockford, "Base 32"
 */
#include "port/crypto.h"

#include "base/base32.h"

static const char base64url_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes len bytes in groups of bits; what is left is padded with zero bits. */
static size_t write_groups(
        const uint8_t *bytes, size_t len, unsigned bits, const char *digits, char *out)
{
    unsigned held = 0, mask = (1u << bits) - 1;
    uint32_t window = 0;
    size_t written = 0;
    for (size_t i = 0; i < len; i++) {
        window = (window << 8 | bytes[i]) & 0xffff;
        for (held += 8; held >= bits; held -= bits)
            out[written++] = digits[window >> (held - bits) & mask];
    }
    if (held > 0)
        out[written++] = digits[window << (bits - held) & mask];
    return written;
}

size_t base64url_write(const void *from, size_t len, char *out)
{
    const uint8_t *bytes = from;
    size_t at = 0, written = 0;
    for (; at + 3 <= len; at += 3, written += 4) {
        uint32_t three = (uint32_t)bytes[at] << 16 | (uint32_t)bytes[at + 1] << 8 | bytes[at + 2];
        out[written] = base64url_digits[three >> 18];
        out[written + 1] = base64url_digits[three >> 12 & 63];
        out[written + 2] = base64url_digits[three >> 6 & 63];
        out[written + 3] = base64url_digits[three & 63];
    }
    return written + write_groups(bytes + at, len - at, 6, base64url_digits, out + written);
}

size_t base32_write(const void *bytes, size_t len, char *out)
{
    return write_groups(bytes, len, 5, base32_digits, out);
}

enum { NO = 0x80 };
/* clang-format off */
static const uint8_t base64url_values[128] = {
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
        NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO,
        52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
        NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, 63,
        NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
};
/* clang-format on */

static unsigned base64url_value(char c)
{
    return (unsigned char)c < sizeof base64url_values ? base64url_values[(unsigned char)c] : NO;
}

/* The last two or three characters: one or two bytes, and no spare bit that is not zero. */
static bool read_rest(struct slice text, uint8_t *out)
{
    unsigned held = 0;
    uint32_t window = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = base64url_value(text.bytes[i]);
        if (value == NO)
            return false;
        window = (window << 6 | value) & 0xffff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        *out++ = (uint8_t)(window >> held);
    }
    return (window & ((1u << held) - 1)) == 0;
}

bool base64url_read(struct slice text, void *out, size_t capacity, size_t *out_len)
{
    uint8_t *bytes = out;
    size_t rest = text.len % 4, at = 0, len = text.len / 4 * 3 + (rest ? rest - 1 : 0);
    if (rest == 1 || len > capacity)
        return false;
    for (; at + 4 <= text.len; at += 4) {
        const char *four = text.bytes + at;
        unsigned a = base64url_value(four[0]), b = base64url_value(four[1]);
        unsigned c = base64url_value(four[2]), d = base64url_value(four[3]);
        if (((a | b | c | d) & NO) != 0)
            return false;
        *bytes++ = (uint8_t)(a << 2 | b >> 4);
        *bytes++ = (uint8_t)(b << 4 | c >> 2);
        *bytes++ = (uint8_t)(c << 6 | d);
    }
    if (rest > 0 && !read_rest(slice_make(text.bytes + at, rest), bytes))
        return false;
    *out_len = len;
    return true;
}
