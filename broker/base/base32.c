/* SPDX-License-Identifier: Apache-2.0 */
/* The digits of ids, in both directions.
 *
 * Invariant: base32_values[(uint8_t)base32_digits[i]] is i + 1, and 0 for any other byte, so a
 * digit is checked and read by one look.
 */
#include "base/base32.h"

#include "base/block.h"

const char base32_digits[33] = "0123456789abcdefghjkmnpqrstvwxyz";

const uint8_t base32_values[256] = {['0'] = 1,
        ['1'] = 2,
        ['2'] = 3,
        ['3'] = 4,
        ['4'] = 5,
        ['5'] = 6,
        ['6'] = 7,
        ['7'] = 8,
        ['8'] = 9,
        ['9'] = 10,
        ['a'] = 11,
        ['b'] = 12,
        ['c'] = 13,
        ['d'] = 14,
        ['e'] = 15,
        ['f'] = 16,
        ['g'] = 17,
        ['h'] = 18,
        ['j'] = 19,
        ['k'] = 20,
        ['m'] = 21,
        ['n'] = 22,
        ['p'] = 23,
        ['q'] = 24,
        ['r'] = 25,
        ['s'] = 26,
        ['t'] = 27,
        ['v'] = 28,
        ['w'] = 29,
        ['x'] = 30,
        ['y'] = 31,
        ['z'] = 32};

static bool are_digits(block bytes)
{
    block numbers = (bytes >= '0') & (bytes <= '9');
    block letters = (bytes >= 'a') & (bytes <= 'z') & (bytes != 'i') & (bytes != 'l') &
                    (bytes != 'o') & (bytes != 'u');
    return block_first(~(numbers | letters)) == BLOCK;
}

/* A block at a time, of which the last one may overlap the one before it. */
bool base32_is_text(struct slice text)
{
    if (text.len >= BLOCK) {
        for (size_t at = 0; at + BLOCK < text.len; at += BLOCK)
            if (!are_digits(block_load(text.bytes + at)))
                return false;
        return are_digits(block_load(text.bytes + text.len - BLOCK));
    }
    for (size_t i = 0; i < text.len; i++)
        if (base32_values[(uint8_t)text.bytes[i]] == 0)
            return false;
    return true;
}
