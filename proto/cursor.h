/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: the two passes over an input.
 *
 * Pass 1 (scan) checks everything about the bytes: grammar, UTF-8, nesting, number of elements,
 * unique keys, nothing behind the end. Pass 2 (cursor) walks input that pass 1 has accepted, value
 * by value, and decodes it where it lies: each string is visited at most once.
 */
#ifndef WEFT_PROTO_CURSOR_H
#define WEFT_PROTO_CURSOR_H

#include "proto/codec.h"

enum proto_value {
    PROTO_VALUE_STR,
    PROTO_VALUE_BIN,
    PROTO_VALUE_U64,
    PROTO_VALUE_NUMBER, /* any other: negative, with a fraction or an exponent */
    PROTO_VALUE_BOOL,
    PROTO_VALUE_NULL,
    PROTO_VALUE_MAP,
    PROTO_VALUE_LIST,
    PROTO_VALUE_OTHER, /* msgpack's extensions */
};

/* A value; of a map or list, its opening. */
struct proto_token {
    enum proto_value value;
    struct slice bytes; /* str, bin */
    uint64_t number;    /* u64, bool; map, list: members, items (a JSON map's are not counted) */
};

struct proto_member {
    struct slice key;
    char *value;
};

/* Pass 1. What it needs to remember are the keys of the objects that are open: a stack. */
struct proto_scan {
    char *at, *end;
    size_t depth_left, elements_left;
    size_t member_count; /* at the end: of the outermost object */
    enum proto_error_code code;
    struct proto_member members[PROTO_DEPTH_MAX * PROTO_LIMIT_MEMBERS];
};

/* Set the code and return false when the input is refused. The outermost value is an object. */
bool proto_json_scan(struct proto_scan *scan);
bool proto_msgpack_scan(struct proto_scan *scan);

static inline bool proto_scan_refuse(struct proto_scan *scan, enum proto_error_code code)
{
    scan->code = code;
    return false;
}

/* Counts one element. */
static inline bool proto_scan_element(struct proto_scan *scan)
{
    if (scan->elements_left == 0)
        return proto_scan_refuse(scan, PROTO_ERROR_TOO_MANY_ELEMENTS);
    scan->elements_left--;
    return true;
}

/* Notes a member of the object whose first member has index `first`. */
bool proto_scan_member(struct proto_scan *scan, size_t first, struct slice key, char *value);

/* Of two texts of the same length. Most are short: both halves, which may overlap. */
static inline bool proto_texts_equal(const char *a, const char *b, size_t len)
{
    uint64_t words[4];
    uint32_t halves[4];
    if (len > 16)
        return memcmp(a, b, len) == 0;
    if (len >= 8) {
        memcpy(&words[0], a, 8);
        memcpy(&words[1], b, 8);
        memcpy(&words[2], a + len - 8, 8);
        memcpy(&words[3], b + len - 8, 8);
        return words[0] == words[1] && words[2] == words[3];
    }
    if (len >= 4) {
        memcpy(&halves[0], a, 4);
        memcpy(&halves[1], b, 4);
        memcpy(&halves[2], a + len - 4, 4);
        memcpy(&halves[3], b + len - 4, 4);
        return halves[0] == halves[1] && halves[2] == halves[3];
    }
    return len == 0 || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

/* As slice_equal; keys that differ mostly do so in length or first byte. */
static inline bool proto_key_equal(struct slice a, struct slice b)
{
    return a.len == b.len &&
           (a.len == 0 || (a.bytes[0] == b.bytes[0] && proto_texts_equal(a.bytes, b.bytes, a.len)));
}

/* Pass 2. Each reads at *at and moves it behind what it read; msgpack's say no, in input that was
 * not scanned, instead of looking behind the end.
 * next: a value, or the opening of one. member: the next key of an open map, false at its end;
 * token is the map's. close_list: behind the last item. skip: a whole value. */
void proto_json_next(char **at, const char *end, struct proto_token *out_token);
bool proto_json_member(char **at, const char *end, struct slice *out_key);
void proto_json_close_list(char **at);
void proto_json_skip(char **at, const char *end);
/* The text of a string in its shortest spelling; it can still be read by next. */
bool proto_json_peek(char *at, const char *end, struct slice *out_text);

bool proto_msgpack_next(char **at, const char *end, struct proto_token *out_token);
bool proto_msgpack_skip(char **at, const char *end);
bool proto_msgpack_peek(char *at, const char *end, struct slice *out_text);

#endif
