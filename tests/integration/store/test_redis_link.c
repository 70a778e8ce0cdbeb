/* SPDX-License-Identifier: Apache-2.0 */
/* A real link in bad times: servers killed, stopped, absent, changed, or saying strange things. */
#include "asking.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "real.h"
#include "stand_in.h"
#include "store/redis_keystore.h"
#include "subject.h"

#include <signal.h>
#include <stdio.h>

static struct redis_process server;
static struct redis_store *own;
static struct store *store;
static struct stand_in stand_in;

static uint64_t generations[64];
static size_t generation_count;

static void on_generation(void *user, uint64_t generation)
{
    (void)user;
    generations[generation_count++ % 64] = generation;
}

static void open_store(const struct redis_options *options)
{
    asking_begin();
    own = real_store(options);
    store = redis_store_port(own);
    store->on_generation = on_generation;
    generation_count = 0;
}

static void begin_real(const char *name)
{
    redis_process_init(&server, name, DURABILITY_ALWAYS);
    redis_process_start(&server);
    struct redis_options options = real_options(&server);
    options.silence_ms_max = 2000;
    open_store(&options);
    expect_u64(real_wait_generation(store, 0), 1);
}

static void end_real(void)
{
    real_destroy(own);
    redis_process_kill(&server);
    asking_end();
}

/* The watchdog would find almost any fault in the end: to see who finds it, it may be made slow. */
static void open_store_on_stand_in(uint64_t watch_ms, uint64_t silence_ms_max)
{
    struct redis_options options = real_options(NULL);
    options.host = "127.0.0.1";
    options.port = stand_in.port;
    options.watch_ms = watch_ms;
    options.silence_ms_max = silence_ms_max;
    open_store(&options);
}

static void begin_stand_in(uint64_t watch_ms)
{
    stand_in_bind(&stand_in, loop_uv(real_loop()));
    stand_in.info = stand_in_info('a', "master", 0, 1);
    stand_in_listen(&stand_in);
    open_store_on_stand_in(watch_ms, 60000);
    expect_u64(real_wait_generation(store, 0), 1);
}

static void end_stand_in(void)
{
    stand_in_close(&stand_in);
    real_destroy(own);
    asking_end();
}

static bool have_enough(void *user)
{
    const struct answer *const *answers = user;
    return answers[0]->times > 0;
}

/* Sends appends without waiting; kills the server while they are underway. */
static void what_was_acknowledged_survives_kill_9(void)
{
    enum { COUNT = 4000 };
    struct answer *asked[COUNT];
    begin_real("killed");
    struct slice key = key_of("log");
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    for (uint64_t i = 0; i < COUNT; i++)
        asked[i] = ask_append(store, key, i + 2, SLICE_OF("a record of some length"));
    real_wait(have_enough, &asked[COUNT / 10]);
    redis_process_kill(&server);
    expect_u64(real_wait_generation(store, 1), 0);
    uint64_t good = 0, unknown = 0;
    for (size_t i = 0; i < COUNT; i++) {
        expect_u64(asked[i]->times, 1);
        expect(asked[i]->outcome == STORE_OK || asked[i]->outcome == STORE_UNKNOWN);
        expect(asked[i]->outcome == STORE_UNKNOWN || unknown == 0);
        expect_u64(asked[i]->generation, 1);
        good += asked[i]->outcome == STORE_OK;
        unknown += asked[i]->outcome == STORE_UNKNOWN;
    }
    test_note("%d acknowledged, %d unknown", (int)good, (int)unknown);
    expect(good >= COUNT / 10 && unknown > 0);
    redis_process_start(&server);
    expect_u64(real_wait_generation(store, 0), 2);
    const struct answer *tail =
            wait_for(ask_read(store, &(struct store_read){key, 1, UINT64_MAX, 1, true}));
    expect_outcome(tail, STORE_OK);
    expect(tail->items[0].number >= good + 1);
    expect_u64(generation_count, 3);
    expect(generations[0] == 1 && generations[1] == 0 && generations[2] == 2);
    end_real();
}

