/* SPDX-License-Identifier: Apache-2.0 */
/* MessagePack, value by value: the one reader of heads, for both passes.
 *
 * Invariant: it never looks behind `end`, and a length or count that cannot fit into what is left
 * is refused before anything is done with it, so five bytes cannot ask for gigabytes. msgpack-c's
 * own unpacker is not used: it allocates what a head announces.
 */
#include "proto/cursor.h"

#include "base/check.h"

/* Big-endian, 1, 2, 4 or 8 bytes. */
static bool take_number(char **at, const char *end, size_t width, uint64_t *out_number)
{
    uint64_t number = 0;
    if ((size_t)(end - *at) < width)
        return false;
    for (size_t i = 0; i < width; i++)
        number = number << 8 | (uint8_t)(*at)[i];
    *at += width;
    *out_number = number;
    return true;
}

static bool take_bytes(char **at, const char *end, uint64_t len, struct slice *out_bytes)
{
    if ((uint64_t)(end - *at) < len)
        return false;
    *out_bytes = slice_make(*at, (size_t)len);
    *at += len;
    return true;
}

/* A length of `width` bytes, `extra` bytes that do not matter, then the bytes. */
static bool take_counted(
        char **at, const char *end, size_t width, size_t extra, struct slice *out_bytes)
{
    uint64_t len;
    return take_number(at, end, width, &len) && take_bytes(at, end, len + extra, out_bytes);
}

static bool take_unsigned(char **at, const char *end, size_t width, struct proto_token *out_token)
{
    out_token->value = PROTO_VALUE_U64;
    return take_number(at, end, width, &out_token->number);
}

static bool take_signed(char **at, const char *end, size_t width, struct proto_token *out_token)
{
    if (!take_unsigned(at, end, width, out_token))
        return false;
    if (out_token->number >> (8 * width - 1))
        out_token->value = PROTO_VALUE_NUMBER;
    return true;
}

/* `members` is 2 for a map: each takes two bytes at least. */
static bool take_count(
        char **at, const char *end, size_t width, size_t members, struct proto_token *out_token)
{
    out_token->value = members == 2 ? PROTO_VALUE_MAP : PROTO_VALUE_LIST;
    return take_number(at, end, width, &out_token->number) &&
           out_token->number * members <= (uint64_t)(end - *at);
}

static bool next_fixed(char **at, const char *end, uint8_t head, struct proto_token *out_token)
{
    if (head < 0x80 || head >= 0xe0) {
        out_token->value = head < 0x80 ? PROTO_VALUE_U64 : PROTO_VALUE_NUMBER;
        out_token->number = head;
        return true;
    }
    if (head >= 0xa0) {
        out_token->value = PROTO_VALUE_STR;
        return take_bytes(at, end, head & 31, &out_token->bytes);
    }
    size_t members = head < 0x90 ? 2 : 1;
    out_token->value = members == 2 ? PROTO_VALUE_MAP : PROTO_VALUE_LIST;
    out_token->number = head & 15;
    return out_token->number * members <= (uint64_t)(end - *at);
}

static bool next_wide(char **at, const char *end, uint8_t head, struct proto_token *out_token)
{
    static const uint8_t values[] = {
            [0xc4 - 0xc4] = PROTO_VALUE_BIN,
            PROTO_VALUE_BIN,
            PROTO_VALUE_BIN, /* c4 … c6 */
            PROTO_VALUE_OTHER,
            PROTO_VALUE_OTHER,
            PROTO_VALUE_OTHER, /* c7 … c9: ext */
            PROTO_VALUE_NUMBER,
            PROTO_VALUE_NUMBER, /* ca, cb: floats */
    };
    if (head >= 0xd9 && head <= 0xdb) {
        out_token->value = PROTO_VALUE_STR;
        return take_counted(at, end, (size_t)1 << (head - 0xd9), 0, &out_token->bytes);
    }
    if (head >= 0xd4 && head <= 0xd8) { /* ext of 1, 2, 4, 8, 16 bytes and its type */
        out_token->value = PROTO_VALUE_OTHER;
        return take_bytes(at, end, (UINT64_C(1) << (head - 0xd4)) + 1, &out_token->bytes);
    }
    out_token->value = (enum proto_value)values[head - 0xc4];
    if (head <= 0xc6)
        return take_counted(at, end, (size_t)1 << (head - 0xc4), 0, &out_token->bytes);
    if (head <= 0xc9)
        return take_counted(at, end, (size_t)1 << (head - 0xc7), 1, &out_token->bytes);
    return take_bytes(at, end, head == 0xca ? 4 : 8, &out_token->bytes);
}

static bool next_integer(char **at, const char *end, uint8_t head, struct proto_token *out_token)
{
    size_t width = (size_t)1 << (head & 3);
    return head < 0xd0 ? take_unsigned(at, end, width, out_token)
                       : take_signed(at, end, width, out_token);
}

static bool next_opening(char **at, const char *end, uint8_t head, struct proto_token *out_token)
{
    return take_count(at, end, head & 1 ? 4 : 2, head < 0xde ? 1 : 2, out_token);
}

bool proto_msgpack_next(char **at, const char *end, struct proto_token *out_token)
{
    if (*at == end)
        return false;
    uint8_t head = (uint8_t) * *at;
    ++*at;
    if (head < 0xc0 || head >= 0xe0)
        return next_fixed(at, end, head, out_token);
    if (head >= 0xdc)
        return next_opening(at, end, head, out_token);
    if (head >= 0xcc && head <= 0xd3)
        return next_integer(at, end, head, out_token);
    if (head >= 0xc4)
        return next_wide(at, end, head, out_token);
    out_token->value = head == 0xc0 ? PROTO_VALUE_NULL : PROTO_VALUE_BOOL;
    out_token->number = head == 0xc3;
    return head != 0xc1;
}

/* It ends: each step takes a byte, and the announced are no more than what is left each time. */
bool proto_msgpack_skip(char **at, const char *end)
{
    uint64_t left = 1;
    for (; left > 0; left--) {
        struct proto_token token;
        if (!proto_msgpack_next(at, end, &token))
            return false;
        if (token.value == PROTO_VALUE_MAP)
            left += 2 * token.number;
        else if (token.value == PROTO_VALUE_LIST)
            left += token.number;
    }
    return true;
}

bool proto_msgpack_peek(char *at, const char *end, struct slice *out_text)
{
    struct proto_token token;
    check(proto_msgpack_next(&at, end, &token));
    if (token.value == PROTO_VALUE_STR)
        *out_text = token.bytes;
    return token.value == PROTO_VALUE_STR;
}
