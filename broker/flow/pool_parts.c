/* SPDX-License-Identifier: Apache-2.0 */
/* Saving a large pool in parts.
 *
 *   begin: the pool is captured ---> the first part ---durable---> the next ... ---> the last
 *             |  values as they were          ^ |
 *             |  at the beginning             | `-- others' entries come between: what they are
 *             `-------------------------------'     about to change is encoded before
 *
 * Invariant: all parts of one writer are of the state after one entry, the base, however long they
 * take; a part is appended only when the one before it is durable, so where the last one is, all
 * are, unless something was lost, and who reads them sees that (log/seek.c). Parts change nothing:
 * a writer who dies leaves entries without a meaning, and two who write at once do not disturb each
 * other. Everything is given up when the pool is read anew: the base may be lost.
 *
 * Bytes of a part: pieces of {length 4, one value as pool_encode writes it}, agents before
 * requests.
 */
#include "flow/pool_parts.h"

#include "base/check.h"
#include "proto/shape.h"
#include "stored/pool_codec.h"

#include <stdlib.h>

enum { PIECE_MAX = 32 * 1024, PIECE_HEAD = 4 };
_Static_assert(PART_BYTES + PIECE_MAX <= POOL_PART_MAX, "the last piece of a part fits in");

/* Pieces in their order, one behind the other. */
struct pieces {
    uint8_t *bytes;
    size_t from, len, capacity; /* from: what was taken off */
};

struct pool_parts {
    struct team *team;
    struct pool_part part;          /* the one that is appended, or the next */
    enum pool_left left;            /* in the pool */
    struct pieces agents, requests; /* the first also holds what belongs to the pool as a whole */
    size_t taken;                   /* bytes of the part */
    bool is_requests;               /* they are of those */
    bool is_too_much;
};

/* ---- pieces -----------------------------------------------------------------------------------
 */

static bool make_room(struct pieces *pieces, size_t len)
{
    if (pieces->len + len <= pieces->capacity)
        return true;
    if (pieces->from > pieces->capacity / 2) {
        pieces->len -= pieces->from;
        memmove(pieces->bytes, pieces->bytes + pieces->from, pieces->len);
        pieces->from = 0;
        return make_room(pieces, len);
    }
    size_t capacity = pieces->capacity ? pieces->capacity * 2 : (size_t)PART_BYTES + PIECE_MAX;
    uint8_t *bytes = capacity <= PARTS_WAITING_MAX ? realloc(pieces->bytes, capacity) : NULL;
    if (bytes == NULL)
        return false;
    pieces->bytes = bytes;
    pieces->capacity = capacity;
    return make_room(pieces, len);
}

static void put_head(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < PIECE_HEAD; i++)
        out[i] = (uint8_t)(len >> 8 * i);
}

static size_t read_head(const uint8_t *bytes)
{
    size_t len = 0;
    for (size_t i = 0; i < PIECE_HEAD; i++)
        len |= (size_t)bytes[i] << 8 * i;
    return len;
}

static bool add_piece(struct pieces *pieces, const struct pool_entry *value, struct arena *scratch)
{
    size_t mark = scratch->used;
    if (!make_room(pieces, PIECE_MAX))
        return false;
    uint8_t *head = pieces->bytes + pieces->len;
    struct buffer out = buffer_make(head + PIECE_HEAD, PIECE_MAX - PIECE_HEAD);
    bool is_encoded = pool_encode(value, 1, scratch, &out) && !out.overflowed;
    scratch->used = mark;
    put_head(head, out.len);
    pieces->len += is_encoded ? PIECE_HEAD + out.len : 0;
    return is_encoded;
}

/* Called for each value once, also by pool_apply when it is about to change. */
static void keep_value(void *user, const struct pool_entry *value)
{
    struct pool_parts *parts = user;
    bool is_request = value->kind == POOL_SNAPSHOT_REQUEST;
    parts->is_too_much |= !add_piece(
            is_request ? &parts->requests : &parts->agents, value, &parts->team->node->scratch);
}

/* ---- the next part ----------------------------------------------------------------------------
 */

static size_t waiting(const struct pieces *pieces)
{
    return pieces->len - pieces->from;
}

static void visit_more(struct pool_parts *parts, const struct pieces *pieces,
        enum pool_left while_left, size_t part_bytes)
{
    while (parts->left == while_left && waiting(pieces) < part_bytes && !parts->is_too_much)
        parts->left = pool_capture_next(parts->team->pool, 1);
}

/* Whole pieces of the front, until there are enough bytes. */
static struct slice front_of(const struct pieces *pieces, size_t part_bytes)
{
    const uint8_t *bytes = pieces->bytes + pieces->from;
    size_t len = 0;
    while (len < waiting(pieces) && len < part_bytes)
        len += PIECE_HEAD + read_head(bytes + len);
    return slice_make(bytes, len);
}

/* The pieces stay where they are until the part is durable: it may be decided more than once, and
 * what is added meanwhile may move them. */
static void look_at_part(struct pool_parts *parts)
{
    const struct pieces *pieces = parts->is_requests ? &parts->requests : &parts->agents;
    parts->part.bytes = slice_make(pieces->bytes + pieces->from, parts->taken);
}