static void while_the_link_is_down_all_is_unknown(void)
{
    begin_real("down");
    redis_process_kill(&server);
    expect_u64(real_wait_generation(store, 1), 0);
    uint64_t before_ms = store->ops->now_ms(store);
    struct answer *append = ask_birth(store, key_of("log"), SLICE_OF("x"));
    struct answer *read =
            ask_read(store, &(struct store_read){key_of("log"), 1, UINT64_MAX, 1, true});
    struct answer *barrier = ask_barrier(store, 1);
    expect_outcome(append, STORE_UNKNOWN);
    expect_u64(append->generation, 0);
    expect_outcome(read, STORE_UNKNOWN);
    expect_outcome(barrier, STORE_UNKNOWN);
    expect(store->ops->now_ms(store) >= before_ms);
    end_real();
}

static void a_stopped_server_ends_the_generation(void)
{
    begin_real("stopped");
    kill(server.pid, SIGSTOP);
    struct answer *asked = ask_birth(store, key_of("log"), SLICE_OF("x"));
    expect_u64(real_wait_generation(store, 1), 0);
    expect_outcome(asked, STORE_UNKNOWN);
    kill(server.pid, SIGCONT);
    expect_u64(real_wait_generation(store, 0), 2);
    end_real();
}

static void a_server_that_is_not_there_yet_is_waited_for(void)
{
    redis_process_init(&server, "late", DURABILITY_ALWAYS);
    struct redis_options options = real_options(&server);
    open_store(&options);
    expect_outcome(ask_get(store, key_of("x")), STORE_UNKNOWN);
    expect_u64(store->ops->now_ms(store), 0);
    redis_process_start(&server);
    expect_u64(real_wait_generation(store, 0), 1);
    expect_outcome(ask_get(store, key_of("x")), STORE_ABSENT);
    end_real();
}

static void more_requests_than_the_pool_holds_are_unknown(void)
{
    struct answer *asked[8];
    unsigned good = 0;
    redis_process_init(&server, "small", DURABILITY_ALWAYS);
    redis_process_start(&server);
    struct redis_options options = real_options(&server);
    options.requests_max = 4;
    open_store(&options);
    expect_u64(real_wait_generation(store, 0), 1);
    for (size_t i = 0; i < 8; i++)
        asked[i] = ask_put(store, SLICE_OF("x"), SLICE_OF("y"), 0);
    for (size_t i = 0; i < 8; i++)
        good += wait_for(asked[i])->outcome == STORE_OK;
    expect(good > 0 && good <= 4);
    expect(asked[7]->outcome == STORE_UNKNOWN && asked[7]->generation == 0);
    expect_outcome(ask_get(store, SLICE_OF("x")), STORE_OK);
    end_real();
}

static void a_server_that_syncs_less_than_promised_is_refused(void)
{
    redis_process_init(&server, "lazy", DURABILITY_EVERYSEC);
    redis_process_start(&server);
    struct redis_options options = real_options(&server);
    open_store(&options);
    for (int i = 0; i < 200; i++)
        wait_for(ask_get(store, SLICE_OF("x")));
    asking_end();
    struct redis_store *content = redis_store_create(
            loop_uv(real_loop()), loop_timers(real_loop()), &options, DURABILITY_EVERYSEC);
    expect_u64(real_wait_generation(redis_store_port(content), 0), 1);
    expect_u64(store->ops->generation(store), 0);
    real_destroy(content);
    end_real();
}

static bool has_accepted_several(void *user)
{
    (void)user;
    return stand_in.accepted >= 5;
}

