/* SPDX-License-Identifier: Apache-2.0 */
/* Passing on. Invariant: a store whose ops nobody changed cannot be told from the link. */
#include "bent_store.h"

#include "base/check.h"

#include <stdlib.h>

static struct bent_store *newest[NODES_MAX];

static uint64_t pass_generation(struct store *store)
{
    return bent_store_link(store)->ops->generation(bent_store_link(store));
}

static struct slice pass_history(struct store *store)
{
    return bent_store_link(store)->ops->history(bent_store_link(store));
}

static uint64_t pass_now_ms(struct store *store)
{
    return bent_store_link(store)->ops->now_ms(bent_store_link(store));
}

static void pass_append(
        struct store *store, const struct store_append *append, store_done done, void *user)
{
    bent_store_link(store)->ops->append(bent_store_link(store), append, done, user);
}

static void pass_read(
        struct store *store, const struct store_read *read, store_done done, void *user)
{
    bent_store_link(store)->ops->read(bent_store_link(store), read, done, user);
}

static void pass_barrier(struct store *store, uint64_t generation, store_done done, void *user)
{
    bent_store_link(store)->ops->barrier(bent_store_link(store), generation, done, user);
}

static void pass_zset_remove(
        struct store *store, struct slice key, struct slice member, store_done done, void *user)
{
    bent_store_link(store)->ops->zset_remove(bent_store_link(store), key, member, done, user);
}

static void pass_zset_range(struct store *store, struct slice key, uint64_t from, uint64_t to,
        size_t count, store_done done, void *user)
{
    bent_store_link(store)->ops->zset_range(
            bent_store_link(store), key, from, to, count, done, user);
}

static void pass_trim(
        struct store *store, struct slice key, uint64_t below, store_done done, void *user)
{
    bent_store_link(store)->ops->trim(bent_store_link(store), key, below, done, user);
}

static void pass_claim(
        struct store *store, struct slice key, struct slice value, store_done done, void *user)
{
    bent_store_link(store)->ops->claim(bent_store_link(store), key, value, done, user);
}

static void pass_put(struct store *store, struct slice key, struct slice value, uint64_t ttl_ms,
        store_done done, void *user)
{
    bent_store_link(store)->ops->put(bent_store_link(store), key, value, ttl_ms, done, user);
}

static void pass_get(struct store *store, struct slice key, store_done done, void *user)
{
    bent_store_link(store)->ops->get(bent_store_link(store), key, done, user);
}

static void pass_take(struct store *store, struct slice key, store_done done, void *user)
{
    bent_store_link(store)->ops->take(bent_store_link(store), key, done, user);
}

static void pass_remove(struct store *store, struct slice key, store_done done, void *user)
{
    bent_store_link(store)->ops->remove(bent_store_link(store), key, done, user);
}

static void pass_zset_add(struct store *store, struct slice key, struct slice member,
        uint64_t score, enum zset_rule rule, store_done done, void *user)
{
    bent_store_link(store)->ops->zset_add(
            bent_store_link(store), key, member, score, rule, done, user);
}

static void on_generation(void *user, uint64_t generation)
{
    struct bent_store *bent = user;
    if (bent->base.on_generation != NULL)
        bent->base.on_generation(bent->base.on_generation_user, generation);
}

bool bent_store_is_alive(const struct bent_store *bent)
{
    return newest[bent->sim->index] == bent && bent->sim->node != NULL;
}

struct bent_store *bent_store_create(struct sim_node *sim)
{
    struct bent_store *bent = calloc(1, sizeof *bent);
    check(bent != NULL);
    bent->ops = (struct store_ops){.generation = pass_generation,
            .history = pass_history,
            .now_ms = pass_now_ms,
            .append = pass_append,
            .read = pass_read,
            .barrier = pass_barrier,
            .trim = pass_trim,
            .zset_add = pass_zset_add,
            .zset_remove = pass_zset_remove,
            .zset_range = pass_zset_range,
            .claim = pass_claim,
            .put = pass_put,
            .get = pass_get,
            .take = pass_take,
            .remove = pass_remove};
    bent->base.ops = &bent->ops;
    bent->base.answers_are_durable = sim->store->answers_are_durable;
    bent->sim = sim;
    newest[sim->index] = bent;
    sim->store->on_generation = on_generation;
    sim->store->on_generation_user = bent;
    return bent;
}
