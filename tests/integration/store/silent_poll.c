/* SPDX-License-Identifier: Apache-2.0 */
/* A recall: the adapter that ships with hiredis 0.14 drops the status of a poll that failed, and so
 * a refused or reset connection hangs for ever. Linked with --wrap=uv_poll_start, this gives the
 * store's own adapter that silence back; the cases of test_redis_link that it breaks must fail.
 */
#include <uv.h>

int __real_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback);
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback);

static uv_poll_cb told;

static void on_poll(uv_poll_t *handle, int status, int events)
{
    if (status == 0)
        told(handle, status, events);
}

int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb callback)
{
    told = callback;
    return __real_uv_poll_start(handle, events, on_poll);
}