static void a_refused_connection_is_tried_again(void)
{
    stand_in_bind(&stand_in, loop_uv(real_loop()));
    stand_in.info = stand_in_info('a', "master", 0, 1);
    open_store_on_stand_in(50, 60000);
    for (int i = 0; i < 20; i++)
        wait_for(ask_get(store, SLICE_OF("x")));
    stand_in_listen(&stand_in);
    expect_u64(real_wait_generation(store, 0), 1);
    expect_u64(store->ops->now_ms(store) / 1000, 1700000000);
    end_stand_in();
}

static bool has_heard_all(void *user)
{
    return stand_in.heard >= *(unsigned *)user;
}

static void a_reset_connection_is_tried_again(void)
{
    begin_stand_in(60000);
    struct answer *asked = ask_get(store, key_of("x"));
    real_wait(has_heard_all, &(unsigned){4});
    stand_in_reset(&stand_in);
    expect_outcome(asked, STORE_UNKNOWN);
    expect_u64(store->ops->generation(store), 0);
    expect_u64(real_wait_generation(store, 0), 2);
    stand_in.resets = true;
    stand_in_reset(&stand_in);
    real_wait(has_accepted_several, NULL);
    expect_u64(store->ops->generation(store), 0);
    stand_in.resets = false;
    expect_u64(real_wait_generation(store, 0), 3);
    end_stand_in();
}

