/* SPDX-License-Identifier: Apache-2.0 */
/* One hiredis connection on a libuv loop. */
#ifndef WEFT_STORE_REDIS_POLL_H
#define WEFT_STORE_REDIS_POLL_H

#include <stdbool.h>

struct redisAsyncContext;
struct redis_poll;
struct uv_loop_s;

/* Watches the connection's socket. on_gone is called once, from within redisAsyncFree, when the
 * connection is over, after its last callbacks.
 *
 * owns:   itself, until the connection is over; the loop must turn once more after that
 * errors: NULL when the socket cannot be watched; the context is as it was */
struct redis_poll *redis_poll_create(struct uv_loop_s *loop, struct redisAsyncContext *context,
        void (*on_gone)(void *user), void *user);

/* Writes what has been queued since the last call. The connection may be over after it. */
void redis_poll_flush(struct redis_poll *poll);

#endif
