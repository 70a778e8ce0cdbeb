/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 1 over JSON: RFC 8259, strictly, within bounds, without allocating.
 *
 * Invariant: when it accepts, every byte of the input was looked at, and pass 2 may walk it without
 * looking for the end. Keys that are spelled with escapes are rewritten in place to their one
 * shortest spelling (spaces fill the rest), so from here on equal keys are equal bytes. Values are
 * left as they are.
 */
#include "proto/cursor.h"
#include "proto/json_text.h"

static bool scan_value(struct proto_scan *scan);

static bool refuse(struct proto_scan *scan)
{
    return proto_scan_refuse(scan, PROTO_ERROR_BAD_FRAME);
}

static char peek_behind_space(struct proto_scan *scan)
{
    for (; scan->at < scan->end; scan->at++) {
        char c = *scan->at;
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return c;
    }
    return '\0';
}

/* Most inputs have no space at all. */
static inline char peek(struct proto_scan *scan)
{
    bool is_there = scan->at < scan->end && (uint8_t)*scan->at > ' ';
    return is_there ? *scan->at : peek_behind_space(scan);
}

static bool take(struct proto_scan *scan, char wanted)
{
    if (peek(scan) != wanted)
        return false;
    scan->at++;
    return true;
}

/* scan->at is at the opening quote. */
static bool scan_string(struct proto_scan *scan, struct slice *out_text, bool *out_has_escapes)
{
    const char *start = scan->at + 1;
    const char *at = proto_json_string_end(start, scan->end, out_has_escapes);
    if (at < scan->end && (uint8_t)*at >= 0x80)
        return proto_scan_refuse(scan, PROTO_ERROR_BAD_UTF8);
    if (at == scan->end || *at != '"')
        return refuse(scan);
    *out_text = slice_make(start, (size_t)(at - start));
    scan->at += 2 + out_text->len;
    return true;
}

static bool scan_member(struct proto_scan *scan, size_t first)
{
    struct slice key;
    bool has_escapes;
    if (peek(scan) != '"')
        return refuse(scan);
    char *text = scan->at + 1;
    if (!proto_scan_element(scan) || !scan_string(scan, &key, &has_escapes))
        return false;
    if (has_escapes)
        key.len = proto_json_respell(text, key.len);
    if (!take(scan, ':'))
        return refuse(scan);
    peek(scan);
    return proto_scan_member(scan, first, key, scan->at) && scan_value(scan);
}

static bool scan_object(struct proto_scan *scan)
{
    size_t first = scan->member_count;
    scan->at++;
    if (!take(scan, '}')) {
        do {
            if (!scan_member(scan, first))
                return false;
        } while (take(scan, ','));
        if (!take(scan, '}'))
            return refuse(scan);
    }
    if (first > 0)
        scan->member_count = first;
    return true;
}

static bool scan_list(struct proto_scan *scan)
{
    scan->at++;
    if (take(scan, ']'))
        return true;
    do {
        if (!proto_scan_element(scan) || !scan_value(scan))
            return false;
    } while (take(scan, ','));
    return take(scan, ']') || refuse(scan);
}

static bool scan_nested(struct proto_scan *scan)
{
    if (scan->depth_left == 0)
        return proto_scan_refuse(scan, PROTO_ERROR_TOO_DEEP);
    scan->depth_left--;
    bool accepted = *scan->at == '{' ? scan_object(scan) : scan_list(scan);
    scan->depth_left++;
    return accepted;
}

static bool scan_word(struct proto_scan *scan, struct slice word)
{
    if ((size_t)(scan->end - scan->at) < word.len || memcmp(scan->at, word.bytes, word.len) != 0)
        return refuse(scan);
    scan->at += word.len;
    return true;
}

static bool scan_digits(struct proto_scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return scan->at > start || refuse(scan);
}

static bool take_any(struct proto_scan *scan, char one, char other)
{
    if (scan->at == scan->end || (*scan->at != one && *scan->at != other))
        return false;
    scan->at++;
    return true;
}

static bool scan_number(struct proto_scan *scan)
{
    take_any(scan, '-', '-');
    if (!take_any(scan, '0', '0') && !scan_digits(scan))
        return false;
    if (take_any(scan, '.', '.') && !scan_digits(scan))
        return false;
    if (!take_any(scan, 'e', 'E'))
        return true;
    take_any(scan, '+', '-');
    return scan_digits(scan);
}

static bool scan_value(struct proto_scan *scan)
{
    struct slice text;
    bool has_escapes;
    switch (peek(scan)) {
    case '"':
        return scan_string(scan, &text, &has_escapes);
    case '{':
    case '[':
        return scan_nested(scan);
    case 't':
        return scan_word(scan, SLICE_OF("true"));
    case 'f':
        return scan_word(scan, SLICE_OF("false"));
    case 'n':
        return scan_word(scan, SLICE_OF("null"));
    case '\0':
        return refuse(scan);
    default:
        return scan_number(scan);
    }
}

bool proto_json_scan(struct proto_scan *scan)
{
    if (peek(scan) != '{')
        return refuse(scan);
    if (!scan_value(scan))
        return false;
    peek(scan);
    return scan->at == scan->end || refuse(scan);
}
