/* SPDX-License-Identifier: Apache-2.0 */
/* The store port as Redis commands: one request, one command, one answer.
 *
 * Invariant: commands are written by length, so keys and records may hold any bytes; a bound that
 * the port states is checked here, before Redis is asked.
 *
 * What the answers mean is redis_reply's, the link's life redis_link's.
 */
#include "store/redis_store.h"

#include "base/buffer.h"
#include "base/check.h"
#include "store/redis_barrier.h"
#include "store/redis_link.h"
#include "store/redis_reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

static const uint64_t SCORE_MAX = (UINT64_C(1) << 53) - 1;

struct redis_store {
    struct store base;
    struct redis_link *link;
    struct redis_barrier *barrier;            /* NULL: no replicas count */
    struct store_item items[STORE_ITEMS_MAX]; /* of the reply that is being delivered */
};

/* --- requests --------------------------------------------------------------------------------- */

static struct redis_store *store_of(struct store *base)
{
    return (struct redis_store *)(void *)base;
}

static struct redis_command *begin(struct store *base, size_t word_count, const char *verb)
{
    struct redis_command *command = redis_link_command(store_of(base)->link);
    redis_command_begin(command, word_count);
    redis_command_add(command, slice_of_string(verb));
    return command;
}

static struct redis_request *make_request(struct store *base,
        void (*on_reply)(struct redis_request *, const redisReply *), store_done done, void *user)
{
    struct redis_request *request = redis_link_take(store_of(base)->link);
    request->on_reply = on_reply;
    request->owner = store_of(base)->items;
    request->done = (void (*)(void))done;
    request->user = user;
    return request;
}

static void submit(struct store *base, void (*on_reply)(struct redis_request *, const redisReply *),
        store_done done, void *user)
{
    redis_link_send(store_of(base)->link, make_request(base, on_reply, done, user));
}

static uint64_t port_generation(struct store *base)
{
    return redis_link_generation(store_of(base)->link);
}

static struct slice port_history(struct store *base)
{
    return redis_link_history(store_of(base)->link);
}

static uint64_t port_now_ms(struct store *base)
{
    return redis_link_now_ms(store_of(base)->link);
}

static void port_append(
        struct store *base, const struct store_append *append, store_done done, void *user)
{
    check(append->seq > 0 && (!append->is_birth || append->seq == 1));
    struct redis_command *command = begin(base, append->is_birth ? 5 : 6, "XADD");
    char id[24];
    struct buffer buffer = buffer_make(id, sizeof id);
    buffer_put_u64(&buffer, append->seq);
    buffer_put(&buffer, "-0", 2);
    redis_command_add(command, append->key);
    if (!append->is_birth)
        redis_command_add(command, SLICE_OF("NOMKSTREAM"));
    redis_command_add(command, buffer_slice(&buffer));
    redis_command_add(command, SLICE_OF("e"));
    redis_command_add(command, append->record);
    submit(base, redis_reply_append, done, user);
}

static void add_bound(struct redis_command *command, uint64_t bound, const char *end)
{
    if (bound == UINT64_MAX)
        redis_command_add(command, slice_of_string(end));
    else
        redis_command_add_u64(command, bound);
}

/* An empty range of a log is not an absent log, and a range cannot tell them apart: so only the
 * whole of it can be absent. */
static void port_read(
        struct store *base, const struct store_read *read, store_done done, void *user)
{
    check(read->count > 0 && read->count <= STORE_ITEMS_MAX);
    bool is_whole = read->from <= 1 && read->to == UINT64_MAX;
    struct redis_command *command = begin(base, 6, read->is_reverse ? "XREVRANGE" : "XRANGE");
    redis_command_add(command, read->key);
    add_bound(command, read->is_reverse ? read->to : read->from, "+");
    add_bound(command, read->is_reverse ? read->from : read->to, "+");
    redis_command_add(command, SLICE_OF("COUNT"));
    redis_command_add_u64(command, read->count);
    submit(base, is_whole ? redis_reply_read_whole : redis_reply_read, done, user);
}

/* Without replicas nothing is sent, in either durability:
 *
 * ALWAYS. Redis runs the commands of one turn of its loop, then writes and fsyncs the append-only
 * file (flushAppendOnlyFile in beforeSleep), and only then sends what it answered
 * (handleClientsWithPendingWrites). A client whose answer does not fit its socket is served by a
 * write handler with AE_BARRIER, that is never in the turn in which its answer was made. So any
 * answer, to an append or to a read of another's append, left after the fsync of all that it
 * reflects; a failed fsync ends the server instead. source: Redis 7.0 server.c, networking.c,
 * aof.c; on 7.0.15 strace shows the order write, fdatasync, answers, also where one client's append
 * and another's read of it are served in one turn.
 *
 * EVERYSEC. The promise is no more than that Redis has it.
 *
 * With replicas redis_barrier.c asks how many hold it. */
static void port_barrier(struct store *base, uint64_t generation, store_done done, void *user)
{
    struct redis_request *request = make_request(base, redis_reply_barrier, done, user);
    request->count = generation;
    if (store_of(base)->barrier != NULL && generation != 0)
        redis_barrier_add(store_of(base)->barrier, request);
    else
        redis_link_complete_later(store_of(base)->link, request);
}

