/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on the pool: its stored log is folded by itself, from its first entry on and without
 * a look at any snapshot.
 *
 * Invariant: what a snapshot in parts makes is what the log made up to the entry that it stands
 * for, value by value; and each node holds what the log makes up to its tail.
 */
#include "world.h"

#include "base/check.h"
#include "base/heap.h"
#include "flow/pool_parts.h"
#include "stored/pool_codec.h"
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>

enum { SCRATCH = 1 << 18, VALUE_MAX = 1 << 15 };

/* A record of the pool's log, decoded. */
struct pool_record {
    struct name at;
    uint64_t time_ms;
    const struct pool_entry *entries;
    size_t count;
};

static uint8_t scratch_bytes[SCRATCH];
static char words[WORLD_WORDS_MAX];

static const struct pool_part *part_of(const struct pool_record *record)
{
    return record->count == 1 && record->entries[0].kind == POOL_PART ? record->entries[0].part
                                                                      : NULL;
}

static bool read_at(
        struct world *world, uint64_t seq, struct arena *scratch, struct pool_record *out)
{
    static uint8_t opened[RECORD_MAX];
    struct slice key = SLICE_OF("{p:sim}log");
    struct store_item item;
    struct record record;
    arena_init(scratch, scratch_bytes, sizeof scratch_bytes);
    if (fake_server_read(world->server, key, seq, 1, &item) != 1 || item.number != seq)
        return false;
    check(record_read(item.value, seq, key, NULL, opened, &record) == RECORD_GOOD);
    check(pool_decode(record.plain, scratch, &out->entries, &out->count));
    out->at = record.at;
    out->time_ms = record.time_ms;
    return true;
}

/* ---- what a pool holds ------------------------------------------------------------------------
 */

static void add_value(void *user, const struct pool_entry *value)
{
    static uint8_t value_scratch[SCRATCH], bytes[VALUE_MAX];
    struct arena scratch;
    struct buffer out = buffer_make(bytes, sizeof bytes);
    arena_init(&scratch, value_scratch, sizeof value_scratch);
    check(pool_encode(value, 1, &scratch, &out) && !out.overflowed);
    *(uint64_t *)user += pool_policy_hash(buffer_slice(&out)) * UINT64_C(0x9e3779b97f4a7c15);
}

/* In any order: of its values only. */
static uint64_t digest_of(const struct pool *pool)
{
    uint64_t digest = 0;
    pool_snapshot(pool, add_value, &digest);
    return digest;
}

static struct pool *make_pool(void)
{
    struct pool *pool = pool_create((struct pool_memory){heap_resize, NULL}, 1);
    check(pool != NULL);
    return pool;
}

/* ---- snapshots --------------------------------------------------------------------------------
 */

/* The parts of one writer, up to the one at last_seq, into a pool. NULL: they make none. */
static struct pool *restore(struct world *world, const struct pool_part *last, uint64_t last_seq)
{
    struct pool *pool = make_pool();
    struct pool_record record;
    struct arena scratch;
    struct name base = last->base;
    uint64_t writer = last->writer, index = 0, count = last->index + 1, base_ms = 0;
    bool is_good = true;
    for (uint64_t seq = base.seq; is_good && seq <= last_seq; seq++) {
        check(read_at(world, seq, &scratch, &record));
        const struct pool_part *part = part_of(&record);
        if (seq == base.seq) {
            is_good = name_equal(&record.at, &base);
            base_ms = record.time_ms;
        } else if (part != NULL && part->writer == writer) {
            is_good = part->index == index++ && part_fold(pool, part, base_ms, &scratch);
        }
    }
    if (is_good && index == count) {
        tally_saved(count);
        return pool;
    }
    pool_destroy(pool);
    return NULL;
}

/* The digest of the fold of the log's first entries. */
static uint64_t digest_up_to(struct world *world, uint64_t last_seq)
{
    struct pool *pool = make_pool();
    struct pool_record record;
    struct arena scratch;
    for (uint64_t seq = 1; seq <= last_seq && read_at(world, seq, &scratch, &record); seq++)
        for (size_t i = 0; i < record.count; i++)
            pool_apply(pool, &record.at, record.time_ms, &record.entries[i]);
    uint64_t digest = digest_of(pool);
    pool_destroy(pool);
    return digest;
}

static const char *judge_snapshot(struct world *world, const struct pool_part *last, uint64_t seq)
{
    uint64_t base_seq = last->base.seq;
    struct pool *pool = restore(world, last, seq);
    uint64_t digest = pool ? digest_of(pool) : 0;
    pool_destroy(pool);
    if (pool != NULL && digest == digest_up_to(world, base_seq))
        return NULL;
    snprintf(words, sizeof words,
            "the snapshot that ends at %" PRIu64 " %s what the pool was at %" PRIu64, seq,
            pool ? "is not" : "does not make", base_seq);
    return words;
}

const char *judge_pool(struct world *world)
{
    const char *fault = NULL;
    struct pool_record record;
    struct arena scratch;
    for (uint64_t seq = 1; fault == NULL && read_at(world, seq, &scratch, &record); seq++) {
        const struct pool_part *part = part_of(&record);
        if (part != NULL && part->is_last)
            fault = judge_snapshot(world, part, seq);
    }
    for (unsigned i = 0; fault == NULL && i < world->plan.node_count; i++) {
        struct team *team = pools_team(world->nodes[i].node, SLICE_OF("sim"));
        if (digest_of(team_pool(team)) == digest_up_to(world, team->log.tail.seq))
            continue;
        snprintf(words, sizeof words, "node %u holds another pool than its log makes", i);
        fault = words;
    }
    return fault;
}
