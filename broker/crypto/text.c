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

static const char base64url_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base32_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

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

size_t base64url_write(const void *bytes, size_t len, char *out)
{
    return write_groups(bytes, len, 6, base64url_digits, out);
}

size_t base32_write(const void *bytes, size_t len, char *out)
{
    return write_groups(bytes, len, 5, base32_digits, out);
}

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_read(struct slice text, void *out, size_t capacity, size_t *out_len)
{
    uint8_t *bytes = out;
    unsigned held = 0;
    uint32_t window = 0;
    size_t len = text.len / 4 * 3 + (text.len % 4 ? text.len % 4 - 1 : 0), written = 0;
    if (text.len % 4 == 1 || len > capacity)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64url_value(text.bytes[i]);
        if (value < 0)
            return false;
        window = (window << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        bytes[written++] = (uint8_t)(window >> held);
    }
    if ((window & ((1u << held) - 1)) != 0)
        return false;
    *out_len = written;
    return true;
}