static void port_trim(
        struct store *base, struct slice key, uint64_t below, store_done done, void *user)
{
    struct redis_command *command = begin(base, 4, "XTRIM");
    redis_command_add(command, key);
    redis_command_add(command, SLICE_OF("MINID"));
    redis_command_add_u64(command, below);
    submit(base, redis_reply_integer, done, user);
}

static void port_zset_add(struct store *base, struct slice key, struct slice member, uint64_t score,
        enum zset_rule rule, store_done done, void *user)
{
    check(score <= SCORE_MAX);
    bool raises = rule == ZSET_RAISE;
    struct redis_command *command = begin(base, raises ? 5 : 4, "ZADD");
    redis_command_add(command, key);
    if (raises)
        redis_command_add(command, SLICE_OF("GT"));
    redis_command_add_u64(command, score);
    redis_command_add(command, member);
    submit(base, redis_reply_integer, done, user);
}

static void port_zset_remove(
        struct store *base, struct slice key, struct slice member, store_done done, void *user)
{
    struct redis_command *command = begin(base, 3, "ZREM");
    redis_command_add(command, key);
    redis_command_add(command, member);
    submit(base, redis_reply_integer, done, user);
}

static void port_zset_range(struct store *base, struct slice key, uint64_t from, uint64_t to,
        size_t count, store_done done, void *user)
{
    check(count > 0 && count <= STORE_ITEMS_MAX);
    struct redis_command *command = begin(base, 9, "ZRANGE");
    redis_command_add(command, key);
    add_bound(command, from, "+inf");
    add_bound(command, to, "+inf");
    redis_command_add(command, SLICE_OF("BYSCORE"));
    redis_command_add(command, SLICE_OF("LIMIT"));
    redis_command_add(command, SLICE_OF("0"));
    redis_command_add_u64(command, count);
    redis_command_add(command, SLICE_OF("WITHSCORES"));
    submit(base, redis_reply_zset_range, done, user);
}

static void port_claim(
        struct store *base, struct slice key, struct slice value, store_done done, void *user)
{
    struct redis_command *command = begin(base, 5, "SET");
    redis_command_add(command, key);
    redis_command_add(command, value);
    redis_command_add(command, SLICE_OF("NX"));
    redis_command_add(command, SLICE_OF("GET"));
    submit(base, redis_reply_claim, done, user);
}

static void port_put(struct store *base, struct slice key, struct slice value, uint64_t ttl_ms,
        store_done done, void *user)
{
    struct redis_command *command = begin(base, ttl_ms > 0 ? 5 : 3, "SET");
    redis_command_add(command, key);
    redis_command_add(command, value);
    if (ttl_ms > 0) {
        redis_command_add(command, SLICE_OF("PX"));
        redis_command_add_u64(command, ttl_ms);
    }
    submit(base, redis_reply_status, done, user);
}

static void port_get(struct store *base, struct slice key, store_done done, void *user)
{
    redis_command_add(begin(base, 2, "GET"), key);
    submit(base, redis_reply_value, done, user);
}

static void port_take(struct store *base, struct slice key, store_done done, void *user)
{
    redis_command_add(begin(base, 2, "GETDEL"), key);
    submit(base, redis_reply_value, done, user);
}

static void port_remove(struct store *base, struct slice key, store_done done, void *user)
{
    redis_command_add(begin(base, 2, "DEL"), key);
    submit(base, redis_reply_integer, done, user);
}

static const struct store_ops ops = {port_generation, port_history, port_now_ms, port_append,
        port_read, port_barrier, port_trim, port_zset_add, port_zset_remove, port_zset_range,
        port_claim, port_put, port_get, port_take, port_remove};

/* --- life ------------------------------------------------------------------------------------- */

static void on_generation(void *user, uint64_t generation)
{
    struct redis_store *store = user;
    if (generation == 0 && store->barrier != NULL)
        redis_barrier_fail(store->barrier);
    if (store->base.on_generation != NULL)
        store->base.on_generation(store->base.on_generation_user, generation);
}

struct redis_store *redis_store_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, enum durability durability)
{
    struct redis_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->base.ops = &ops;
    store->link = redis_link_create(
            loop, timers, options, durability, (struct redis_link_events){on_generation, store});
    if (store->link != NULL && options->replicas > 0)
        store->barrier = redis_barrier_create(loop, timers, options, store->link);
    store->base.answers_are_durable = options->replicas == 0; /* see port_barrier */
    if (store->link == NULL || (options->replicas > 0 && store->barrier == NULL)) {
        if (store->link != NULL)
            redis_link_destroy(store->link);
        free(store);
        return NULL;
    }
    return store;
}

void redis_store_destroy(struct redis_store *store)
{
    if (store->barrier != NULL)
        redis_barrier_destroy(store->barrier);
    redis_link_destroy(store->link);
    free(store);
}

struct store *redis_store_port(struct redis_store *store)
{
    return &store->base;
}
