/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting without sleeping: the loop turns as events come, and a timer ends a wait in vain. */
#include "unit/bots/loop_until.h"

#include "base/check.h"

static void on_too_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

bool loop_until(
        uv_loop_t *loop, bool (*has_happened)(void *context), void *context, unsigned wait_ms)
{
    uv_timer_t timer;
    bool is_too_late = false;
    uv_timer_init(loop, &timer);
    timer.data = &is_too_late;
    uv_timer_start(&timer, on_too_late, wait_ms, 0);
    while (!is_too_late && !has_happened(context))
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    while (uv_is_active((uv_handle_t *)&timer) || uv_is_closing((uv_handle_t *)&timer)) {
        uv_run(loop, UV_RUN_NOWAIT);
        break;
    }
    return has_happened(context);
}

void loop_finish(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_DEFAULT);
    check(uv_loop_close(loop) == 0);
}
