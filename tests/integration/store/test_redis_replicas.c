/* SPDX-License-Identifier: Apache-2.0 */
/* A real master and real replicas: nothing counts as durable before they hold it. */
#include "asking.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "real.h"
#include "redis_fleet.h"
#include "store/redis_keystore.h"
#include "subject.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct fleet_server master, replicas[2];
static struct redis_store *own;
static struct store *store;

static struct redis_options options_of(const struct fleet_server *server)
{
    struct redis_options options = real_options(NULL);
    options.host = "127.0.0.1";
    options.port = server->port;
    options.replicas = 1;
    options.wait_ms = 200;
    return options;
}

static void begin(unsigned replica_count)
{
    asking_begin();
    fleet_init(&master, "master");
    fleet_start(&master, NULL);
    for (unsigned i = 0; i < replica_count; i++) {
        fleet_init(&replicas[i], i == 0 ? "replica" : "second");
        fleet_start(&replicas[i], &master);
    }
    fleet_await_replicas(&master, replica_count);
    struct redis_options options = options_of(&master);
    own = real_store(&options);
    store = redis_store_port(own);
    expect_u64(real_wait_generation(store, 0), 1);
}

static void end(void)
{
    real_destroy(own);
    fleet_kill(&replicas[0]);
    fleet_kill(&replicas[1]);
    fleet_kill(&master);
    asking_end();
}

/* As a client that is told to try again does. */
static void retry_until_durable(void)
{
    for (int i = 0; wait_for(ask_barrier(store, 1))->outcome != STORE_OK; i++)
        expect(i < 100);
}

static void what_a_replica_holds_is_durable(void)
{
    begin(1);
    struct slice key = key_of("log");
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    retry_until_durable(); /* the link of the barrier may come up later than the other */
    expect_outcome(ask_append(store, key, 2, SLICE_OF("second")), STORE_OK);
    expect_outcome(ask_barrier(store, 1), STORE_OK);
    fleet_kill(&master);
    char last[64];
    snprintf(last, sizeof last, "%.*s", SLICE_ARGS(key));
    expect_text(slice_of_string(fleet_ask(&replicas[0], (const char *const[]){"XLEN", last, NULL})),
            "2");
    end();
}

static void without_the_replica_nothing_is_durable_until_it_is_back(void)
{
    begin(1);
    struct slice key = key_of("log");
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    retry_until_durable();
    fleet_signal(&replicas[0], SIGSTOP);
    expect_outcome(ask_append(store, key, 2, SLICE_OF("second")), STORE_OK);
    expect_outcome(ask_barrier(store, 1), STORE_UNKNOWN);
    expect_outcome(ask_barrier(store, 1), STORE_UNKNOWN);
    expect_u64(store->ops->generation(store), 1); /* reading goes on */
    expect_outcome(ask_read(store, &(struct store_read){key, 1, UINT64_MAX, 9, false}), STORE_OK);
    fleet_signal(&replicas[0], SIGCONT);
    retry_until_durable();
    fleet_kill(&replicas[0]);
    expect_outcome(ask_append(store, key, 3, SLICE_OF("third")), STORE_OK);
    expect_outcome(ask_barrier(store, 1), STORE_UNKNOWN);
    fleet_start(&replicas[0], &master);
    retry_until_durable();
    end();
}

static void waiting_for_replicas_holds_up_no_append(void)
{
    begin(1);
    struct slice key = key_of("log");
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    retry_until_durable();
    fleet_signal(&replicas[0], SIGSTOP);
    struct answer *barrier = ask_barrier(store, 1);
    struct answer *append = ask_append(store, key, 2, SLICE_OF("second"));
    expect_outcome(append, STORE_OK);
    expect_outcome(barrier, STORE_UNKNOWN);
    expect(append->place < barrier->place);
    fleet_signal(&replicas[0], SIGCONT);
    end();
}

static uint64_t wait_calls(void)
{
    const char *info = fleet_ask(&master, (const char *const[]){"INFO", "commandstats", NULL});
    const char *at = strstr(info, "cmdstat_wait:calls=");
    return at != NULL ? strtoull(at + 19, NULL, 10) : 0;
}

static void many_barriers_share_one_wait(void)
{
    enum { COUNT = 200 };
    struct answer *asked[COUNT];
    begin(1);
    retry_until_durable();
    uint64_t before = wait_calls();
    for (int i = 0; i < COUNT; i++)
        asked[i] = ask_barrier(store, 1);
    for (int i = 0; i < COUNT; i++)
        expect_outcome(asked[i], STORE_OK);
    expect(wait_calls() - before <= 2); /* the first flies alone */
    end();
}

