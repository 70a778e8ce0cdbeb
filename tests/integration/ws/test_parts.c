/* SPDX-License-Identifier: Apache-2.0 */
/* The parts that need no socket: the ring of messages, the lent buffer, the timer wheel. */
#include "lib/test.h"
#include "ws/heartbeat.h"
#include "ws/inbound.h"
#include "ws/outbound.h"

enum { RING_MAX = 5000, QUEUE_MAX = 4096, ITEM_COUNT = 300 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void fill(char *bytes, size_t len, uint64_t number)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(number * 31 + i * 7);
}

/* The model: a queue of (number, length); the bytes follow from the number. */
struct ring_test {
    struct outbound outbound;
    struct memory_budget budget;
    uint64_t random, first, last;
    size_t lens[QUEUE_MAX];
    char bytes[RING_MAX], out[RING_MAX];
};

static void put_one(struct ring_test *test)
{
    size_t len = next_random(&test->random) % (next_random(&test->random) % 8 ? 100 : 1500);
    bool fits = len <= outbound_room(&test->outbound, RING_MAX) &&
                test->outbound.used + OUTBOUND_HEAD_SIZE <= RING_MAX;
    fill(test->bytes, len, test->last);
    bool is_put = outbound_put(&test->outbound, &test->budget, RING_MAX, test->bytes, len);
    expect(!is_put || fits);
    if (is_put)
        test->lens[test->last++ % QUEUE_MAX] = len;
}

static void take_one(struct ring_test *test)
{
    size_t len = outbound_take(&test->outbound, &test->budget, test->out);
    expect_u64(len, test->lens[test->first % QUEUE_MAX]);
    fill(test->bytes, len, test->first++);
    expect_slice(slice_make(test->out, len), slice_make(test->bytes, len));
}

static void put_or_take(struct ring_test *test)
{
    if (next_random(&test->random) % 9 < 5)
        put_one(test);
    else if (test->first < test->last)
        take_one(test);
    bool is_empty = test->first == test->last;
    expect(outbound_is_empty(&test->outbound) == is_empty);
    expect(test->budget.used == test->outbound.capacity);
    expect(test->outbound.used <= test->outbound.capacity);
    expect(!is_empty || test->budget.used == 0);
}

static void the_ring_is_a_queue_of_whole_messages(void)
{
    static struct ring_test test;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        memset(&test, 0, sizeof test);
        test.budget.max = RING_MAX;
        test.random = seed * 7919;
        for (int step = 0; step < 20000; step++) {
            test_note("seed %d step %d", (int)seed, step);
            put_or_take(&test);
        }
        outbound_finish(&test.outbound, &test.budget);
        expect_u64(test.budget.used, 0);
    }
}

static void a_full_ring_and_an_empty_budget_say_no(void)
{
    static char bytes[2000];
    struct outbound outbound = {0}, other = {0};
    struct memory_budget budget = {0, 5000};
    expect(outbound_put(&outbound, &budget, 4096, bytes, 2000));
    expect_u64(outbound_room(&outbound, 4096), 4096 - 2004 - 4);
    expect(!outbound_put(&outbound, &budget, 4096, bytes, 2000 + 89));
    expect(!outbound_put(&other, &budget, 4096, bytes, 2000 + 1100 > 2000 ? 2000 : 0) ||
            budget.used <= 5000);
    outbound_finish(&outbound, &budget);
    outbound_finish(&other, &budget);
    expect_u64(budget.used, 0);
    budget.max = 10;
    expect(!outbound_put(&outbound, &budget, 4096, bytes, 1));
}

static void a_lent_buffer_grows_with_what_arrives(void)
{
    static char bytes[70000];
    struct inbound inbound = {0};
    struct memory_budget budget = {0, 200000};
    fill(bytes, sizeof bytes, 3);
    for (size_t at = 0; at < 65536; at += 512)
        expect(inbound_append(&inbound, &budget, 65536, bytes + at, 512));
    expect_slice(slice_make(inbound.bytes, inbound.len), slice_make(bytes, 65536));
    expect(!inbound_append(&inbound, &budget, 65536, bytes, 1));
    expect(inbound_append(&inbound, &budget, 65536, bytes, 0));
    expect_u64(budget.used, 65536);
    inbound_finish(&inbound, &budget);
    expect_u64(budget.used, 0);
    budget.max = 3000;
    expect(!inbound_append(&inbound, &budget, 65536, bytes, 3001));
    expect_u64(inbound.len, 0);
}

