/* SPDX-License-Identifier: Apache-2.0 */
/* The doorway to libuv: one loop per process, all timers behind one uv_timer.
 *
 * Invariant: while the heap holds a timer, the alarm is set to fire no later than the earliest one,
 * or ready is active because the earliest is due. The alarm may come early (the earliest was
 * cancelled): then nothing is due and it is set again.
 *
 * now_ms is the loop's cached time, so everything in one turn happens at the same moment. A timer
 * armed in the past is armed for now and goes through ready, not through a uv_timer of 0 ms:
 * libuv 1.44 runs such a timer again in the same pass, and sockets would never be served.
 *
 * Not here: sockets. The folders of the other libraries take the uv_loop_t and glue themselves on.
 */
#include "loop/loop.h"

#include "base/check.h"
#include "base/log_line.h"
#include "loop/timer_heap.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

enum { SIGNALS_MAX = 8 };

struct signal_watch {
    uv_signal_t handle;
    int number; /* 0: free */
    void (*on_signal)(void *user, int signal_number);
    void *user;
};

struct loop {
    struct timers timers; /* first: the port's struct is the loop */
    uv_loop_t uv;
    uv_timer_t alarm;
    uv_idle_t ready; /* active: something is due, so do not sleep */
    uv_prepare_t before_poll;
    void (*on_turn)(void *user);
    void *on_turn_user;
    struct timer_heap heap;
    uint64_t alarm_ms; /* when the alarm is set for; UINT64_MAX: not set */
    struct signal_watch watches[SIGNALS_MAX];
};

static struct loop *loop_of(struct timers *timers)
{
    return (struct loop *)(void *)timers;
}

static void on_alarm(uv_timer_t *alarm);
static void on_ready(uv_idle_t *ready);

static void set_alarm(struct loop *loop)
{
    const struct timer *first = timer_heap_first(&loop->heap);
    uint64_t now_ms = uv_now(&loop->uv);
    if (first == NULL)
        return;
    if (first->due_ms <= now_ms) {
        check(uv_idle_start(&loop->ready, on_ready) == 0);
    } else if (first->due_ms < loop->alarm_ms) {
        loop->alarm_ms = first->due_ms;
        check(uv_timer_start(&loop->alarm, on_alarm, first->due_ms - now_ms, 0) == 0);
    }
}

static void fire(struct loop *loop)
{
    timer_heap_fire(&loop->heap, uv_now(&loop->uv));
    log_line_settle(uv_now(&loop->uv));
    set_alarm(loop);
}

static void on_alarm(uv_timer_t *alarm)
{
    struct loop *loop = alarm->data;
    loop->alarm_ms = UINT64_MAX;
    fire(loop);
}

static void on_ready(uv_idle_t *ready)
{
    struct loop *loop = ready->data;
    uv_idle_stop(ready);
    fire(loop);
}

static uint64_t timers_now_ms(struct timers *timers)
{
    return uv_now(&loop_of(timers)->uv);
}

static void timers_arm(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
    struct loop *loop = loop_of(timers);
    uint64_t now_ms = uv_now(&loop->uv);
    timer_heap_put(&loop->heap, timer, due_ms > now_ms ? due_ms : now_ms);
    set_alarm(loop);
}

static void timers_cancel(struct timers *timers, struct timer *timer)
{
    struct loop *loop = loop_of(timers);
    timer_heap_remove(&loop->heap, timer);
    if (loop->heap.len > 0)
        return;
    uv_timer_stop(&loop->alarm); /* else an empty loop would not end */
    uv_idle_stop(&loop->ready);
    loop->alarm_ms = UINT64_MAX;
}

static void on_before_poll(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    loop->on_turn(loop->on_turn_user);
}

void loop_on_turn(struct loop *loop, void (*on_turn)(void *user), void *user)
{
    loop->on_turn = on_turn;
    loop->on_turn_user = user;
    uv_prepare_stop(&loop->before_poll);
    if (on_turn == NULL)
        return;
    check(uv_prepare_start(&loop->before_poll, on_before_poll) == 0);
    uv_unref((uv_handle_t *)&loop->before_poll);
}

static const struct timers_ops ops = {timers_now_ms, timers_arm, timers_cancel};

struct loop *loop_create(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL || uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);
    loop->timers.ops = &ops;
    loop->alarm_ms = UINT64_MAX;
    loop->alarm.data = loop->ready.data = loop;
    check(uv_timer_init(&loop->uv, &loop->alarm) == 0);
    check(uv_idle_init(&loop->uv, &loop->ready) == 0);
    loop->before_poll.data = loop;
    check(uv_prepare_init(&loop->uv, &loop->before_poll) == 0);
    return loop;
}

void loop_run(struct loop *loop)
{
    uv_update_time(&loop->uv);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void loop_turn(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

static void on_uv_signal(uv_signal_t *handle, int signal_number)
{
    struct signal_watch *watch = handle->data;
    watch->on_signal(watch->user, signal_number);
}

/* The watch of this signal, or a free one: started on first use and kept until the end. */
static struct signal_watch *watch_of(struct loop *loop, int signal_number)
{
    for (size_t i = 0; i < SIGNALS_MAX; i++) {
        struct signal_watch *watch = &loop->watches[i];
        if (watch->number == signal_number)
            return watch;
        if (watch->number != 0)
            continue;
        watch->number = signal_number;
        watch->handle.data = watch;
        check(uv_signal_init(&loop->uv, &watch->handle) == 0);
        uv_unref((uv_handle_t *)&watch->handle);
        return watch;
    }
    return NULL;
}

void loop_on_signal(struct loop *loop, int signal_number,
        void (*on_signal)(void *user, int signal_number), void *user)
{
    struct signal_watch *watch = watch_of(loop, signal_number);
    check(signal_number > 0 && watch != NULL);
    watch->on_signal = on_signal;
    watch->user = user;
    if (on_signal == NULL)
        check(uv_signal_stop(&watch->handle) == 0);
    else
        check(uv_signal_start(&watch->handle, on_uv_signal, signal_number) == 0);
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL)
        return;
    uv_close((uv_handle_t *)&loop->alarm, NULL);
    uv_close((uv_handle_t *)&loop->ready, NULL);
    uv_close((uv_handle_t *)&loop->before_poll, NULL);
    for (size_t i = 0; i < SIGNALS_MAX; i++)
        if (loop->watches[i].number != 0)
            uv_close((uv_handle_t *)&loop->watches[i].handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    check(uv_loop_close(&loop->uv) == 0);
    timer_heap_finish(&loop->heap);
    free(loop);
}

struct timers *loop_timers(struct loop *loop)
{
    return &loop->timers;
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}