/* Either could be promoted, so both must hold it, whatever the smaller number configured. */
static void a_replica_more_than_configured_counts_too(void)
{
    begin(2);
    struct slice key = key_of("log");
    retry_until_durable();
    fleet_signal(&replicas[1], SIGSTOP);
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    expect_outcome(ask_barrier(store, 1), STORE_UNKNOWN);
    fleet_signal(&replicas[1], SIGCONT);
    retry_until_durable();
    end();
}

static void a_master_that_misses_its_replicas_writes_nothing(void)
{
    begin(1);
    struct slice key = key_of("log");
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    fleet_ask(&master, (const char *const[]){"CONFIG", "SET", "min-replicas-to-write", "2", NULL});
    expect_outcome(ask_append(store, key, 2, SLICE_OF("second")), STORE_UNKNOWN);
    expect_u64(store->ops->generation(store), 1);
    struct answer *read = ask_read(store, &(struct store_read){key, 1, UINT64_MAX, 9, false});
    expect_u64(wait_for(read)->item_count, 1);
    fleet_ask(&master, (const char *const[]){"CONFIG", "SET", "min-replicas-to-write", "1", NULL});
    expect_outcome(ask_append(store, key, 2, SLICE_OF("second")), STORE_OK);
    end();
}

static void a_dying_master_leaves_barriers_unknown(void)
{
    begin(1);
    retry_until_durable();
    fleet_signal(&replicas[0], SIGSTOP);
    struct answer *asked[3];
    expect_outcome(ask_birth(store, key_of("log"), SLICE_OF("first")), STORE_OK);
    for (int i = 0; i < 3; i++)
        asked[i] = ask_barrier(store, 1);
    expect_outcome(ask_append(store, key_of("absent"), 2, SLICE_OF("x")), STORE_ABSENT);
    fleet_kill(&master);
    for (int i = 0; i < 3; i++)
        expect_outcome(asked[i], STORE_UNKNOWN);
    expect_u64(real_wait_generation(store, 1), 0);
    expect_outcome(ask_barrier(store, 1), STORE_UNKNOWN);
    fleet_signal(&replicas[0], SIGCONT);
    end();
}

static enum keystore_outcome key_outcome;
static char key_bytes[32];
static bool has_key_answer;

static void on_key(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    (void)user;
    key_outcome = outcome;
    snprintf(key_bytes, sizeof key_bytes, "%.*s", SLICE_ARGS(wrapped));
    has_key_answer = true;
}

static bool is_key_answered(void *user)
{
    (void)user;
    return has_key_answer;
}

static enum keystore_outcome key_answer(void)
{
    real_wait(is_key_answered, NULL);
    has_key_answer = false;
    return key_outcome;
}

static void a_key_is_nobodys_before_the_replica_has_it(void)
{
    begin(1);
    struct redis_options options = options_of(&master);
    struct redis_keystore *keys =
            redis_keystore_create(loop_uv(real_loop()), loop_timers(real_loop()), &options);
    struct keystore *port = redis_keystore_port(keys);
    do
        port->ops->put(port, SLICE_OF("1"), SLICE_OF("wrapped"), on_key, NULL);
    while (key_answer() == KEYSTORE_UNKNOWN);
    port->ops->get(port, SLICE_OF("1"), on_key, NULL);
    expect(key_answer() == KEYSTORE_OK);
    expect_text(slice_of_string(key_bytes), "wrapped");
    fleet_signal(&replicas[0], SIGSTOP);
    port->ops->put(port, SLICE_OF("2"), SLICE_OF("other"), on_key, NULL);
    expect(key_answer() == KEYSTORE_UNKNOWN);
    port->ops->get(port, SLICE_OF("2"), on_key, NULL);
    expect(key_answer() == KEYSTORE_UNKNOWN);
    port->ops->destroy(port, SLICE_OF("1"), on_key, NULL);
    expect(key_answer() == KEYSTORE_UNKNOWN);
    fleet_signal(&replicas[0], SIGCONT);
    do
        port->ops->destroy(port, SLICE_OF("1"), on_key, NULL);
    while (key_answer() == KEYSTORE_UNKNOWN);
    expect(key_outcome == KEYSTORE_OK);
    port->ops->put(port, SLICE_OF("2"), SLICE_OF("third"), on_key, NULL);
    expect(key_answer() == KEYSTORE_TAKEN);
    redis_keystore_destroy(keys);
    end();
}

int main(int argc, char **argv)
{
    int failed = test_main(argc, argv,
            (struct test_case[]){CASE(what_a_replica_holds_is_durable),
                    CASE(without_the_replica_nothing_is_durable_until_it_is_back),
                    CASE(waiting_for_replicas_holds_up_no_append),
                    CASE(many_barriers_share_one_wait),
                    CASE(a_replica_more_than_configured_counts_too),
                    CASE(a_master_that_misses_its_replicas_writes_nothing),
                    CASE(a_dying_master_leaves_barriers_unknown),
                    CASE(a_key_is_nobodys_before_the_replica_has_it), {0}});
    real_finish();
    return failed;
}
