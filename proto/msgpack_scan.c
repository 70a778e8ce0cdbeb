/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 1 over MessagePack: everything that msgpack-c lets pass is refused here.
 *
 * Invariant: when it accepts, the input is one map that ends where the bytes end, its strings are
 * UTF-8, its keys are strings and unique, and nesting and elements are within bounds.
 */
#include "proto/cursor.h"

#include "base/utf8.h"

static bool scan_value(struct proto_scan *scan);

static bool next(struct proto_scan *scan, struct proto_token *out_token)
{
    if (!proto_msgpack_next(&scan->at, scan->end, out_token))
        return proto_scan_refuse(scan, PROTO_ERROR_BAD_FRAME);
    if (out_token->value == PROTO_VALUE_STR && !utf8_is_valid(out_token->bytes))
        return proto_scan_refuse(scan, PROTO_ERROR_BAD_UTF8);
    return true;
}

static bool scan_member(struct proto_scan *scan, size_t first)
{
    struct proto_token key;
    if (!proto_scan_element(scan) || !next(scan, &key))
        return false;
    if (key.value != PROTO_VALUE_STR)
        return proto_scan_refuse(scan, PROTO_ERROR_BAD_FRAME);
    return proto_scan_member(scan, first, key.bytes, scan->at) && scan_value(scan);
}

static bool scan_map(struct proto_scan *scan, uint64_t count)
{
    size_t first = scan->member_count;
    for (uint64_t i = 0; i < count; i++)
        if (!scan_member(scan, first))
            return false;
    if (first > 0)
        scan->member_count = first;
    return true;
}

static bool scan_list(struct proto_scan *scan, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (!proto_scan_element(scan) || !scan_value(scan))
            return false;
    return true;
}

static bool scan_opened(struct proto_scan *scan, const struct proto_token *token)
{
    if (token->value != PROTO_VALUE_MAP && token->value != PROTO_VALUE_LIST)
        return true;
    if (scan->depth_left == 0)
        return proto_scan_refuse(scan, PROTO_ERROR_TOO_DEEP);
    scan->depth_left--;
    bool accepted = token->value == PROTO_VALUE_MAP ? scan_map(scan, token->number)
                                                    : scan_list(scan, token->number);
    scan->depth_left++;
    return accepted;
}

static bool scan_value(struct proto_scan *scan)
{
    struct proto_token token;
    return next(scan, &token) && scan_opened(scan, &token);
}

bool proto_msgpack_scan(struct proto_scan *scan)
{
    struct proto_token token;
    if (!next(scan, &token))
        return false;
    if (token.value != PROTO_VALUE_MAP)
        return proto_scan_refuse(scan, PROTO_ERROR_BAD_FRAME);
    return scan_opened(scan, &token) &&
           (scan->at == scan->end || proto_scan_refuse(scan, PROTO_ERROR_BAD_FRAME));
}
