/* SPDX-License-Identifier: Apache-2.0 */
/* Where a master is, told by the Sentinels that watch it. */
#ifndef WEFT_STORE_REDIS_SENTINEL_H
#define WEFT_STORE_REDIS_SENTINEL_H

#include "base/list.h"
#include "port/timers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_sentinel;
struct uv_loop_s;

enum { REDIS_SENTINELS_MAX = 9, REDIS_MASTER_NAME_MAX = 64 };

struct redis_place {
    char host[64]; /* an IP literal */
    uint16_t port;
};

/* 0 or NULL takes the default. Everything is copied. */
struct redis_sentinel_options {
    const struct redis_place *sentinels;
    size_t count;            /* 1 to REDIS_SENTINELS_MAX */
    const char *master;      /* its name among them */
    const char *password;    /* of the Sentinels, not of the master */
    uint64_t ask_ms;         /* between two questions to one of them, 500 */
    uint64_t silence_ms_max; /* one that does not answer for longer is connected to anew, 2000 */
};

/* Whoever wants to be told. Embed it; zeroed, with on_moved set. */
struct redis_sentinel_watcher {
    struct list at;
    /* From the loop: redis_sentinel_place has another answer than before. */
    void (*on_moved)(struct redis_sentinel_watcher *watcher);
};

/* Asks all of them, again and again until it is destroyed.
 *
 * errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_sentinel *redis_sentinel_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_sentinel_options *options);
/* order: nobody watches any more; the loop must turn once more after it */
void redis_sentinel_destroy(struct redis_sentinel *sentinel);

/* false: none of them has told it yet. */
bool redis_sentinel_place(const struct redis_sentinel *sentinel, struct redis_place *out_place);

void redis_sentinel_watch(struct redis_sentinel *sentinel, struct redis_sentinel_watcher *watcher);
void redis_sentinel_unwatch(struct redis_sentinel_watcher *watcher);

#endif
