/* SPDX-License-Identifier: Apache-2.0 */
/* A link that asks Sentinels: made-up ones, to say what real ones say in bad times; then three real
 * ones with a real master and its replica. */
#include "asking.h"
#include "lib/test.h"
#include "loop/loop.h"
#include "real.h"
#include "redis_fleet.h"
#include "stand_in.h"
#include "store/redis_keystore.h"
#include "store/redis_sentinel.h"
#include "subject.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENTINELS = 3 };

static struct redis_sentinel *sentinel;
static struct redis_store *own;
static struct store *store;

static struct redis_options open_sentinels(const uint16_t *ports, size_t count)
{
    struct redis_place places[SENTINELS];
    for (size_t i = 0; i < count; i++)
        places[i] = (struct redis_place){"127.0.0.1", ports[i]};
    struct redis_sentinel_options asked = {.sentinels = places,
            .count = count,
            .master = FLEET_MASTER,
            .ask_ms = 20,
            .silence_ms_max = 2000};
    sentinel = redis_sentinel_create(loop_uv(real_loop()), loop_timers(real_loop()), &asked);
    expect(sentinel != NULL);
    struct redis_options options = real_options(NULL);
    options.sentinel = sentinel;
    return options;
}

static void open_store(const struct redis_options *options)
{
    asking_begin();
    own = real_store(options);
    store = redis_store_port(own);
}

static void close_store(void)
{
    real_destroy(own);
    redis_sentinel_destroy(sentinel);
    for (int i = 0; i < 3; i++)
        loop_turn(real_loop());
    asking_end();
}

/* ---- made-up ----------------------------------------------------------------------------------
 */

static struct stand_in advisers[2], masters[2];

static void begin_made_up(void)
{
    uint16_t ports[2];
    for (int i = 0; i < 2; i++) {
        stand_in_bind(&masters[i], loop_uv(real_loop()));
        masters[i].info = stand_in_info((char)('a' + i), "master", 0, 1);
        stand_in_listen(&masters[i]);
        stand_in_bind(&advisers[i], loop_uv(real_loop()));
        stand_in_listen(&advisers[i]);
        ports[i] = advisers[i].port;
    }
    struct redis_options options = open_sentinels(ports, 2);
    open_store(&options);
}

static void end_made_up(void)
{
    for (int i = 0; i < 2; i++) {
        stand_in_close(&masters[i]);
        stand_in_close(&advisers[i]);
    }
    close_store();
}

/* Until the adviser has been asked, and has answered, anew. */
struct heard {
    struct stand_in *adviser;
    unsigned more_than;
};

static bool is_heard(void *user)
{
    const struct heard *heard = user;
    return heard->adviser->heard > heard->more_than;
}

static void hear_both(void)
{
    for (int i = 0; i < 2; i++)
        real_wait(is_heard, &(struct heard){&advisers[i], advisers[i].heard + 4});
}

static void the_link_goes_where_the_sentinels_say(void)
{
    begin_made_up();
    hear_both();
    expect_u64(store->ops->generation(store), 0); /* nobody has said anything yet */
    stand_in_advise(&advisers[0], masters[0].port, 1);
    expect_u64(real_wait_generation(store, 0), 1);
    expect_u64(masters[0].accepted, 1);
    stand_in_advise(&advisers[0], masters[1].port, 2);
    expect_u64(real_wait_generation(store, 1), 0);
    expect_u64(real_wait_generation(store, 0), 2);
    expect_u64(masters[1].accepted, 1);
    end_made_up();
}

/* One is cut off beside the old master, and believes in it still. */
static void an_old_epoch_calls_nobody_back(void)
{
    begin_made_up();
    stand_in_advise(&advisers[0], masters[0].port, 3);
    stand_in_advise(&advisers[1], masters[0].port, 3);
    expect_u64(real_wait_generation(store, 0), 1);
    stand_in_advise(&advisers[1], masters[1].port, 4);
    expect_u64(real_wait_generation(store, 1), 0);
    expect_u64(real_wait_generation(store, 0), 2);
    hear_both();
    stand_in_reset(&advisers[1]);
    hear_both();
    expect_u64(store->ops->generation(store), 2);
    expect_u64(masters[0].accepted, 1);
    end_made_up();
}

static void between_equals_the_present_stays(void)
{
    begin_made_up();
    stand_in_advise(&advisers[0], masters[0].port, 1);
    expect_u64(real_wait_generation(store, 0), 1);
    stand_in_advise(&advisers[1], masters[1].port, 1);
    hear_both();
    expect_u64(store->ops->generation(store), 1);
    expect_u64(masters[1].accepted, 0);
    end_made_up();
}

static void what_is_no_place_is_not_gone_to(void)
{
    static const char *const rows[] = {"*-1\r\n", "-ERR No such master with that name\r\n",
            "*2\r\n$9\r\nredis.lan\r\n$4\r\n6379\r\n", "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n0\r\n",
            "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n65536\r\n", "*1\r\n$9\r\n127.0.0.1\r\n", ":7\r\n"};
    begin_made_up();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        stand_in_advise(&advisers[0], masters[0].port, 1);
        advisers[0].place = rows[i];
        real_wait(is_heard, &(struct heard){&advisers[0], advisers[0].heard + 4});
        expect_u64(store->ops->generation(store), 0);
    }
    stand_in_advise(&advisers[0], masters[0].port, 1);
    expect_u64(real_wait_generation(store, 0), 1);
    end_made_up();
}

