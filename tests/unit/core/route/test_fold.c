/* SPDX-License-Identifier: Apache-2.0 */
/* The fold is the same however it came: from the log, from a snapshot, with memory running out. */
#include "desk.h"

#include "core/route/fold.h"
#include "lib/test.h"

#include <stdlib.h>

/* ---- however it came ---- */

static void busy_pool(void)
{
    agent_comes("anna", 2, "billing:900 parcels:400", "de en");
    agent_comes("bela", 1, "billing:500", "en");
    agent_comes("cleo", 3, "returns", "fr");
    customer_waits_speaking("c1", "billing! fast", "de-AT");
    customer_waits("c2", "billing!");
    customer_is_handed("c3", 4, "anna", "cleo");
    router_works();
    accepts("cleo", "c3");
    declines("anna", "c1");
    customer_waits("c4", "billing!");
    owns("dora", "c5");
    agent_is_removed("dora");
    agent_is("bela", POOL_AWAY);
    time_passes(100);
}

static void a_snapshot_and_the_tail_make_the_same_pool(void)
{
    desk_open();
    busy_pool();
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    expect_same_pool(desk_pool, copy);
    size_t seen = desk_log.record_count;
    agent_is("bela", POOL_ONLINE);
    customer_waits("c6", "returns!");
    time_passes_working(40000);
    ends("c3");
    time_passes_working(5000);
    expect(desk_log.record_count > seen + 6);
    pool_log_fold(&desk_log, seen, copy);
    expect_same_pool(desk_pool, copy);
    expect_sound(copy);
    pool_destroy(copy);
    desk_close();
}

static void a_snapshot_forgets_what_was_before(void)
{
    desk_open();
    busy_pool();
    struct pool *other = pool_create(pool_heap(), 3);
    struct pool *copy = pool_copy(other, desk_now_ms);
    struct pool_entry begin = {.kind = POOL_SNAPSHOT};
    expect_u64(desk_says(&begin), POOL_DONE);
    expect_same_pool(desk_pool, copy);
    customer_waits("c1", "billing!");
    agent_comes("zoe", 1, "billing", "");
    router_works();
    expect_offered_to("c1", "zoe");
    pool_destroy(other);
    pool_destroy(copy);
    desk_close();
}

/* ---- the policy in force ---- */

static enum pool_outcome policy_is(uint64_t version, const char *words)
{
    return desk_says(&(struct pool_entry){
            .kind = POOL_POLICY, .policy_version = version, .policy = slice_of_string(words)});
}

static void a_policy_is_kept_until_a_newer_one_comes(void)
{
    desk_open();
    expect_u64(pool_policy(desk_pool).version, 0);
    expect_u64(policy_is(1, "offer_ms: 9000"), POOL_DONE);
    expect_u64(policy_is(1, "offer_ms: 1"), POOL_ALREADY_LIVE);
    expect_slice(pool_policy(desk_pool).text, SLICE_OF("offer_ms: 9000"));
    expect_u64(pool_policy(desk_pool).hash, pool_policy_hash(SLICE_OF("offer_ms: 9000")));
    busy_pool();
    struct pool *copy = pool_copy(desk_pool, desk_now_ms);
    expect_same_pool(desk_pool, copy);
    expect_slice(pool_policy(copy).text, SLICE_OF("offer_ms: 9000"));
    expect_u64(policy_is(2, ""), POOL_DONE);
    expect_u64(pool_policy(desk_pool).text.len, 0);
    expect_u64(policy_is(0, "offer_ms: 1"), POOL_MALFORMED);
    static char long_text[POOL_POLICY_MAX + 2];
    memset(long_text, '#', sizeof long_text - 1);
    expect_u64(policy_is(3, long_text), POOL_MALFORMED);
    pool_destroy(copy);
    desk_close();
}

/* ---- out of memory ---- */

struct thrifty {
    size_t left;   /* allocations until the first refusal */
    size_t pieces; /* not freed yet */
};

static void *resize_thriftily(void *user, void *old, size_t bytes)
{
    struct thrifty *thrifty = user;
    if (bytes == 0) {
        thrifty->pieces -= old != NULL;
        free(old);
        return NULL;
    }
    if (thrifty->left == 0)
        return NULL;
    thrifty->left--;
    thrifty->pieces += old == NULL;
    return realloc(old, bytes);
}

/* Folds the log; whenever memory runs out, nothing may have changed; then more is given. */
static void fold_with_little_memory(struct pool *pool, struct thrifty *thrifty)
{
    for (size_t i = 0; i < desk_log.record_count; i++) {
        const struct pool_log_record *record = &desk_log.records[i];
        for (size_t k = 0; k < record->count; k++) {
            const struct pool_entry *entry = &desk_log.entries[record->first + k];
            for (size_t given = 0;; given++) {
                thrifty->left = given;
                struct pool *before = pool_copy(pool, record->time_ms);
                enum pool_outcome outcome = pool_apply(pool, &record->at, record->time_ms, entry);
                expect_sound(pool);
                if (outcome == POOL_FULL)
                    expect_same_pool(pool, before);
                pool_destroy(before);
                if (outcome != POOL_FULL)
                    break;
            }
        }
    }
}

static void out_of_memory_changes_nothing(void)
{
    desk_open();
    busy_pool();
    struct thrifty thrifty = {.left = 0};
    struct pool_memory memory = {resize_thriftily, &thrifty};
    struct pool *pool = NULL;
    for (size_t given = 0; pool == NULL; given++) {
        thrifty.left = given;
        pool = pool_create(memory, 1);
        expect(pool != NULL || thrifty.pieces == 0);
    }
    fold_with_little_memory(pool, &thrifty);
    expect_same_pool(pool, desk_pool);
    pool_destroy(pool);
    expect_u64(thrifty.pieces, 0);
    desk_close();
}

/* ---- the table under it ---- */

static void a_table_finds_what_was_put_whatever_was_removed(void)
{
    enum { ITEMS = 300 };
    struct pool_memory memory = pool_heap();
    struct table table = {0};
    bool is_in[ITEMS] = {false};
    uint64_t random = 1;
    for (int round = 0; round < 20000; round++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint32_t item = (uint32_t)(random >> 33) % ITEMS;
        uint64_t hash = item / 3 % 50; /* many share a hash and a neighbourhood */
        if (is_in[item]) {
            table_remove(&table, hash, item);
        } else {
            expect(table_reserve(&table, &memory));
            table_put(&table, hash, item);
        }
        is_in[item] = !is_in[item];
        uint32_t asked = (uint32_t)(random >> 20) % ITEMS, found;
        bool was_found = false;
        for (size_t cursor = 0; table_next(&table, asked / 3 % 50, &cursor, &found);)
            was_found |= found == asked;
        expect(was_found == is_in[asked]);
    }
    table_finish(&table, &memory);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_snapshot_and_the_tail_make_the_same_pool),
                    CASE(a_snapshot_forgets_what_was_before),
                    CASE(a_policy_is_kept_until_a_newer_one_comes),
                    CASE(out_of_memory_changes_nothing),
                    CASE(a_table_finds_what_was_put_whatever_was_removed), {0}});
}
