/* SPDX-License-Identifier: Apache-2.0 */
/* Text form of names: decimal place, dash, sixteen lower-case hex digits.
 *
 * There is exactly one spelling of each name, so clients may compare names as text.
 */
#include "base/name.h"

#include "base/buffer.h"

#include <endian.h>

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Four bytes as eight digits, all at once: each half of a byte becomes a byte, the higher half
 * first, and those above 9 are moved from behind '9' to 'a'. */
static void write_hex(const uint8_t four[4], char *out)
{
    uint64_t halves = (uint64_t)four[0] | (uint64_t)four[1] << 16 | (uint64_t)four[2] << 32 |
                      (uint64_t)four[3] << 48;
    halves = (halves >> 4 | halves << 8) & EACH_BYTE(0x0f);
    uint64_t letters = (halves + EACH_BYTE(6)) >> 4 & EACH_BYTE(1);
    uint64_t digits = htole64(halves + EACH_BYTE('0') + letters * ('a' - '9' - 1));
    memcpy(out, &digits, sizeof digits);
}

/* Eight digits as four bytes. Of what are no digits it makes bytes as well: they are written as
 * others, which tells. */
static bool read_hex(const char *text, uint8_t out_four[4])
{
    char again[8];
    uint64_t digits;
    memcpy(&digits, text, sizeof digits);
    digits = le64toh(digits);
    uint64_t letters = digits >> 6 & EACH_BYTE(1); /* 'a' has that bit, '9' does not */
    uint64_t halves = digits - EACH_BYTE('0') - letters * ('a' - '9' - 1);
    uint64_t bytes = halves << 4 | halves >> 8; /* each second one */
    for (size_t i = 0; i < 4; i++)
        out_four[i] = (uint8_t)(bytes >> 16 * i);
    write_hex(out_four, again);
    return memcmp(again, text, sizeof again) == 0;
}

size_t name_write(const struct name *name, char *out)
{
    size_t len = u64_write(name->seq, out);
    out[len++] = '-';
    write_hex(name->mark, out + len);
    write_hex(name->mark + 4, out + len + 8);
    return len + 2 * MARK_SIZE;
}

static bool read_seq(struct slice text, uint64_t *out_seq)
{
    uint64_t seq = 0;
    if (text.len == 0 || text.len > 16 || (text.len > 1 && text.bytes[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        seq = seq * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *out_seq = seq;
    return seq < (UINT64_C(1) << 53);
}

bool name_read(struct slice text, struct name *out_name)
{
    struct name name = {0};
    if (text.len < 2 + 2 * MARK_SIZE)
        return false;
    size_t dash = text.len - 2 * MARK_SIZE - 1;
    if (text.bytes[dash] != '-' || !read_seq(slice_make(text.bytes, dash), &name.seq))
        return false;
    const char *hex = text.bytes + dash + 1;
    if (!read_hex(hex, name.mark) || !read_hex(hex + MARK_SIZE, name.mark + MARK_SIZE / 2))
        return false;
    *out_name = name;
    return true;
}
