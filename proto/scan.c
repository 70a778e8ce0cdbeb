/* SPDX-License-Identifier: Apache-2.0 */
/* What the scans of both codecs share: unique keys.
 *
 * Invariant: the keys of one object lie side by side on the stack, since an inner object takes its
 * own away when it closes. An object has at most PROTO_LIMIT_MEMBERS of them, which bounds both the
 * stack and the comparisons that an attacker can cause.
 */
#include "proto/cursor.h"

bool proto_scan_member(struct proto_scan *scan, size_t first, struct slice key, char *value)
{
    if (scan->member_count - first == PROTO_LIMIT_MEMBERS)
        return proto_scan_refuse(scan, PROTO_ERROR_TOO_MANY_ELEMENTS);
    for (size_t i = first; i < scan->member_count; i++)
        if (proto_key_equal(scan->members[i].key, key))
            return proto_scan_refuse(scan, PROTO_ERROR_DUPLICATE_KEY);
    scan->members[scan->member_count++] = (struct proto_member){key, value};
    return true;
}
