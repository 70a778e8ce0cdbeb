/* SPDX-License-Identifier: Apache-2.0 */
/* The barrier where replicas count: nothing is durable before enough of them hold it.
 * Private to broker/store. */
#ifndef WEFT_STORE_REDIS_BARRIER_H
#define WEFT_STORE_REDIS_BARRIER_H

#include "port/timers.h"
#include "store/redis_options.h"

struct redis_barrier;
struct redis_link;
struct redis_request;
struct uv_loop_s;

/* A link of its own to where main leads, for options->replicas of at least 1.
 *
 * errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_barrier *redis_barrier_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, struct redis_link *main);
/* order: before main. What waits never completes. */
void redis_barrier_destroy(struct redis_barrier *barrier);

/* Completes the request, of main's, with NULL, later. Its count is the generation of main that it
 * asks about: still so when the replicas hold all that was answered in it so far, else 0. */
void redis_barrier_add(struct redis_barrier *barrier, struct redis_request *request);
/* main's generation has ended: everything that waits completes, with count 0. */
void redis_barrier_fail(struct redis_barrier *barrier);

#endif
