/* SPDX-License-Identifier: Apache-2.0 */
/* The key store port as Redis commands on "k:<id>".
 *
 * Invariant: a key is never overwritten (SET NX). An answer leaves Redis after the fsync of what it
 * reflects, so OK is durable; see the barrier in redis_store.c. Where replicas count, every answer
 * about a key that is there, or is gone, waits until they hold it too: also a key that is only
 * read, since what will be sealed with it must not outlive it. A full server is unknown: the port
 * has no word for it, and trying again later is right for both.
 */
#include "store/redis_keystore.h"

#include "base/check.h"
#include "base/log_line.h"
#include "store/redis_barrier.h"
#include "store/redis_error.h"
#include "store/redis_link.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

struct redis_keystore {
    struct keystore base;
    struct redis_link *link;
    struct redis_barrier *barrier; /* NULL: no replicas count */
};

/* An answer that waits for the replicas. */
struct held_answer {
    keystore_done done;
    void *user;
    enum keystore_outcome outcome;
    size_t len;
    char wrapped[];
};

static struct redis_keystore *keystore_of(struct keystore *base)
{
    return (struct redis_keystore *)(void *)base;
}

static void finish(
        struct redis_request *request, enum keystore_outcome outcome, struct slice wrapped)
{
    keystore_done done = (keystore_done)request->done;
    if (done != NULL)
        done(request->user, outcome, wrapped);
}

static void on_barrier(struct redis_request *request, const redisReply *reply)
{
    struct held_answer *held = request->user;
    (void)reply;
    bool is_durable = request->count != 0 && request->count == redis_link_generation(request->link);
    held->done(held->user, is_durable ? held->outcome : KEYSTORE_UNKNOWN,
            is_durable ? slice_make(held->wrapped, held->len) : SLICE_NONE);
    free(held);
}

/* Tells the outcome once it is as durable as it must be. */
static void finish_durable(
        struct redis_request *request, enum keystore_outcome outcome, struct slice wrapped)
{
    struct redis_keystore *keystore = request->owner;
    if (keystore->barrier == NULL || request->done == NULL) {
        finish(request, outcome, wrapped);
        return;
    }
    struct held_answer *held = malloc(sizeof *held + wrapped.len);
    check(held != NULL);
    *held = (struct held_answer){(keystore_done)request->done, request->user, outcome, wrapped.len};
    if (wrapped.len > 0)
        memcpy(held->wrapped, wrapped.bytes, wrapped.len);
    struct redis_request *barrier = redis_link_take(keystore->link);
    barrier->on_reply = on_barrier;
    barrier->count = redis_link_generation(keystore->link);
    barrier->user = held;
    redis_barrier_add(keystore->barrier, barrier);
}

/* No answer, an error, or an answer of a kind that the command never gives. */
static void finish_unknown(struct redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        struct slice code = redis_error_code(slice_make(reply->str, reply->len));
        log_line(LOG_ERROR, "keystore.command_failed", "code=%.*s", SLICE_ARGS(code));
    } else if (reply != NULL)
        redis_link_cut(request->link, "unexpected_reply");
    finish(request, KEYSTORE_UNKNOWN, SLICE_NONE);
}

static void on_put(struct redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_STATUS)
        finish_durable(request, KEYSTORE_OK, SLICE_NONE);
    else if (reply != NULL && reply->type == REDIS_REPLY_NIL)
        finish_durable(request, KEYSTORE_TAKEN, SLICE_NONE);
    else
        finish_unknown(request, reply);
}

static void on_get(struct redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_STRING)
        finish_durable(request, KEYSTORE_OK, slice_make(reply->str, reply->len));
    else if (reply != NULL && reply->type == REDIS_REPLY_NIL)
        finish(request, KEYSTORE_ABSENT, SLICE_NONE);
    else
        finish_unknown(request, reply);
}

static void on_destroy(struct redis_request *request, const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        finish_durable(request, KEYSTORE_OK, SLICE_NONE);
    else
        finish_unknown(request, reply);
}

static struct redis_command *begin(
        struct keystore *base, size_t word_count, const char *verb, struct slice id)
{
    struct redis_command *command = redis_link_command(keystore_of(base)->link);
    redis_command_begin(command, word_count);
    redis_command_add(command, slice_of_string(verb));
    redis_command_add_joined(command, SLICE_OF("k:"), id);
    return command;
}

static void submit(struct keystore *base,
        void (*on_reply)(struct redis_request *, const redisReply *), keystore_done done,
        void *user)
{
    struct redis_request *request = redis_link_take(keystore_of(base)->link);
    request->on_reply = on_reply;
    request->owner = keystore_of(base);
    request->done = (void (*)(void))done;
    request->user = user;
    redis_link_send(keystore_of(base)->link, request);
}

static void port_put(struct keystore *base, struct slice id, struct slice wrapped,
        keystore_done done, void *user)
{
    struct redis_command *command = begin(base, 4, "SET", id);
    redis_command_add(command, wrapped);
    redis_command_add(command, SLICE_OF("NX"));
    submit(base, on_put, done, user);
}

static void port_get(struct keystore *base, struct slice id, keystore_done done, void *user)
{
    begin(base, 2, "GET", id);
    submit(base, on_get, done, user);
}

static void port_destroy(struct keystore *base, struct slice id, keystore_done done, void *user)
{
    begin(base, 2, "DEL", id);
    submit(base, on_destroy, done, user);
}

static const struct keystore_ops ops = {port_put, port_get, port_destroy};

static void on_generation(void *user, uint64_t generation)
{
    struct redis_keystore *keystore = user; /* no key is cached: nothing else to forget */
    if (generation == 0 && keystore->barrier != NULL)
        redis_barrier_fail(keystore->barrier);
}

struct redis_keystore *redis_keystore_create(
        struct uv_loop_s *loop, struct timers *timers, const struct redis_options *options)
{
    struct redis_keystore *keystore = calloc(1, sizeof *keystore);
    if (keystore == NULL)
        return NULL;
    keystore->base.ops = &ops;
    keystore->link = redis_link_create(loop, timers, options, DURABILITY_ALWAYS,
            (struct redis_link_events){on_generation, keystore});
    if (keystore->link != NULL && options->replicas > 0)
        keystore->barrier = redis_barrier_create(loop, timers, options, keystore->link);
    if (keystore->link == NULL || (options->replicas > 0 && keystore->barrier == NULL)) {
        if (keystore->link != NULL)
            redis_link_destroy(keystore->link);
        free(keystore);
        return NULL;
    }
    return keystore;
}

void redis_keystore_destroy(struct redis_keystore *keystore)
{
    if (keystore->barrier != NULL)
        redis_barrier_destroy(keystore->barrier);
    redis_link_destroy(keystore->link);
    free(keystore);
}

struct keystore *redis_keystore_port(struct redis_keystore *keystore)
{
    return &keystore->base;
}

bool redis_keystore_is_up(const struct redis_keystore *keystore)
{
    return redis_link_generation(keystore->link) != 0;
}
