/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter between hiredis and libuv.
 *
 * Invariant: every error of the socket reaches hiredis. libuv reports one as a status, without
 * events; the adapter that ships with hiredis 0.14 drops that, and a refused or reset connection
 * then hangs for ever. Here a status other than 0 is read from the socket, which makes hiredis
 * find the error; should it find none, the connection is freed all the same.
 *
 * Once connected, commands wait for redis_poll_flush, so that those of one turn leave in one
 * write; the loop is asked for writability only while the socket takes no more.
 */
#include "store/redis_poll.h"

#include "store/redis_objects.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <uv.h>

struct redis_poll {
    uv_poll_t handle;
    redisAsyncContext *context; /* NULL: over */
    void (*on_gone)(void *user);
    void *user;
    int events; /* that the loop watches for */
    bool is_connected, is_dirty, is_flushing;
};

static void on_event(uv_poll_t *handle, int status, int events);

static void watch(struct redis_poll *poll, int events)
{
    if (events == poll->events || poll->context == NULL)
        return;
    poll->events = events;
    if (events == 0)
        uv_poll_stop(&poll->handle);
    else
        uv_poll_start(&poll->handle, events, on_event);
}

static void add_read(void *user)
{
    struct redis_poll *poll = user;
    watch(poll, poll->events | UV_READABLE);
}

static void delete_read(void *user)
{
    struct redis_poll *poll = user;
    watch(poll, poll->events & ~UV_READABLE);
}

static void add_write(void *user)
{
    struct redis_poll *poll = user;
    poll->is_dirty = true;
    if (!poll->is_connected || poll->is_flushing)
        watch(poll, poll->events | UV_WRITABLE);
}

static void delete_write(void *user)
{
    struct redis_poll *poll = user;
    watch(poll, poll->events & ~UV_WRITABLE);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void clean_up(void *user)
{
    struct redis_poll *poll = user;
    if (poll->context == NULL)
        return;
    poll->context = NULL;
    uv_close((uv_handle_t *)&poll->handle, on_closed);
    poll->on_gone(poll->user);
}

static void write_now(struct redis_poll *poll)
{
    poll->is_dirty = false;
    poll->is_flushing = true;
    redisAsyncHandleWrite(poll->context);
    poll->is_flushing = false;
}

static void on_event(uv_poll_t *handle, int status, int events)
{
    struct redis_poll *poll = handle->data;
    if (status != 0) {
        redisAsyncHandleRead(poll->context);
        if (poll->context != NULL)
            redisAsyncFree(poll->context);
        return;
    }
    if (events & UV_WRITABLE) {
        poll->is_connected = true;
        write_now(poll);
    }
    if ((events & UV_READABLE) && poll->context != NULL)
        redisAsyncHandleRead(poll->context);
}

struct redis_poll *redis_poll_create(struct uv_loop_s *loop, struct redisAsyncContext *context,
        void (*on_gone)(void *user), void *user)
{
    struct redis_poll *poll = calloc(1, sizeof *poll);
    if (poll == NULL)
        return NULL;
    if (uv_poll_init(loop, &poll->handle, context->c.fd) != 0) {
        free(poll);
        return NULL;
    }
    redis_objects_use(context->c.reader);
    poll->handle.data = poll;
    poll->context = context;
    poll->on_gone = on_gone;
    poll->user = user;
    context->ev.data = poll;
    context->ev.addRead = add_read;
    context->ev.delRead = delete_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = delete_write;
    context->ev.cleanup = clean_up;
    return poll;
}

void redis_poll_flush(struct redis_poll *poll)
{
    if (poll->context != NULL && poll->is_connected && poll->is_dirty &&
            !(poll->events & UV_WRITABLE))
        write_now(poll);
}