/* Time that the test moves by hand; one timer is all that the wheel arms. */
struct hand_clock {
    struct timers timers;
    uint64_t now_ms;
    struct timer *armed;
};

static uint64_t hand_now(struct timers *timers)
{
    return ((struct hand_clock *)(void *)timers)->now_ms;
}

static void hand_arm(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
    timer->due_ms = due_ms;
    ((struct hand_clock *)(void *)timers)->armed = timer;
}

static void hand_cancel(struct timers *timers, struct timer *timer)
{
    (void)timer;
    ((struct hand_clock *)(void *)timers)->armed = NULL;
}

static void move_clock(struct hand_clock *clock, uint64_t by_ms)
{
    uint64_t end_ms = clock->now_ms + by_ms;
    while (clock->armed != NULL && clock->armed->due_ms <= end_ms) {
        struct timer *timer = clock->armed;
        if (timer->due_ms > clock->now_ms)
            clock->now_ms = timer->due_ms;
        clock->armed = NULL;
        timer->on_due(timer);
    }
    clock->now_ms = end_ms;
}

struct wheel_item {
    struct heartbeat_item item;
    uint64_t wanted_ms;
};

struct wheel_test {
    struct hand_clock clock;
    struct heartbeat heartbeat;
    struct wheel_item items[ITEM_COUNT];
    uint64_t random, fired;
};

static void on_wheel_due(void *user, struct heartbeat_item *item)
{
    struct wheel_test *test = user;
    struct wheel_item *at = (struct wheel_item *)(void *)item;
    expect(at->wanted_ms != 0 && item->due_ms == 0);
    expect(test->clock.now_ms >= at->wanted_ms);
    expect(test->clock.now_ms < at->wanted_ms + 2 * (uint64_t)test->heartbeat.tick_ms);
    at->wanted_ms = 0;
    test->fired++;
    if (next_random(&test->random) % 4 == 0) { /* again, from inside */
        at->wanted_ms = test->clock.now_ms + next_random(&test->random) % 20000;
        heartbeat_schedule(&test->heartbeat, item, at->wanted_ms);
    }
}

static void the_wheel_is_never_early_and_at_most_a_tick_late(void)
{
    static struct wheel_test test;
    static const struct timers_ops ops = {hand_now, hand_arm, hand_cancel};
    memset(&test, 0, sizeof test);
    test.clock = (struct hand_clock){{&ops}, 123456, NULL};
    test.random = 42;
    heartbeat_init(&test.heartbeat, &test.clock.timers, 50);
    test.heartbeat.user = &test;
    test.heartbeat.on_due = on_wheel_due;
    for (int step = 0; step < 20000; step++) {
        struct wheel_item *at = &test.items[next_random(&test.random) % ITEM_COUNT];
        uint64_t choice = next_random(&test.random) % 8;
        test_note("step %d", step);
        if (choice < 4) { /* also further away than one turn of the wheel: 12,800 ms */
            at->wanted_ms = test.clock.now_ms + next_random(&test.random) % 40000;
            heartbeat_schedule(&test.heartbeat, &at->item, at->wanted_ms);
        } else if (choice < 5) {
            at->wanted_ms = 0;
            heartbeat_remove(&at->item);
        } else {
            move_clock(&test.clock, next_random(&test.random) % 300);
        }
    }
    expect(test.fired > 1000);
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        expect((test.items[i].wanted_ms != 0) == (test.items[i].item.due_ms != 0));
        heartbeat_remove(&test.items[i].item);
    }
    heartbeat_finish(&test.heartbeat);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_ring_is_a_queue_of_whole_messages),
                    CASE(a_full_ring_and_an_empty_budget_say_no),
                    CASE(a_lent_buffer_grows_with_what_arrives),
                    CASE(the_wheel_is_never_early_and_at_most_a_tick_late), {0}});
}
