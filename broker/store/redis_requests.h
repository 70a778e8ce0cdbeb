/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of one link: a pool, those that were sent, and those that end on the next turn.
 * Private to broker/store. */
#ifndef WEFT_STORE_REDIS_REQUESTS_H
#define WEFT_STORE_REDIS_REQUESTS_H

#include "base/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct redisReply;
struct redis_link;

struct redis_request {
    struct list at;
    struct redis_link *link;
    /* Once, from the loop. reply NULL: unknown, or never sent; an error reply only when the link
     * may live on. Borrowed until it returns. */
    void (*on_reply)(struct redis_request *request, const struct redisReply *reply);
    uint64_t generation; /* in which it was sent; 0: it was not */
    uint64_t sent_ms;
    uint64_t count; /* a barrier's: the generation that must still last */
    bool is_spare;  /* beyond the pool: allocated, and never sent */
    void *owner;    /* the rest is the owner's */
    void (*done)(void);
    void *user;
};

struct redis_requests {
    struct list free, outstanding, ready;
    uv_idle_t idle; /* its data is not used here: on_idle_closed may use it */
    struct redis_request *pool;
};

/* errors: false when out of memory */
bool redis_requests_init(struct redis_requests *requests, struct uv_loop_s *loop, size_t count);
/* After idle has been closed. Nothing completes. */
void redis_requests_finish(struct redis_requests *requests);

/* Never NULL: beyond the pool it is a spare. */
struct redis_request *redis_requests_take(struct redis_requests *requests, struct redis_link *link);
/* Sent at now_ms: completes in redis_requests_complete. */
void redis_requests_expect(
        struct redis_requests *requests, struct redis_request *request, uint64_t now_ms);
/* Completes it with NULL on the next turn. */
void redis_requests_complete_later(struct redis_requests *requests, struct redis_request *request);
void redis_requests_complete(struct redis_requests *requests, struct redis_request *request,
        const struct redisReply *reply);
/* Gives it back without completing it. */
void redis_requests_drop(struct redis_requests *requests, struct redis_request *request);
/* When the oldest that is outstanding was sent; UINT64_MAX: none is. */
uint64_t redis_requests_oldest_ms(const struct redis_requests *requests);

#endif