static void choose_part(struct pool_parts *parts)
{
    const struct node *node = parts->team->node;
    size_t bytes = node->settings->pool_part_bytes ? node->settings->pool_part_bytes : PART_BYTES;
    visit_more(parts, &parts->agents, POOL_LEFT_AGENTS, bytes);
    parts->is_requests = waiting(&parts->agents) == 0;
    if (parts->is_requests)
        visit_more(parts, &parts->requests, POOL_LEFT_REQUESTS, bytes);
    parts->taken = front_of(parts->is_requests ? &parts->requests : &parts->agents, bytes).len;
    look_at_part(parts);
    parts->part.digest = pool_policy_hash(parts->part.bytes) & PROTO_U64_SAFE;
    parts->part.is_last = parts->left == POOL_LEFT_NOTHING &&
                          waiting(&parts->agents) + waiting(&parts->requests) == parts->taken;
}

static void drop_part(struct pool_parts *parts)
{
    struct pieces *pieces = parts->is_requests ? &parts->requests : &parts->agents;
    pieces->from += parts->taken;
    parts->part.index++;
}

/* ---- appending --------------------------------------------------------------------------------
 */

static bool may_go_on(const struct team *team)
{
    return !team->is_gone && !team->node->is_draining && !team->parts->is_too_much &&
           pool_is_captured(team->pool);
}

static enum log_decision decide_part(
        struct log_change *change, struct log *log, struct log_draft *draft)
{
    struct team *team = LIST_ITEM(change, struct team, snapshot);
    (void)log;
    if (!may_go_on(team))
        return LOG_NO;
    look_at_part(team->parts);
    struct pool_entry entry = {.kind = POOL_PART, .part = &team->parts->part};
    draft->time_ms = team_time_ms(team);
    struct arena *scratch = &team->node->scratch;
    size_t mark = scratch->used;
    bool is_encoded = pool_encode(&entry, 1, scratch, &draft->plain) && !draft->plain.overflowed;
    scratch->used = mark;
    return is_encoded ? LOG_APPEND : LOG_NO;
}

static void end(struct team *team, bool is_saved)
{
    pool_capture_end(team->pool);
    parts_forget(team);
    parts_done(team, is_saved);
}

static void on_part(struct log_change *change, struct log *log);

static void append_part(struct team *team)
{
    choose_part(team->parts);
    team->snapshot.decide = decide_part;
    team->snapshot.done = on_part;
    log_submit(&team->log, &team->snapshot);
}

static void on_part(struct log_change *change, struct log *log)
{
    struct team *team = LIST_ITEM(change, struct team, snapshot);
    (void)log;
    bool is_last = team->parts->part.is_last;
    if (change->result.outcome != LOG_APPENDED || is_last || !may_go_on(team)) {
        end(team, change->result.outcome == LOG_APPENDED && is_last);
        return;
    }
    drop_part(team->parts);
    append_part(team);
}

void parts_begin(struct team *team)
{
    uint64_t writer;
    struct pool_parts *parts = calloc(1, sizeof *parts);
    check(parts != NULL && team->parts == NULL);
    team->node->random->fill(team->node->random, &writer, sizeof writer);
    *parts = (struct pool_parts){.team = team,
            .part = {.base = team->log.tail, .writer = writer & PROTO_U64_SAFE},
            .left = POOL_LEFT_AGENTS};
    team->parts = parts;
    team->is_saving = true;
    if (pool_capture_begin(team->pool, keep_value, parts))
        append_part(team);
    else
        end(team, false);
}

void parts_forget(struct team *team)
{
    if (team->parts == NULL)
        return;
    free(team->parts->agents.bytes);
    free(team->parts->requests.bytes);
    free(team->parts);
    team->parts = NULL;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static const struct pool_part *read_part(struct team *team, const struct record *record)
{
    const struct pool_entry *entries;
    size_t count;
    bool is_part = pool_decode(record->plain, &team->node->scratch, &entries, &count) &&
                   count == 1 && entries[0].kind == POOL_PART;
    return is_part ? entries[0].part : NULL;
}

bool parts_part_of(struct team *team, const struct record *record, struct log_part *out_part)
{
    size_t mark = team->node->scratch.used;
    const struct pool_part *part = read_part(team, record);
    if (part != NULL)
        *out_part = (struct log_part){part->base, part->writer, part->index, part->is_last};
    team->node->scratch.used = mark;
    return part != NULL;
}

static bool fold_piece(struct pool *pool, const struct pool_part *part, struct slice piece,
        uint64_t base_ms, struct arena *scratch)
{
    const struct pool_entry *values;
    size_t count, mark = scratch->used;
    bool is_good = pool_decode(piece, scratch, &values, &count) && count == 1 &&
                   pool_apply(pool, &part->base, base_ms, &values[0]) == POOL_DONE;
    scratch->used = mark;
    return is_good;
}

bool part_fold(
        struct pool *pool, const struct pool_part *part, uint64_t base_ms, struct arena *scratch)
{
    struct slice left = part->bytes;
    bool is_good = (pool_policy_hash(left) & PROTO_U64_SAFE) == part->digest;
    while (is_good && left.len >= PIECE_HEAD) {
        size_t len = read_head((const uint8_t *)left.bytes);
        is_good =
                len <= left.len - PIECE_HEAD &&
                fold_piece(pool, part, slice_make(left.bytes + PIECE_HEAD, len), base_ms, scratch);
        if (is_good)
            left = slice_make(left.bytes + PIECE_HEAD + len, left.len - PIECE_HEAD - len);
    }
    return is_good && left.len == 0;
}

enum log_fold parts_restore(struct team *team, const struct record *record, uint64_t base_ms)
{
    size_t mark = team->node->scratch.used;
    const struct pool_part *part = read_part(team, record);
    bool is_good = part != NULL && part_fold(team->pool, part, base_ms, &team->node->scratch);
    if (is_good)
        team->saved_seq = part->base.seq;
    team->node->scratch.used = mark;
    return is_good ? LOG_FOLDED : LOG_FOLD_DAMAGED;
}
