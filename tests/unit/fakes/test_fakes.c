/* SPDX-License-Identifier: Apache-2.0 */
/* The fakes themselves: virtual time, and a made-up Redis whose faults are those that it promises.
 * What it shares with the real store is the contract suite's (tests/integration/store). */
#include "lib/fake_keystore.h"
#include "lib/fake_store.h"
#include "lib/test.h"

#include <inttypes.h>
#include <stdlib.h>

static struct fake_clock time_line;
static struct fake_server *server;
static struct store *one, *two;

struct tally {
    unsigned count[5]; /* by outcome */
    enum store_outcome last;
    uint64_t generation;
    unsigned order[64], total;
};

static void on_done(void *user, const struct store_reply *reply)
{
    struct tally *tally = user;
    tally->count[reply->outcome]++;
    tally->last = reply->outcome;
    tally->generation = reply->generation;
    tally->total++;
}

static void begin(uint64_t seed)
{
    fake_clock_init(&time_line, seed);
    server = fake_server_create(&time_line, seed);
    one = fake_server_join(server);
    two = fake_server_join(server);
    fake_clock_run_for(&time_line, 10);
}

static void end(void)
{
    fake_server_destroy(server);
    fake_clock_finish(&time_line);
}

static void append(struct store *store, uint64_t seq, struct tally *tally)
{
    struct store_append request = {
            SLICE_OF("c:1"), seq, .is_birth = seq == 1, .record = SLICE_OF("words")};
    store->ops->append(store, &request, on_done, tally);
}

static size_t stored(void)
{
    struct store_item items[STORE_ITEMS_MAX];
    return fake_server_read(server, SLICE_OF("c:1"), 1, STORE_ITEMS_MAX, items);
}

static uint64_t fired[4];
static size_t fired_count;

static void on_due(struct timer *timer)
{
    fired[fired_count++] = timer->due_ms;
}

static void timers_fire_when_due_and_never_when_cancelled(void)
{
    struct fake_timers timers, doomed;
    struct timer a = {.on_due = on_due}, b = a, c = a, d = a;
    fired_count = 0;
    fake_clock_init(&time_line, 7);
    fake_timers_init(&timers, &time_line);
    fake_timers_init(&doomed, &time_line);
    fake_timers_arm(&timers, &a, 1300);
    fake_timers_arm(&timers, &b, 1100);
    fake_timers_arm(&timers, &c, 1200);
    fake_timers_arm(&doomed, &d, 1150);
    fake_timers_cancel(&timers, &c);
    fake_timers_crash(&doomed);
    fake_clock_run_until(&time_line, 1299);
    expect_u64(fired_count, 1);
    expect_u64(fired[0], 1100);
    expect(fake_clock_step(&time_line) && !fake_clock_step(&time_line));
    expect_u64(time_line.now_ms, 1300);
    expect(c.heap_at == 0 && d.heap_at == 0);
    fake_clock_finish(&time_line);
}

static void a_cut_link_completes_all_as_unknown_once_and_comes_back(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct tally tally = {0};
        test_note("seed %" PRIu64, seed);
        begin(seed);
        for (uint64_t seq = 1; seq <= 20; seq++)
            append(one, seq, &tally);
        fake_store_cut(one);
        append(one, 21, &tally);
        expect_u64(tally.total, 0);
        fake_clock_run_for(&time_line, 50);
        expect_u64(tally.count[STORE_UNKNOWN], 21);
        expect_u64(tally.total, 21);
        expect(stored() <= 20);
        expect_u64(one->ops->generation(one), 2);
        expect_u64(two->ops->generation(two), 1);
        end();
    }
}

static void what_was_underway_may_run_after_its_link_died(void)
{
    unsigned late = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct tally tally = {0};
        begin(seed);
        fake_server_faults(server)->orphans_per_mille = 1000;
        fake_server_faults(server)->orphan_ms_max = 500;
        for (uint64_t seq = 1; seq <= 20; seq++)
            append(one, seq, &tally);
        fake_store_cut(one);
        fake_clock_run_for(&time_line, 20);
        expect_u64(tally.total, 20);
        size_t before = stored();
        fake_clock_run_for(&time_line, 20000);
        expect_u64(stored(), 20);
        late += before < 20;
        end();
    }
    expect(late > 25);
}

