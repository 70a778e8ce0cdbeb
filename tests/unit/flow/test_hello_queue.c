/* SPDX-License-Identifier: Apache-2.0 */
/* Hellos in their turns, on a node that has a clock and nothing else. */
#include "flow/hello_queue.h"

#include "lib/fake_clock.h"
#include "lib/test.h"

enum { COUNT = 2 * HELLOS_PER_TURN + 1 };

struct guest {
    struct hello_place place;
    int taken_as; /* the first is 1; 0: not yet; -1: the node has ended */
};

static struct fake_clock clock;
static struct fake_timers timers;
static struct node node;
static struct guest guests[HELLOS_WAITING_MAX];
static int taken_all;

static void on_turn(struct hello_place *place, bool is_turn)
{
    struct guest *guest = (struct guest *)(void *)place;
    expect(guest->taken_as == 0);
    guest->taken_as = is_turn ? ++taken_all : -1;
}

static void begin(void)
{
    fake_clock_init(&clock, 0);
    fake_timers_init(&timers, &clock);
    node = (struct node){.timers = &timers.base};
    memset(guests, 0, sizeof guests);
    taken_all = 0;
    expect(hello_queue_create(&node));
}

static void end(void)
{
    hello_queue_destroy(&node);
    expect_u64(clock.len, 0);
    fake_clock_finish(&clock);
}

/* One after the other, as they come: taken, or waiting. */
static void come(int from, int to)
{
    for (int i = from; i < to; i++) {
        guests[i].place.on_turn = on_turn;
        if (hello_queue_admits(&node))
            on_turn(&guests[i].place, true);
        else
            hello_queue_wait(&node, &guests[i].place);
    }
}

static void a_turn_takes_few_and_the_next_ones_the_rest(void)
{
    begin();
    come(0, COUNT - 1);
    expect_u64((uint64_t)taken_all, HELLOS_PER_TURN);
    expect(fake_clock_step(&clock));
    expect_u64((uint64_t)taken_all, 2 * HELLOS_PER_TURN);
    come(COUNT - 1, COUNT); /* in a turn that has taken all that it may */
    expect_u64((uint64_t)taken_all, 2 * HELLOS_PER_TURN);
    expect(fake_clock_step(&clock));
    for (int i = 0; i < COUNT; i++)
        expect(guests[i].taken_as == i + 1);
    end();
}

static void nobody_overtakes(void)
{
    begin();
    come(0, COUNT);
    clock.now_ms++; /* a new turn, whose timer has not run yet */
    come(COUNT, COUNT + 1);
    expect_u64((uint64_t)taken_all, HELLOS_PER_TURN);
    while (fake_clock_step(&clock))
        ;
    for (int i = 0; i <= COUNT; i++)
        expect(guests[i].taken_as == i + 1);
    end();
}

static void without_a_crowd_there_is_no_timer(void)
{
    begin();
    for (int i = 0; i < COUNT; i += HELLOS_PER_TURN, clock.now_ms++) {
        come(0, HELLOS_PER_TURN);
        memset(guests, 0, sizeof guests);
        expect_u64(clock.len, 0);
    }
    expect_u64((uint64_t)taken_all, 3 * HELLOS_PER_TURN);
    end();
}

static void what_waits_is_bounded(void)
{
    begin();
    come(0, HELLOS_PER_TURN);
    for (int i = 0; i < HELLOS_WAITING_MAX; i++) {
        expect(!hello_queue_admits(&node));
        guests[i] = (struct guest){.place.on_turn = on_turn};
        hello_queue_wait(&node, &guests[i].place);
    }
    expect(hello_queue_admits(&node));
    end();
    for (int i = 0; i < HELLOS_WAITING_MAX; i++)
        expect(guests[i].taken_as == -1);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_turn_takes_few_and_the_next_ones_the_rest),
                    CASE(nobody_overtakes), CASE(without_a_crowd_there_is_no_timer),
                    CASE(what_waits_is_bounded), {0}});
}
