/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts Redis's error replies.
 *
 * Invariant: only an error that is known to mean "not executed" is given a definite meaning; the
 * rest is OTHER, and ends as unknown. Texts of errors may quote the arguments of a command, that
 * is people's words: only the first word may ever be logged.
 * source: Redis 7.0 server.c (shared.*err), t_stream.c (xaddCommand), cluster.c
 */
#include "store/redis_error.h"

enum { CODE_MAX = 24 };

struct slice redis_error_code(struct slice text)
{
    size_t len = 0;
    while (len < text.len && len < CODE_MAX && text.bytes[len] >= 'A' && text.bytes[len] <= 'Z')
        len++;
    return slice_make(text.bytes, len);
}

enum redis_error redis_error_of(struct slice text)
{
    static const char *const link_codes[] = {"READONLY", "LOADING", "MASTERDOWN", "MOVED", "ASK",
            "TRYAGAIN", "CLUSTERDOWN", "NOAUTH", "WRONGPASS"};
    struct slice code = redis_error_code(text);
    for (size_t i = 0; i < sizeof link_codes / sizeof *link_codes; i++)
        if (slice_is(code, link_codes[i]))
            return REDIS_ERROR_LINK;
    if (slice_is(code, "OOM") || slice_is(code, "MISCONF"))
        return REDIS_ERROR_FULL;
    if (slice_is(code, "NOREPLICAS"))
        return REDIS_ERROR_ALONE;
    if (slice_starts_with(text, SLICE_OF("ERR The ID specified in XADD is equal or smaller")))
        return REDIS_ERROR_BEHIND;
    return REDIS_ERROR_OTHER;
}
