/* SPDX-License-Identifier: Apache-2.0 */
/* The timer heap against a naive model, and the loop's turns, timers and signals. */
#include "loop/loop.h"

#include "lib/test.h"
#include "loop/timer_heap.h"

#include <signal.h>
#include <unistd.h>

enum { TIMER_COUNT = 200, STEP_COUNT = 20000 };

struct numbered_timer {
    struct timer timer;
    bool is_armed; /* the model: an array that is searched from end to end */
    uint64_t due_ms, order;
};

static struct numbered_timer numbered[TIMER_COUNT];
static uint64_t now_ms, orders, fired;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct numbered_timer *model_first(void)
{
    struct numbered_timer *first = NULL;
    for (size_t i = 0; i < TIMER_COUNT; i++) {
        struct numbered_timer *at = &numbered[i];
        if (at->is_armed && (first == NULL || at->due_ms < first->due_ms ||
                                    (at->due_ms == first->due_ms && at->order < first->order)))
            first = at;
    }
    return first;
}

static void on_numbered_due(struct timer *timer)
{
    struct numbered_timer *expected = model_first();
    expect(expected != NULL && timer == &expected->timer);
    expect(expected->due_ms <= now_ms);
    expected->is_armed = false;
    fired++;
}

static void step_heap_and_model(struct timer_heap *heap, uint64_t *seed)
{
    struct numbered_timer *at = &numbered[next_random(seed) % TIMER_COUNT];
    uint64_t choice = next_random(seed) % 10;
    if (choice < 6) {
        at->is_armed = true;
        at->due_ms = now_ms + next_random(seed) % 100;
        at->order = orders++;
        timer_heap_put(heap, &at->timer, at->due_ms);
    } else if (choice < 8) {
        at->is_armed = false;
        timer_heap_remove(heap, &at->timer);
    } else {
        now_ms += next_random(seed) % 20;
        timer_heap_fire(heap, now_ms);
        expect(model_first() == NULL || model_first()->due_ms > now_ms);
    }
}

static void the_heap_fires_what_a_naive_model_fires(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct timer_heap heap = {0};
        uint64_t random = seed;
        test_note("seed %d", (int)seed);
        memset(numbered, 0, sizeof numbered);
        now_ms = fired = 0;
        for (size_t i = 0; i < TIMER_COUNT; i++)
            numbered[i].timer.on_due = on_numbered_due;
        for (size_t i = 0; i < STEP_COUNT; i++)
            step_heap_and_model(&heap, &random);
        now_ms += 100;
        timer_heap_fire(&heap, now_ms);
        expect(fired > STEP_COUNT / 10);
        expect(model_first() == NULL && timer_heap_first(&heap) == NULL);
        timer_heap_finish(&heap);
    }
}

struct repeating {
    struct timer timer;
    struct timers *timers;
    struct loop *loop;
    int count, stop_at;
};

static void on_repeat(struct timer *timer)
{
    struct repeating *repeating = (struct repeating *)(void *)timer;
    if (++repeating->count == repeating->stop_at)
        return;
    repeating->timers->ops->arm(repeating->timers, timer, 0);
}

static void a_timer_for_now_waits_for_the_next_turn(void)
{
    struct loop *loop = loop_create();
    struct timers *timers = loop_timers(loop);
    struct repeating repeating = {{.on_due = on_repeat}, timers, loop, 0, 3};
    timers->ops->arm(timers, &repeating.timer, 0);
    expect_u64((uint64_t)repeating.count, 0);
    loop_turn(loop);
    expect_u64((uint64_t)repeating.count, 1);
    loop_turn(loop);
    expect_u64((uint64_t)repeating.count, 2);
    loop_run(loop); /* ends by itself: nothing is armed any more */
    expect_u64((uint64_t)repeating.count, 3);
    loop_destroy(loop);
}

static void a_timer_is_never_early_and_cancelling_stops_it(void)
{
    struct loop *loop = loop_create();
    struct timers *timers = loop_timers(loop);
    struct repeating wanted = {{.on_due = on_repeat}, timers, loop, 0, 1};
    struct repeating cancelled = {{.on_due = on_repeat}, timers, loop, 0, 1};
    uint64_t start_ms = timers->ops->now_ms(timers);
    timers->ops->arm(timers, &cancelled.timer, start_ms + 5);
    timers->ops->arm(timers, &wanted.timer, start_ms + 20);
    timers->ops->cancel(timers, &cancelled.timer);
    timers->ops->cancel(timers, &cancelled.timer);
    loop_run(loop);
    expect(timers->ops->now_ms(timers) >= start_ms + 20);
    expect_u64((uint64_t)wanted.count, 1);
    expect_u64((uint64_t)cancelled.count, 0);
    loop_destroy(loop);
}

static void an_earlier_timer_moves_the_alarm_forward(void)
{
    struct loop *loop = loop_create();
    struct timers *timers = loop_timers(loop);
    struct repeating late = {{.on_due = on_repeat}, timers, loop, 0, 1};
    struct repeating early = late;
    uint64_t start_ms = timers->ops->now_ms(timers);
    timers->ops->arm(timers, &late.timer, start_ms + 60000);
    timers->ops->arm(timers, &early.timer, start_ms + 1);
    while (early.count == 0)
        loop_turn(loop);
    expect(timers->ops->now_ms(timers) < start_ms + 60000);
    timers->ops->cancel(timers, &late.timer);
    loop_destroy(loop);
}

static void on_signal(void *user, int signal_number)
{
    struct repeating *seen = user;
    seen->count = signal_number;
    loop_stop(seen->loop);
}

static void a_signal_arrives_as_an_event(void)
{
    struct loop *loop = loop_create();
    struct timers *timers = loop_timers(loop);
    struct repeating seen = {{.on_due = on_repeat}, timers, loop, 0, 0};
    struct repeating guard = {{.on_due = on_repeat}, timers, loop, 0, 1};
    loop_on_signal(loop, SIGHUP, on_signal, &seen);
    loop_on_signal(loop, SIGTERM, on_signal, &seen);
    timers->ops->arm(timers, &guard.timer, timers->ops->now_ms(timers) + 10000);
    kill(getpid(), SIGTERM);
    loop_run(loop);
    expect_u64((uint64_t)seen.count, SIGTERM);
    loop_on_signal(loop, SIGHUP, NULL, NULL);
    timers->ops->cancel(timers, &guard.timer);
    loop_destroy(loop);
}

static void random_bytes_fill_all_and_differ(void)
{
    static uint8_t first[4096], second[4096];
    struct random *random = system_random();
    random->fill(random, first, sizeof first);
    random->fill(random, second, sizeof second);
    expect(memcmp(first, second, sizeof first) != 0);
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof first; i++)
        zeros += first[i] == 0;
    expect(zeros < 64); /* 16 are to be expected */
    random->fill(random, first, 0);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_heap_fires_what_a_naive_model_fires),
                    CASE(a_timer_for_now_waits_for_the_next_turn),
                    CASE(a_timer_is_never_early_and_cancelling_stops_it),
                    CASE(an_earlier_timer_moves_the_alarm_forward),
                    CASE(a_signal_arrives_as_an_event), CASE(random_bytes_fill_all_and_differ),
                    {0}});
}
