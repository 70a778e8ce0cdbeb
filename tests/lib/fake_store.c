/* SPDX-License-Identifier: Apache-2.0 */
/* The store port on a made-up link: each request becomes one command.
 *
 * Invariant: a programmer's error that the real store would end the process for ends it here too.
 */
#include "base/check.h"
#include "lib/fake_link.h"

static void submit(
        struct store *store, const struct fake_command *command, store_done done, void *user)
{
    struct fake_link *link = fake_link_of(store);
    fake_link_submit(link, command, link->generation, done, user);
}

static uint64_t port_generation(struct store *store)
{
    return fake_link_of(store)->generation;
}

static struct slice port_history(struct store *store)
{
    struct fake_link *link = fake_link_of(store);
    return link->generation != 0 ? slice_of_string(link->life->history) : SLICE_NONE;
}

static uint64_t port_now_ms(struct store *store)
{
    struct fake_link *link = fake_link_of(store);
    if (link->generation_last == 0)
        return 0;
    uint64_t now_ms = fake_server_now_ms(link->server) - link->clock_error_ms;
    if (now_ms > link->now_ms_last)
        link->now_ms_last = now_ms;
    return link->now_ms_last;
}

static void port_append(
        struct store *store, const struct store_append *append, store_done done, void *user)
{
    check(append->seq > 0 && (!append->is_birth || append->seq == 1));
    struct fake_command command = {.verb = FAKE_APPEND,
            .number = append->seq,
            .flag = append->is_birth,
            .key = append->key,
            .value = append->record};
    submit(store, &command, done, user);
}

static void port_read(
        struct store *store, const struct store_read *read, store_done done, void *user)
{
    check(read->count > 0 && read->count <= STORE_ITEMS_MAX);
    struct fake_command command = {.verb = FAKE_READ,
            .from = read->from,
            .to = read->to,
            .count = read->count,
            .flag = read->is_reverse,
            .key = read->key};
    submit(store, &command, done, user);
}

static void port_barrier(struct store *store, uint64_t generation, store_done done, void *user)
{
    fake_link_submit(fake_link_of(store), &(struct fake_command){.verb = FAKE_BARRIER}, generation,
            done, user);
}

static void port_trim(
        struct store *store, struct slice key, uint64_t below, store_done done, void *user)
{
    struct fake_command command = {.verb = FAKE_TRIM, .number = below, .key = key};
    submit(store, &command, done, user);
}

static void port_zset_add(struct store *store, struct slice key, struct slice member,
        uint64_t score, enum zset_rule rule, store_done done, void *user)
{
    check(score < UINT64_C(1) << 53);
    struct fake_command command = {.verb = FAKE_ZSET_ADD,
            .number = score,
            .flag = rule == ZSET_RAISE,
            .key = key,
            .value = member};
    submit(store, &command, done, user);
}

static void port_zset_range(struct store *store, struct slice key, uint64_t from, uint64_t to,
        size_t count, store_done done, void *user)
{
    check(count > 0 && count <= STORE_ITEMS_MAX);
    struct fake_command command = {
            .verb = FAKE_ZSET_RANGE, .from = from, .to = to, .count = count, .key = key};
    submit(store, &command, done, user);
}

static void port_put(struct store *store, struct slice key, struct slice value, uint64_t ttl_ms,
        store_done done, void *user)
{
    struct fake_command command = {.verb = FAKE_PUT, .number = ttl_ms, .key = key, .value = value};
    submit(store, &command, done, user);
}

static void submit_pair(struct store *store, enum fake_verb verb, struct slice key,
        struct slice value, store_done done, void *user)
{
    struct fake_command command = {.verb = verb, .key = key, .value = value};
    submit(store, &command, done, user);
}

static void port_zset_remove(
        struct store *store, struct slice key, struct slice member, store_done done, void *user)
{
    submit_pair(store, FAKE_ZSET_REMOVE, key, member, done, user);
}

static void port_claim(
        struct store *store, struct slice key, struct slice value, store_done done, void *user)
{
    submit_pair(store, FAKE_CLAIM, key, value, done, user);
}

static void port_get(struct store *store, struct slice key, store_done done, void *user)
{
    submit_pair(store, FAKE_GET, key, SLICE_NONE, done, user);
}

static void port_take(struct store *store, struct slice key, store_done done, void *user)
{
    submit_pair(store, FAKE_TAKE, key, SLICE_NONE, done, user);
}

static void port_remove(struct store *store, struct slice key, store_done done, void *user)
{
    submit_pair(store, FAKE_REMOVE, key, SLICE_NONE, done, user);
}

const struct store_ops fake_store_ops = {port_generation, port_history, port_now_ms, port_append,
        port_read, port_barrier, port_trim, port_zset_add, port_zset_remove, port_zset_range,
        port_claim, port_put, port_get, port_take, port_remove};
