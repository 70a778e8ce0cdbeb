/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2 over JSON: walks text that json_scan.c has accepted, and decodes strings where they lie.
 *
 * Invariant: a string is decoded at most once, and nothing that was decoded is walked again: what
 * is left behind a shortened string is no longer JSON. Since the grammar holds, commas and colons
 * are mere separators here, and no end is looked for.
 */
#include "proto/cursor.h"
#include "proto/json_text.h"

/* Outside of strings, whatever is not above a blank is space. */
static bool is_space(char c)
{
    return (uint8_t)c <= ' ';
}

static char *skip_separators(char *at)
{
    while (*at == ',' || *at == ':' || is_space(*at))
        at++;
    return at;
}

/* From behind the opening quote to the closing one. */
static char *string_end(char *at, const char *end, bool *out_has_escapes)
{
    at = proto_json_quote_or_escape(at, end);
    *out_has_escapes = *at == '\\';
    while (*at == '\\')
        at = proto_json_quote_or_escape(at + 2, end);
    return at;
}

/* A number, true, false or null. */
static char *skip_plain(char *at)
{
    while (*at != ',' && *at != ']' && *at != '}' && !is_space(*at))
        at++;
    return at;
}

void proto_json_skip(char **at, const char *end)
{
    size_t depth = 0;
    bool has_escapes;
    do {
        *at = skip_separators(*at);
        char c = **at;
        if (c == '"')
            *at = string_end(*at + 1, end, &has_escapes) + 1;
        else if (c == '{' || c == '[')
            depth++, ++*at;
        else if (c == '}' || c == ']')
            depth--, ++*at;
        else
            *at = skip_plain(*at);
    } while (depth > 0);
}

static size_t count_items(char *at, const char *end)
{
    size_t count = 0;
    for (at = skip_separators(at); *at != ']'; at = skip_separators(at)) {
        proto_json_skip(&at, end);
        count++;
    }
    return count;
}

static struct slice next_string(char **at, const char *end)
{
    bool has_escapes;
    char *start = *at + 1, *quote = string_end(start, end, &has_escapes);
    size_t len = (size_t)(quote - start);
    *at = quote + 1;
    return slice_make(start, has_escapes ? proto_json_unescape(start, len) : len);
}

static bool add_digit(uint64_t *number, char digit)
{
    if (digit < '0' || digit > '9')
        return false;
    uint64_t value = (uint64_t)(digit - '0');
    bool fits = *number <= (UINT64_MAX - value) / 10;
    *number = fits ? *number * 10 + value : UINT64_MAX;
    return true;
}

/* Plain digits are a u64; beyond 64 bits the largest, which JSON does not allow either. */
static void next_number(char **at, struct proto_token *out_token)
{
    char *digit = *at, *end = skip_plain(digit);
    uint64_t number = 0;
    while (digit < end && add_digit(&number, *digit))
        digit++;
    *at = end;
    out_token->value = digit == end ? PROTO_VALUE_U64 : PROTO_VALUE_NUMBER;
    out_token->number = number;
}

void proto_json_next(char **at, const char *end, struct proto_token *out_token)
{
    *at = skip_separators(*at);
    switch (**at) {
    case '"':
        out_token->value = PROTO_VALUE_STR;
        out_token->bytes = next_string(at, end);
        break;
    case '{':
        out_token->value = PROTO_VALUE_MAP;
        ++*at;
        break;
    case '[':
        out_token->value = PROTO_VALUE_LIST;
        out_token->number = count_items(++*at, end);
        break;
    case 't':
    case 'f':
        out_token->value = PROTO_VALUE_BOOL;
        out_token->number = **at == 't';
        *at = skip_plain(*at);
        break;
    case 'n':
        out_token->value = PROTO_VALUE_NULL;
        *at = skip_plain(*at);
        break;
    default:
        next_number(at, out_token);
    }
}

bool proto_json_member(char **at, const char *end, struct slice *out_key)
{
    bool has_escapes;
    *at = skip_separators(*at);
    char *start = *at + 1;
    if (**at == '}') {
        *at = start;
        return false;
    }
    char *quote = string_end(start, end, &has_escapes);
    *out_key = slice_make(start, (size_t)(quote - start));
    *at = quote + 1;
    return true;
}

void proto_json_close_list(char **at)
{
    *at = skip_separators(*at) + 1;
}

bool proto_json_peek(char *at, const char *end, struct slice *out_text)
{
    bool has_escapes;
    if (*at != '"')
        return false;
    char *start = at + 1, *quote = string_end(start, end, &has_escapes);
    size_t len = (size_t)(quote - start);
    *out_text = slice_make(start, has_escapes ? proto_json_respell(start, len) : len);
    return true;
}
