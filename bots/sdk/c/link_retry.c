/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for coming back.
 *
 * Invariant: only the server ends a link, by a close code that says so; whatever the network, a
 * proxy or an overloaded server does, the link tries again.
 */
#include "bots/sdk/c/link_retry.h"

enum { FLOOR_MS_MAX = 300000 };

bool link_retry_is_use(const struct link_reason *reason)
{
    if (reason->kind != LINK_CLOSED)
        return true;
    switch (reason->close_code) {
    case PROTO_CLOSE_NORMAL:
    case PROTO_CLOSE_WRONG_OPCODE:
    case PROTO_CLOSE_BAD_UTF8:
    case PROTO_CLOSE_TOO_LARGE:
    case PROTO_CLOSE_BAD_FRAME:
    case PROTO_CLOSE_REVOKED:
        return false;
    default:
        return true; /* an open set: any code may come from a proxy */
    }
}

uint64_t link_retry_floor_ms(uint64_t asked_ms)
{
    return asked_ms < FLOOR_MS_MAX ? asked_ms : FLOOR_MS_MAX;
}