static void a_crashed_process_hears_nothing(void)
{
    struct tally tally = {0}, after = {0};
    begin(3);
    append(one, 1, &tally);
    fake_clock_run_for(&time_line, 2);
    append(one, 2, &tally);
    unsigned heard = tally.total;
    fake_store_crash(one);
    expect_u64(fake_store_outstanding(one), 0);
    fake_clock_run_for(&time_line, 50);
    expect_u64(tally.total, heard);
    expect_u64(one->ops->generation(one), 2);
    append(one, 9, &after);
    fake_clock_run_for(&time_line, 50);
    expect_u64(after.count[STORE_OK], 1);
    end();
}

static void a_doomed_command_meets_its_fate(void)
{
    static const struct {
        enum fake_fate fate;
        enum store_outcome outcome;
        size_t stored;
        uint64_t generation;
    } rows[] = {{FAKE_FATE_NONE, STORE_OK, 1, 1}, {FAKE_FATE_UNKNOWN_RAN, STORE_UNKNOWN, 1, 1},
            {FAKE_FATE_UNKNOWN_NEVER, STORE_UNKNOWN, 0, 1}, {FAKE_FATE_FULL, STORE_FULL, 0, 1},
            {FAKE_FATE_CUT_RAN, STORE_UNKNOWN, 1, 2}, {FAKE_FATE_CUT_NEVER, STORE_UNKNOWN, 0, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tally tally = {0};
        test_note("row %zu", i);
        begin(5);
        fake_store_doom(one, rows[i].fate);
        append(one, 1, &tally);
        fake_clock_run_for(&time_line, 50);
        expect_u64(tally.total, 1);
        expect(tally.last == rows[i].outcome);
        expect_u64(tally.generation, 1);
        expect_u64(stored(), rows[i].stored);
        expect_u64(one->ops->generation(one), rows[i].generation);
        end();
    }
}

static void a_killed_server_refuses_until_it_is_started(void)
{
    struct tally tally = {0};
    begin(6);
    append(one, 1, &tally);
    fake_clock_run_for(&time_line, 20);
    fake_server_kill(server);
    fake_clock_run_for(&time_line, 500);
    expect_u64(one->ops->generation(one), 0);
    append(one, 2, &tally);
    expect_u64(tally.total, 1);
    fake_clock_run_for(&time_line, 20);
    expect_u64(tally.count[STORE_UNKNOWN], 1);
    expect_u64(tally.generation, 0);
    fake_server_start(server);
    fake_clock_run_for(&time_line, 500);
    expect_u64(one->ops->generation(one), 2);
    expect_u64(stored(), 1);
    end();
}

static void a_failover_loses_no_more_than_what_no_barrier_covered(void)
{
    size_t lost_most = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct tally tally = {0}, barrier = {0}, old = {0};
        test_note("seed %" PRIu64, seed);
        begin(seed);
        for (uint64_t seq = 1; seq <= 10; seq++)
            append(one, seq, &tally);
        fake_clock_run_for(&time_line, 100);
        one->ops->barrier(one, 1, on_done, &barrier);
        fake_clock_run_for(&time_line, 100);
        expect_u64(barrier.count[STORE_OK], 1);
        for (uint64_t seq = 11; seq <= 20; seq++)
            append(one, seq, &tally);
        fake_clock_run_for(&time_line, 100);
        size_t lost = fake_server_fail_over(server, 20);
        expect(lost <= 10 && stored() == 20 - lost);
        lost_most = lost > lost_most ? lost : lost_most;
        append(one, 21, &old);
        one->ops->barrier(one, 1, on_done, &barrier);
        fake_clock_run_for(&time_line, 100);
        expect_u64(old.count[STORE_OK], 1);
        expect_u64(barrier.count[STORE_UNKNOWN], 1);
        expect_u64(stored(), 20 - lost);
        fake_server_demote(server);
        fake_clock_run_for(&time_line, 100);
        expect_u64(one->ops->generation(one), 2);
        end();
    }
    expect(lost_most > 5);
}

