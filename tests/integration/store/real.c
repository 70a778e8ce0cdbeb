/* SPDX-License-Identifier: Apache-2.0 */
/* A real redis-server as the subject of the contract, and what other tests on real sockets share.
 *
 * Invariant: whoever waits is woken by the loop, or fails after a minute.
 * WEFT_PATIENCE_MS: another time, for a test that is to fail.
 */
#include "real.h"

#include "lib/test.h"
#include "loop/loop.h"
#include "subject.h"

#include <stdlib.h>
#include <uv.h>

enum { PATIENCE_MS = 60000 };

struct store *one, *two;

static struct loop *loop;
static struct redis_process contract_server;
static struct redis_store *first, *second;
static struct timer guard;
static bool is_patience_over;

struct loop *real_loop(void)
{
    if (loop == NULL)
        loop = loop_create();
    return loop;
}

static uint64_t patience_ms(void)
{
    const char *other = getenv("WEFT_PATIENCE_MS");
    return other ? strtoull(other, NULL, 10) : PATIENCE_MS;
}

static void on_guard_due(struct timer *timer)
{
    (void)timer;
    is_patience_over = true;
}

/* One blocking turn. */
void subject_turn(void)
{
    struct timers *timers = loop_timers(real_loop());
    is_patience_over = false;
    guard.on_due = on_guard_due;
    timers->ops->arm(timers, &guard, timers->ops->now_ms(timers) + patience_ms());
    uv_run(loop_uv(loop), UV_RUN_ONCE);
    timers->ops->cancel(timers, &guard);
    expect(!is_patience_over);
}

void real_wait(bool (*condition)(void *user), void *user)
{
    struct timers *timers = loop_timers(real_loop());
    uint64_t until_ms = timers->ops->now_ms(timers) + patience_ms();
    while (!condition(user)) {
        expect(timers->ops->now_ms(timers) < until_ms);
        subject_turn();
    }
}

struct waited {
    struct store *store;
    uint64_t other_than;
};

static bool is_other(void *user)
{
    struct waited *waited = user;
    return waited->store->ops->generation(waited->store) != waited->other_than;
}

uint64_t real_wait_generation(struct store *store, uint64_t other_than)
{
    struct waited waited = {store, other_than};
    real_wait(is_other, &waited);
    return store->ops->generation(store);
}

struct redis_options real_options(const struct redis_process *process)
{
    return (struct redis_options){.unix_path = process ? process->socket_path : NULL,
            .name = "test",
            .random = system_random(),
            .watch_ms = 50,
            .silence_ms_max = 5000,
            .retry_ms_min = 5,
            .retry_ms_max = 50};
}

struct redis_store *real_store(const struct redis_options *options)
{
    return redis_store_create(
            loop_uv(real_loop()), loop_timers(real_loop()), options, DURABILITY_ALWAYS);
}

void real_destroy(struct redis_store *store)
{
    redis_store_destroy(store);
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
}

void subject_begin(void)
{
    if (contract_server.pid == 0) {
        redis_process_init(&contract_server, "contract", DURABILITY_ALWAYS);
        redis_process_start(&contract_server);
    }
    struct redis_options options = real_options(&contract_server);
    first = real_store(&options);
    second = real_store(&options);
    one = redis_store_port(first);
    two = redis_store_port(second);
    real_wait_generation(one, 0);
    real_wait_generation(two, 0);
}

void subject_end(void)
{
    real_destroy(first);
    real_destroy(second);
}

void real_finish(void)
{
    redis_process_kill(&contract_server);
    if (loop != NULL)
        loop_destroy(loop);
    loop = NULL;
}
