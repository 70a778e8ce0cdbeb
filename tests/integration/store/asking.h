/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a store and keeps its answers, watching the rules that hold for every answer. */
#ifndef WEFT_TESTS_STORE_ASKING_H
#define WEFT_TESTS_STORE_ASKING_H

#include "port/store.h"

struct answer {
    unsigned times; /* a good answer comes once */
    enum store_outcome outcome;
    uint64_t generation;
    uint64_t place; /* among all answers */
    struct slice value;
    struct store_item items[STORE_ITEMS_MAX];
    size_t item_count;
    char *bytes; /* what value and items borrow */
};

/* Forgets all answers, and makes keys of this case differ from those of others. */
void asking_begin(void);
/* Expects that no answer came inside a call, or twice. */
void asking_end(void);
/* "<case>:name"; stays until asking_end. */
struct slice key_of(const char *name);

/* Each returns an answer that will come; wait_for waits for it. */
struct answer *ask_append(struct store *store, struct slice key, uint64_t seq, struct slice record);
struct answer *ask_birth(struct store *store, struct slice key, struct slice record);
struct answer *ask_read(struct store *store, const struct store_read *read);
struct answer *ask_barrier(struct store *store, uint64_t generation);
struct answer *ask_trim(struct store *store, struct slice key, uint64_t below);
struct answer *ask_zset_add(struct store *store, struct slice key, struct slice member,
        uint64_t score, enum zset_rule rule);
struct answer *ask_zset_remove(struct store *store, struct slice key, struct slice member);
struct answer *ask_zset_range(
        struct store *store, struct slice key, uint64_t from, uint64_t to, size_t count);
struct answer *ask_claim(struct store *store, struct slice key, struct slice value);
struct answer *ask_put(struct store *store, struct slice key, struct slice value, uint64_t ttl_ms);
struct answer *ask_get(struct store *store, struct slice key);
struct answer *ask_take(struct store *store, struct slice key);
struct answer *ask_remove(struct store *store, struct slice key);

const struct answer *wait_for(const struct answer *answer);

#define expect_outcome(answer, wanted) \
    test_expect_u64(wait_for(answer)->outcome, (wanted), #answer, __FILE__, __LINE__)

#endif
