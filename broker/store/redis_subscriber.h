/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that listens: SUBSCRIBE, again after each break. Private to broker/store.
 *
 *        wanted          socket writable        all topics heard
 *   DOWN ------> CONNECTING -------> OPEN, not all heard ------> OPEN
 *     ^              |                   |                         |
 *     +--------------+-------------------+-------------------------+   broken, silent, not wanted
 */
#ifndef WEFT_STORE_REDIS_SUBSCRIBER_H
#define WEFT_STORE_REDIS_SUBSCRIBER_H

#include "base/slice.h"
#include "port/timers.h"
#include "store/redis_options.h"

struct redis_subscriber;
struct uv_loop_s;

/* From the loop, never inside a call. */
struct redis_subscriber_events {
    void (*on_message)(void *user, struct slice topic, struct slice payload);
    void (*on_subscribed)(void *user, struct slice topic); /* once all is heard */
    void (*on_all_heard)(void *user);                      /* every topic of before */
    void *user;
};

/* errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_subscriber *redis_subscriber_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, size_t topics_max,
        struct redis_subscriber_events events);
void redis_subscriber_destroy(struct redis_subscriber *subscriber);

/* Whether to be connected at all: false at first. */
void redis_subscriber_set_wanted(struct redis_subscriber *subscriber, bool is_wanted);
bool redis_subscriber_add(struct redis_subscriber *subscriber, struct slice topic);
void redis_subscriber_remove(struct redis_subscriber *subscriber, struct slice topic);
void redis_subscriber_cut(struct redis_subscriber *subscriber, const char *reason);

#endif