/* All faults on; returns a number that hangs on everything that happened. */
static uint64_t run_wild(uint64_t seed)
{
    struct tally tally = {0};
    begin(seed);
    *fake_server_faults(server) = (struct fake_faults){.delay_ms_max = 9,
            .detect_ms_max = 5,
            .reconnect_ms_max = 20,
            .cut_per_mille = 30,
            .unknown_per_mille = 30,
            .full_per_mille = 30,
            .orphans_per_mille = 500,
            .orphan_ms_max = 50,
            .clock_error_ms_max = 40};
    expect(fake_server_append(server, SLICE_OF("c:1"), 1, SLICE_OF("words")) == STORE_OK);
    for (uint64_t seq = 2; seq <= 301; seq++) {
        append(seq % 2 ? one : two, seq, &tally);
        fake_clock_run_for(&time_line, 1);
    }
    fake_clock_run_for(&time_line, 3000);
    expect_u64(tally.total, 300);
    expect(tally.count[STORE_UNKNOWN] > 0 && tally.count[STORE_OK] > 0);
    uint64_t sum = one->ops->generation(one) * 31 + two->ops->generation(two);
    for (size_t i = 0; i < 5; i++)
        sum = sum * 1009 + tally.count[i];
    sum = sum * 1009 + stored();
    end();
    return sum;
}

static void a_seed_is_a_run(void)
{
    bool differ = false;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        uint64_t first = run_wild(seed);
        test_note("seed %" PRIu64, seed);
        expect_u64(run_wild(seed), first);
        differ = differ || run_wild(seed + 100) != first;
    }
    expect(differ);
}

static void the_trace_holds_the_last_lines(void)
{
    struct tally tally = {0};
    char *text = NULL;
    size_t len = 0;
    begin(1);
    for (uint64_t seq = 1; seq <= 2 * 400; seq++)
        append(one, seq, &tally);
    fake_clock_run_for(&time_line, 5000);
    FILE *out = open_memstream(&text, &len);
    fake_server_trace(server, out);
    fclose(out);
    expect(strstr(text, "append c:1 800 5B ok") != NULL);
    expect(strstr(text, "append c:1 400 5B ok") == NULL);
    free(text);
    end();
}

static enum keystore_outcome key_outcome;
static char key_bytes[16];

static void on_key(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    (void)user;
    key_outcome = outcome;
    memset(key_bytes, 0, sizeof key_bytes);
    if (wrapped.len > 0)
        memcpy(key_bytes, wrapped.bytes, wrapped.len);
    fake_clock_step(&time_line); /* completing may do anything */
}

static void keys_are_put_once_and_destroyed(void)
{
    struct fake_keystore keys;
    begin(4);
    fake_keystore_init(&keys, one);
    struct keystore *port = &keys.base;
    port->ops->put(port, SLICE_OF("7"), SLICE_OF("secret"), on_key, NULL);
    fake_clock_run_for(&time_line, 20);
    expect(key_outcome == KEYSTORE_OK);
    port->ops->put(port, SLICE_OF("7"), SLICE_OF("other"), on_key, NULL);
    fake_clock_run_for(&time_line, 20);
    expect(key_outcome == KEYSTORE_TAKEN);
    port->ops->get(port, SLICE_OF("7"), on_key, NULL);
    fake_clock_run_for(&time_line, 20);
    expect(key_outcome == KEYSTORE_OK);
    expect_text(slice_of_string(key_bytes), "secret");
    port->ops->destroy(port, SLICE_OF("7"), on_key, NULL);
    port->ops->destroy(port, SLICE_OF("7"), on_key, NULL);
    fake_clock_run_for(&time_line, 20);
    expect(key_outcome == KEYSTORE_OK);
    port->ops->get(port, SLICE_OF("7"), on_key, NULL);
    fake_clock_run_for(&time_line, 20);
    expect(key_outcome == KEYSTORE_ABSENT);
    port->ops->get(port, SLICE_OF("7"), on_key, NULL);
    fake_store_crash(one);
    fake_keystore_finish(&keys);
    end();
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(timers_fire_when_due_and_never_when_cancelled),
                    CASE(a_cut_link_completes_all_as_unknown_once_and_comes_back),
                    CASE(what_was_underway_may_run_after_its_link_died),
                    CASE(a_crashed_process_hears_nothing), CASE(a_doomed_command_meets_its_fate),
                    CASE(a_killed_server_refuses_until_it_is_started),
                    CASE(a_failover_loses_no_more_than_what_no_barrier_covered),
                    CASE(a_seed_is_a_run), CASE(the_trace_holds_the_last_lines),
                    CASE(keys_are_put_once_and_destroyed), {0}});
}
