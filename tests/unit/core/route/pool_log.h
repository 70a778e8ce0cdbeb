/* SPDX-License-Identifier: Apache-2.0 */
/* A pool log in memory, with the one way to append that the real one has: compare and append. */
#ifndef WEFT_TESTS_POOL_LOG_H
#define WEFT_TESTS_POOL_LOG_H

#include "base/arena.h"
#include "core/route/route.h"

struct pool_log_record {
    struct name at;
    uint64_t time_ms;
    size_t first, count; /* in entries */
};

struct pool_log {
    struct arena arena; /* what the entries point at */
    struct pool_log_record *records;
    struct pool_entry *entries;
    size_t record_count, entry_count;
    uint64_t mark;
};

void pool_log_init(struct pool_log *log);
void pool_log_reset(struct pool_log *log);
void pool_log_finish(struct pool_log *log);

/* false: the log is not at seen (any more); nothing was appended. The entries are copied. */
bool pool_log_append(struct pool_log *log, size_t seen, uint64_t time_ms,
        const struct pool_entry *entries, size_t count);

/* Folds records from..record_count into the pool. Returns the last outcome; stops at POOL_FULL. */
enum pool_outcome pool_log_fold(const struct pool_log *log, size_t from, struct pool *pool);

/* The heap as a pool's memory. */
struct pool_memory pool_heap(void);

/* Everything that must hold of any pool, recomputed from its requests: loads, places, order, grid.
 * Fails the running case otherwise. */
void expect_sound(const struct pool *pool);
/* Both snapshots say the same, apart from the order of agents and requests. */
void expect_same_pool(const struct pool *a, const struct pool *b);
/* The pool that the other's snapshot makes. The caller destroys it. */
struct pool *pool_copy(const struct pool *pool, uint64_t time_ms);

#endif
