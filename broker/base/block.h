/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen bytes of a text at a time: of what is done to all lanes, the compiler makes single
 * instructions.
 *
 *   for (; end - at >= BLOCK; at += BLOCK)
 *       if ((first = block_first(block_load(at) == '"')) < BLOCK) ...
 */
#ifndef WEFT_BASE_BLOCK_H
#define WEFT_BASE_BLOCK_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 16 };

/* Bytes beyond ASCII are negative. What a comparison is true of has all bits set. */
typedef int8_t block __attribute__((vector_size(BLOCK)));

static inline block block_load(const char *at)
{
    block bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/* Below a blank. */
static inline block block_controls(block bytes)
{
    typedef uint8_t unsigned_block __attribute__((vector_size(BLOCK)));
    return (block)((unsigned_block)bytes < ' ');
}

/* The place of the first byte that is not 0; BLOCK when all are. */
static inline size_t block_first(block bytes)
{
    typedef uint64_t halves __attribute__((vector_size(BLOCK)));
    halves words = (halves)bytes;
    if ((words[0] | words[1]) == 0)
        return BLOCK;
    return words[0] != 0 ? (size_t)__builtin_ctzll(le64toh(words[0])) / 8
                         : BLOCK / 2 + (size_t)__builtin_ctzll(le64toh(words[1])) / 8;
}

#endif