static void what_redis_says_is_understood(void)
{
    static const struct {
        const char *reply;
        enum store_outcome outcome;
        bool ends; /* the generation */
    } rows[] = {{"$3\r\n1-0\r\n", STORE_OK, false}, {"$-1\r\n", STORE_ABSENT, false},
            {"-ERR The ID specified in XADD is equal or smaller than the target stream top "
             "item\r\n",
                    STORE_REFUSED, false},
            {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", STORE_FULL, false},
            {"-MISCONF Errors writing to the AOF file: No space left on device\r\n", STORE_FULL,
                    false},
            {"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
                    STORE_UNKNOWN, false},
            {"-ERR some words of a customer\r\n", STORE_UNKNOWN, false},
            {"-READONLY You can't write against a read only replica.\r\n", STORE_UNKNOWN, true},
            {"-LOADING Redis is loading the dataset in memory\r\n", STORE_UNKNOWN, true},
            {"-MASTERDOWN Link with MASTER is down\r\n", STORE_UNKNOWN, true},
            {"-MOVED 3999 127.0.0.1:6381\r\n", STORE_UNKNOWN, true},
            {"-CLUSTERDOWN The cluster is down\r\n", STORE_UNKNOWN, true},
            {":7\r\n", STORE_UNKNOWN, true}, {"*0\r\n", STORE_UNKNOWN, true},
            {"?what\r\n", STORE_UNKNOWN, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        begin_stand_in(50);
        stand_in.next = rows[i].reply;
        struct answer *first = ask_append(store, key_of("log"), 2, SLICE_OF("x"));
        struct answer *second = ask_append(store, key_of("log"), 3, SLICE_OF("x"));
        expect_outcome(first, rows[i].outcome);
        expect_outcome(second, rows[i].outcome);
        expect_u64(first->generation, 1);
        if (rows[i].ends)
            expect_u64(store->ops->generation(store) == 1 ? real_wait_generation(store, 1) : 0, 0);
        expect_u64(store->ops->generation(store), rows[i].ends ? 0 : 1);
        end_stand_in();
    }
}

static void a_strangers_entry_spoils_its_read_alone(void)
{
    begin_stand_in(50);
    stand_in.next = "*1\r\n*2\r\n$3\r\n7-3\r\n*2\r\n$1\r\ne\r\n$1\r\nx\r\n";
    expect_outcome(ask_read(store, &(struct store_read){key_of("log"), 1, UINT64_MAX, 9, false}),
            STORE_UNKNOWN);
    stand_in.next = "*1\r\n*2\r\n$3\r\n7-0\r\n*4\r\n$1\r\ne\r\n$1\r\nx\r\n$1\r\ne\r\n$1\r\nx\r\n";
    expect_outcome(ask_read(store, &(struct store_read){key_of("log"), 1, UINT64_MAX, 9, false}),
            STORE_UNKNOWN);
    expect_u64(store->ops->generation(store), 1);
    end_stand_in();
}

static void a_changed_server_is_left(void)
{
    begin_stand_in(50);
    stand_in.info = stand_in_info('b', "master", 0, 1);
    expect_u64(real_wait_generation(store, 1), 0);
    expect_u64(real_wait_generation(store, 0), 2);
    stand_in.info = stand_in_info('b', "slave", 0, 1);
    expect_u64(real_wait_generation(store, 2), 0);
    end_stand_in();
}

static void a_server_that_will_not_do_never_comes_up(void)
{
    static const char *const maxed = "-ERR max number of clients reached\r\n";
    for (int row = 0; row < 6; row++) {
        test_note("row %d", row);
        stand_in_bind(&stand_in, loop_uv(real_loop()));
        stand_in.info = stand_in_info('a', row == 0 ? "slave" : "master", row == 1, row != 2);
        if (row == 3)
            stand_in.policy = "*2\r\n$11\r\nappendfsync\r\n$8\r\neverysec\r\n";
        if (row == 4)
            stand_in.info = "-NOAUTH Authentication required.\r\n";
        if (row == 5)
            stand_in.greeting = maxed;
        stand_in_listen(&stand_in);
        open_store_on_stand_in(50, 60000);
        real_wait(has_accepted_several, NULL);
        expect_u64(store->ops->generation(store), 0);
        expect_u64(generation_count, 0);
        end_stand_in();
    }
}

static void a_server_that_never_answers_is_left(void)
{
    stand_in_bind(&stand_in, loop_uv(real_loop()));
    stand_in_listen(&stand_in);
    stand_in.time = NULL;
    stand_in.info = NULL;
    open_store_on_stand_in(50, 300);
    real_wait(has_accepted_several, NULL);
    expect_u64(store->ops->generation(store), 0);
    end_stand_in();
}

static struct answer *chained;
static uint64_t generation_in_answer;

static void on_chained(void *user, const struct store_reply *reply)
{
    (void)user, (void)reply;
    generation_in_answer = store->ops->generation(store);
    chained = ask_get(store, slice_of_string("chained"));
}

/* Whoever asks again from within an answer, also from within the end of a link, is answered. */
static void an_answer_may_ask_again(void)
{
    begin_stand_in(50);
    generation_in_answer = UINT64_MAX;
    store->ops->get(store, SLICE_OF("x"), on_chained, NULL);
    stand_in_reset(&stand_in);
    expect_u64(real_wait_generation(store, 1), 0);
    expect_outcome(chained, STORE_UNKNOWN);
    expect_u64(chained->generation, 0);
    expect_u64(generation_in_answer, 0);
    end_stand_in();
}

/* Destroying a store forgets what it owes; nothing is freed twice or leaked. */
static void a_busy_store_may_be_destroyed(void)
{
    begin_real("destroyed");
    for (uint64_t i = 0; i < 100; i++)
        store->ops->put(store, SLICE_OF("x"), SLICE_OF("y"), 0, NULL, NULL);
    end_real();
}

static void options_that_cannot_work_are_refused(void)
{
    static char far[300];
    memset(far, 'x', sizeof far - 1);
    struct redis_options rows[] = {{0}, {.unix_path = "/a", .host = "::1"},
            {.host = "redis.example", .port = 6379}, {.unix_path = far},
            {.unix_path = "/a", .password = far}, {.unix_path = "/a", .name = far}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        test_note("row %zu", i);
        expect(real_store(&rows[i]) == NULL);
    }
}

static enum keystore_outcome key_outcome;
static char wrapped_bytes[16];
static bool is_key_told;

static void on_key(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    (void)user;
    key_outcome = outcome;
    is_key_told = true;
    memset(wrapped_bytes, 0, sizeof wrapped_bytes);
    if (wrapped.len > 0)
        memcpy(wrapped_bytes, wrapped.bytes, wrapped.len);
}

static bool is_told(void *user)
{
    (void)user;
    return is_key_told;
}

static enum keystore_outcome key_answer(void)
{
    expect(!is_key_told); /* never inside the call */
    real_wait(is_told, NULL);
    is_key_told = false;
    return key_outcome;
}

static bool is_keystore_up(void *user)
{
    return redis_keystore_is_up(user);
}

static bool is_keystore_down(void *user)
{
    return !redis_keystore_is_up(user);
}

static void keys_are_put_once_and_stay_destroyed(void)
{
    redis_process_init(&server, "keys", DURABILITY_ALWAYS);
    redis_process_start(&server);
    struct redis_options options = real_options(&server);
    struct redis_keystore *keys =
            redis_keystore_create(loop_uv(real_loop()), loop_timers(real_loop()), &options);
    struct keystore *port = redis_keystore_port(keys);
    port->ops->put(port, SLICE_OF("1"), SLICE_OF("early"), on_key, NULL);
    expect(key_answer() == KEYSTORE_UNKNOWN);
    real_wait(is_keystore_up, keys);
    port->ops->put(port, SLICE_OF("1"), SLICE_OF("se\0cret"), on_key, NULL);
    expect(key_answer() == KEYSTORE_OK);
    port->ops->put(port, SLICE_OF("1"), SLICE_OF("other"), on_key, NULL);
    expect(key_answer() == KEYSTORE_TAKEN);
    port->ops->put(port, SLICE_OF("2"), SLICE_OF("kept"), on_key, NULL);
    expect(key_answer() == KEYSTORE_OK);
    port->ops->destroy(port, SLICE_OF("1"), on_key, NULL);
    expect(key_answer() == KEYSTORE_OK);
    redis_process_kill(&server);
    real_wait(is_keystore_down, keys);
    redis_process_start(&server);
    real_wait(is_keystore_up, keys);
    port->ops->get(port, SLICE_OF("1"), on_key, NULL);
    expect(key_answer() == KEYSTORE_ABSENT);
    port->ops->get(port, SLICE_OF("2"), on_key, NULL);
    expect(key_answer() == KEYSTORE_OK);
    expect_text(slice_of_string(wrapped_bytes), "kept");
    port->ops->destroy(port, SLICE_OF("1"), on_key, NULL);
    expect(key_answer() == KEYSTORE_OK);
    redis_keystore_destroy(keys);
    for (int i = 0; i < 3; i++)
        loop_turn(real_loop());
    redis_process_kill(&server);
}

int main(int argc, char **argv)
{
    int failed = test_main(argc, argv,
            (struct test_case[]){CASE(what_was_acknowledged_survives_kill_9),
                    CASE(while_the_link_is_down_all_is_unknown),
                    CASE(a_stopped_server_ends_the_generation),
                    CASE(a_server_that_is_not_there_yet_is_waited_for),
                    CASE(more_requests_than_the_pool_holds_are_unknown),
                    CASE(a_server_that_syncs_less_than_promised_is_refused),
                    CASE(a_refused_connection_is_tried_again),
                    CASE(a_reset_connection_is_tried_again), CASE(what_redis_says_is_understood),
                    CASE(a_strangers_entry_spoils_its_read_alone), CASE(a_changed_server_is_left),
                    CASE(a_server_that_will_not_do_never_comes_up),
                    CASE(a_server_that_never_answers_is_left), CASE(an_answer_may_ask_again),
                    CASE(a_busy_store_may_be_destroyed), CASE(options_that_cannot_work_are_refused),
                    CASE(keys_are_put_once_and_stay_destroyed), {0}});
    real_finish();
    return failed;
}
