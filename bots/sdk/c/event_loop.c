/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of a bot's process, with the signals that end it.
 *
 * Invariant: the loop is empty before it is closed, so nothing that libuv still holds is lost.
 */
#include "bots/sdk/c/event_loop.h"

#include "base/check.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

enum { SIGNALS = 2 };

struct event_loop {
    uv_loop_t uv;
    uv_signal_t signals[SIGNALS];
    void *context;
    void (*on_signal)(void *context);
};

static void on_uv_signal(uv_signal_t *handle, int number)
{
    struct event_loop *loop = handle->data;
    (void)number;
    loop->on_signal(loop->context);
}

struct event_loop *event_loop_open(void *context, void (*on_signal)(void *context))
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT};
    struct event_loop *loop = calloc(1, sizeof *loop);
    check(loop != NULL && uv_loop_init(&loop->uv) == 0);
    loop->context = context;
    loop->on_signal = on_signal;
    for (int i = 0; i < SIGNALS; i++) {
        check(uv_signal_init(&loop->uv, &loop->signals[i]) == 0);
        loop->signals[i].data = loop;
        check(uv_signal_start(&loop->signals[i], on_uv_signal, numbers[i]) == 0);
    }
    return loop;
}

struct uv_loop_s *event_loop_uv(struct event_loop *loop)
{
    return &loop->uv;
}

void event_loop_run(struct event_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void event_loop_release(struct event_loop *loop)
{
    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&loop->signals[i], NULL);
}

void event_loop_close(struct event_loop *loop)
{
    check(uv_loop_close(&loop->uv) == 0);
    free(loop);
}
