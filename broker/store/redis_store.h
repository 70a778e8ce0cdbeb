/* SPDX-License-Identifier: Apache-2.0 */
/* The log store on a real Redis, 7.0 or later. */
#ifndef WEFT_STORE_REDIS_STORE_H
#define WEFT_STORE_REDIS_STORE_H

#include "port/store.h"
#include "port/timers.h"
#include "store/durability.h"
#include "store/redis_options.h"

struct redis_store;
struct uv_loop_s;

/* Connects from the loop, again and again until it is destroyed. A server that keeps no
 * append-only file is refused.
 *
 * errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_store *redis_store_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, enum durability durability);

/* Outstanding requests never complete. order: the loop must turn once more after it. */
void redis_store_destroy(struct redis_store *store);

/* Borrowed, for the life of the store. */
struct store *redis_store_port(struct redis_store *store);

#endif
