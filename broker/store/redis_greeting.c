/* SPDX-License-Identifier: Apache-2.0 */
/* The identity of a Redis: its replication id changes with every failover and restart, so the same
 * id on the same connection means the same history of writes.
 *
 * Invariant: what is not understood is not trusted: a missing field is no identity.
 * source: Redis 7.0 INFO, sections "replication" and "persistence"
 */
#include "store/redis_greeting.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

/* The value of "\r\nfield:value\r\n". */
static bool find_field(struct slice text, struct slice field, struct slice *out_value)
{
    for (size_t at = 0; at + field.len < text.len;) {
        const char *line = text.bytes + at;
        const char *end = memchr(line, '\n', text.len - at);
        size_t len = end ? (size_t)(end - line) : text.len - at;
        struct slice rest = slice_make(line, len);
        if (slice_starts_with(rest, field)) {
            size_t value_len = len - field.len;
            if (value_len > 0 && line[len - 1] == '\r')
                value_len--;
            *out_value = slice_make(line + field.len, value_len);
            return true;
        }
        at += len + 1;
    }
    return false;
}

static bool ends_here(char c)
{
    return c == ',' || c == '\r' || c == '\n' || c == '\0';
}

/* "slave0:ip=…,port=…,state=online,offset=…,lag=…", a line for each. */
static unsigned count_online(struct slice text)
{
    static const char field[] = "state=online";
    struct slice line;
    unsigned count = 0;
    for (unsigned i = 0;; i++) {
        char name[24];
        snprintf(name, sizeof name, "slave%u:", i);
        if (!find_field(text, slice_of_string(name), &line))
            return count;
        const char *at = memmem(line.bytes, line.len, field, sizeof field - 1);
        count += at != NULL && (at + sizeof field - 1 == line.bytes + line.len ||
                                       ends_here(at[sizeof field - 1]));
    }
}

bool redis_identity_read(struct slice text, struct redis_identity *out_identity)
{
    struct slice role, id, loading, log;
    if (!find_field(text, SLICE_OF("role:"), &role) ||
            !find_field(text, SLICE_OF("master_replid:"), &id) ||
            !find_field(text, SLICE_OF("loading:"), &loading) ||
            !find_field(text, SLICE_OF("aof_enabled:"), &log) || id.len != REPLICATION_ID_SIZE)
        return false;
    memcpy(out_identity->replication_id, id.bytes, REPLICATION_ID_SIZE);
    out_identity->is_master = slice_is(role, "master");
    out_identity->is_loading = !slice_is(loading, "0");
    out_identity->keeps_log = slice_is(log, "1");
    out_identity->replicas_online = count_online(text);
    return true;
}

bool redis_number_read(struct slice text, uint64_t *out_number)
{
    uint64_t number = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.bytes[i] - (unsigned)'0';
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out_number = number;
    return true;
}

uint64_t redis_time_read(const struct redisReply *reply)
{
    uint64_t part[2];
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        const struct redisReply *element = reply->element[i];
        if (element->type != REDIS_REPLY_STRING ||
                !redis_number_read(slice_make(element->str, element->len), &part[i]))
            return 0;
    }
    return part[0] * 1000 + part[1] / 1000;
}
