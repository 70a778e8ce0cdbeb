/* SPDX-License-Identifier: Apache-2.0 */
/* Hints over Redis's PUBLISH and SUBSCRIBE, on two connections of their own. */
#ifndef WEFT_STORE_REDIS_HINTS_H
#define WEFT_STORE_REDIS_HINTS_H

#include "port/hints.h"
#include "port/timers.h"
#include "store/durability.h"
#include "store/redis_options.h"

struct redis_hints;
struct uv_loop_s;

/* The options of the store, so that hints go over the server that holds the logs. topics_max: how
 * many topics it listens to at most.
 *
 * errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_hints *redis_hints_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, enum durability durability, size_t topics_max);
/* order: the loop must turn once more after it */
void redis_hints_destroy(struct redis_hints *hints);

/* Borrowed, for the life of the hints. */
struct hints *redis_hints_port(struct redis_hints *hints);
/* For tests: breaks the connection that listens. */
void redis_hints_cut(struct redis_hints *hints);

#endif
