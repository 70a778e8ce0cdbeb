/* SPDX-License-Identifier: Apache-2.0 */
/* Timers over libuv.
 *
 * Invariant: after waker_destroy the owner hears nothing more, though libuv keeps the handle until
 * the end of the loop's turn; the memory goes then.
 */
#include "bots/sdk/c/waker.h"

#include "base/check.h"

#include <stdlib.h>
#include <uv.h>

struct waker {
    uv_timer_t handle;
    void *context;
    void (*on_due)(void *context);
};

struct waker *waker_create(struct uv_loop_s *loop, void *context, void (*on_due)(void *context))
{
    struct waker *waker = calloc(1, sizeof *waker);
    check(waker != NULL && uv_timer_init(loop, &waker->handle) == 0);
    waker->handle.data = waker;
    waker->context = context;
    waker->on_due = on_due;
    return waker;
}

static void on_handle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void waker_destroy(struct waker *waker)
{
    uv_close((uv_handle_t *)&waker->handle, on_handle_closed);
}

static void on_handle_due(uv_timer_t *handle)
{
    struct waker *waker = handle->data;
    waker->on_due(waker->context);
}

void waker_arm(struct waker *waker, uint64_t wait_ms)
{
    uv_timer_start(&waker->handle, on_handle_due, wait_ms, 0);
}

void waker_disarm(struct waker *waker)
{
    uv_timer_stop(&waker->handle);
}

uint64_t waker_now_ms(const struct waker *waker)
{
    return uv_now(waker->handle.loop);
}