static bool is_accepted_again(void *user)
{
    const struct stand_in *adviser = user;
    return adviser->accepted > 1;
}

static void a_silent_sentinel_is_connected_to_anew(void)
{
    begin_made_up(); /* with nothing to say, both are silent */
    real_wait(is_accepted_again, &advisers[0]);
    stand_in_advise(&advisers[0], masters[0].port, 1);
    expect_u64(real_wait_generation(store, 0), 1);
    end_made_up();
}

/* ---- real -------------------------------------------------------------------------------------
 */

static struct fleet_server first, second, watchers[SENTINELS];

static struct redis_options begin_real(void)
{
    uint16_t ports[SENTINELS];
    char name[24];
    fleet_init(&first, "first");
    fleet_start(&first, NULL);
    fleet_init(&second, "second");
    fleet_start(&second, &first);
    fleet_await_replicas(&first, 1);
    for (int i = 0; i < SENTINELS; i++) {
        snprintf(name, sizeof name, "sentinel-%d", i);
        fleet_init(&watchers[i], name);
        fleet_start_sentinel(&watchers[i], &first);
        ports[i] = watchers[i].port;
    }
    fleet_await_sentinels(watchers, SENTINELS);
    return open_sentinels(ports, SENTINELS);
}

static void end_real(void)
{
    close_store();
    for (int i = 0; i < SENTINELS; i++)
        fleet_kill(&watchers[i]);
    fleet_kill(&second);
    fleet_kill(&first);
}

static bool is_other_generation(void *user)
{
    const uint64_t *before = user;
    uint64_t now = store->ops->generation(store);
    return now != 0 && now != *before;
}

/* Sentinels take seconds: one and a half to be sure, another to agree, then the replica is turned.
 */
static uint64_t await_failover(uint64_t before)
{
    struct timers *timers = loop_timers(real_loop());
    uint64_t began_ms = timers->ops->now_ms(timers);
    while (timers->ops->now_ms(timers) < began_ms + 120000 && !is_other_generation(&before))
        subject_turn();
    expect(is_other_generation(&before));
    return store->ops->generation(store);
}

static void fill(struct slice key, uint64_t count)
{
    expect_outcome(ask_birth(store, key, SLICE_OF("first")), STORE_OK);
    for (uint64_t seq = 2; seq <= count; seq++)
        expect_outcome(ask_append(store, key, seq, SLICE_OF("more")), STORE_OK);
}

static void expect_appending(struct slice key, uint64_t seq)
{
    const struct answer *tail =
            wait_for(ask_read(store, &(struct store_read){key, 1, UINT64_MAX, 1, true}));
    expect_outcome(tail, STORE_OK);
    expect_u64(tail->items[0].number, seq - 1);
    expect_outcome(ask_append(store, key, seq, SLICE_OF("next")), STORE_OK);
}

static void a_killed_master_is_followed_by_its_replica(void)
{
    struct redis_options options = begin_real();
    options.replicas = 1;
    open_store(&options);
    expect_u64(real_wait_generation(store, 0), 1);
    struct slice key = key_of("log");
    fill(key, 20);
    for (int i = 0; wait_for(ask_barrier(store, 1))->outcome != STORE_OK; i++)
        expect(i < 10000);
    fleet_kill(&first);
    expect_u64(real_wait_generation(store, 1), 0);
    uint64_t generation = await_failover(1);
    expect_appending(key, 21); /* the barrier held: nothing is lost */
    expect_outcome(ask_barrier(store, generation), STORE_UNKNOWN); /* alone now */
    end_real();
}

/* It keeps its connections open, and comes back believing that it is the master. */
static void a_stopped_master_is_left_and_stays_left(void)
{
    struct redis_options options = begin_real();
    options.silence_ms_max = 60000; /* only the Sentinels can tell */
    open_store(&options);
    expect_u64(real_wait_generation(store, 0), 1);
    struct slice key = key_of("log");
    fill(key, 20);
    fleet_await_replicas(&first, 1);
    fleet_signal(&first, SIGSTOP);
    struct answer *lost = ask_append(store, key, 21, SLICE_OF("lost"));
    uint64_t generation = await_failover(1);
    expect_outcome(lost, STORE_UNKNOWN);
    expect_appending(key, 21);
    fleet_signal(&first, SIGCONT);
    expect_appending(key, 22);
    expect_u64(store->ops->generation(store), generation);
    end_real();
}

int main(int argc, char **argv)
{
    int failed = test_main(argc, argv,
            (struct test_case[]){CASE(the_link_goes_where_the_sentinels_say),
                    CASE(an_old_epoch_calls_nobody_back), CASE(between_equals_the_present_stays),
                    CASE(what_is_no_place_is_not_gone_to),
                    CASE(a_silent_sentinel_is_connected_to_anew),
                    CASE(a_killed_master_is_followed_by_its_replica),
                    CASE(a_stopped_master_is_left_and_stays_left), {0}});
    real_finish();
    return failed;
}
