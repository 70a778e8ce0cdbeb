/* SPDX-License-Identifier: Apache-2.0 */
/* The text of JSON strings: plain runs, escapes, and rewriting in place.
 *
 * Invariant: nothing that is written in place is longer than what was read for it, so reading is
 * never overtaken. Escapes of lone surrogates are no text, and refused.
 */
#include "proto/json_text.h"

#include "base/block.h"
#include "base/check.h"
#include "base/utf8.h"

static bool is_plain(char c)
{
    return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\';
}

static bool needs_escape(uint32_t scalar)
{
    return scalar < 0x20 || scalar == '"' || scalar == '\\';
}

static block quotes_and_escapes(block bytes)
{
    return (bytes == '"') | (bytes == '\\');
}

/* The first byte that is not plain: a quote, a backslash, a control, or beyond ASCII. */
static const char *plain_end(const char *at, const char *end)
{
    for (; end - at >= BLOCK; at += BLOCK) {
        block bytes = block_load(at);
        size_t first = block_first(quotes_and_escapes(bytes) | (bytes < ' ')); /* not ASCII, too */
        if (first < BLOCK)
            return at + first;
    }
    while (at < end && is_plain(*at))
        at++;
    return at;
}

/* The last block may overlap the one before it, in which there is nothing. */
const char *proto_json_unescaped_end(const char *at, const char *end)
{
    while (end - at >= BLOCK) {
        block bytes = block_load(at);
        size_t first = block_first(quotes_and_escapes(bytes) | block_controls(bytes));
        if (first < BLOCK || at + BLOCK == end)
            return at + first;
        at = end - at >= 2 * BLOCK ? at + BLOCK : end - BLOCK;
    }
    while (at < end && !needs_escape((uint8_t)*at))
        at++;
    return at;
}

char *proto_json_quote_or_escape(char *at, const char *end)
{
    for (; end - at >= BLOCK; at += BLOCK) {
        size_t first = block_first(quotes_and_escapes(block_load(at)));
        if (first < BLOCK)
            return at + first;
    }
    while (*at != '"' && *at != '\\')
        at++;
    return at;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads "\uXXXX". */
static bool read_unit(const char **at, const char *end, uint32_t *out_unit)
{
    const char *text = *at;
    uint32_t unit = 0;
    if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return false;
    for (int i = 2; i < 6; i++) {
        int value = hex_value(text[i]);
        if (value < 0)
            return false;
        unit = unit << 4 | (uint32_t)value;
    }
    *at = text + 6;
    *out_unit = unit;
    return true;
}

static bool read_scalar(const char **at, const char *end, uint32_t *out_scalar)
{
    const char *behind = *at;
    uint32_t high, low = 0;
    if (!read_unit(&behind, end, &high))
        return false;
    bool is_half = high >= 0xd800 && high <= 0xdfff;
    if (is_half &&
            (high > 0xdbff || !read_unit(&behind, end, &low) || low < 0xdc00 || low > 0xdfff))
        return false;
    *out_scalar = is_half ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : high;
    *at = behind;
    return true;
}

static const char letters[] = "\"\\/bfnrt";
static const char letter_values[] = "\"\\/\b\f\n\r\t";

bool proto_json_escape_read(const char **at, const char *end, uint32_t *out_scalar)
{
    if (end - *at < 2)
        return false;
    char letter = (*at)[1];
    if (letter == 'u')
        return read_scalar(at, end, out_scalar);
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (found == NULL)
        return false;
    *out_scalar = (uint8_t)letter_values[found - letters];
    *at += 2;
    return true;
}

/* Over characters beyond ASCII, as far as they are some. */
static const char *characters_end(const char *at, const char *end)
{
    for (size_t step = 1; step > 0 && at < end && (uint8_t)*at >= 0x80; at += step)
        step = utf8_step(at, end);
    return at;
}

const char *proto_json_string_end(const char *at, const char *end, bool *out_has_escapes)
{
    const char *start;
    uint32_t scalar;
    *out_has_escapes = false;
    do {
        start = at = plain_end(at, end);
        if (at < end && (uint8_t)*at >= 0x80)
            at = characters_end(at, end);
        else if (at < end && *at == '\\' && proto_json_escape_read(&at, end, &scalar))
            *out_has_escapes = true;
    } while (at > start);
    return at;
}

size_t proto_json_escape_write(uint32_t scalar, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = scalar ? strchr(letter_values, (int)scalar) : NULL;
    out[0] = '\\';
    if (found != NULL) {
        out[1] = letters[found - letter_values];
        return 2;
    }
    out[1] = 'u';
    out[2] = out[3] = '0';
    out[4] = digits[scalar >> 4 & 15];
    out[5] = digits[scalar & 15];
    return PROTO_JSON_ESCAPE_MAX;
}

static size_t rewrite(char *text, size_t len, bool keeps_escapes)
{
    const char *at = text, *end = text + len;
    char *to = text;
    while (at < end) {
        const char *run = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((run ? run : end) - at);
        if (to != at)
            memmove(to, at, plain);
        to += plain;
        at += plain;
        uint32_t scalar;
        if (at == end)
            break;
        check(proto_json_escape_read(&at, end, &scalar));
        to += keeps_escapes && needs_escape(scalar) ? proto_json_escape_write(scalar, to)
                                                    : utf8_write(scalar, to);
    }
    return (size_t)(to - text);
}

size_t proto_json_unescape(char *text, size_t len)
{
    return rewrite(text, len, false);
}

size_t proto_json_respell(char *text, size_t len)
{
    size_t new_len = rewrite(text, len, true);
    if (new_len < len) {
        text[new_len] = '"';
        memset(text + new_len + 1, ' ', len - new_len);
    }
    return new_len;
}
