/* SPDX-License-Identifier: Apache-2.0 */
/* A link to one Redis: connects, greets, watches, ends, connects again; counts generations.
 *
 *        connect          greeting passed           death or cut
 *   WAITING ----> GREETING ---------------> UP -------------------> WAITING
 *      ^             | death, or a greeting that does not pass         |
 *      +-------------+ <------------- after a growing delay -----------+
 *
 * A generation is one stay in UP. The greeting reads the server's time and identity, and the link
 * watches them from then on; a server that is no longer the same (another replication id, no
 * longer the master, loading) or that is silent for too long is cut off; so is one that is no
 * longer where the Sentinels say, where there are any. source: rule 2 of docs/explanation/log.md
 *
 * Private to broker/store.
 */
#ifndef WEFT_STORE_REDIS_LINK_H
#define WEFT_STORE_REDIS_LINK_H

#include "port/timers.h"
#include "store/durability.h"
#include "store/redis_command.h"
#include "store/redis_greeting.h"
#include "store/redis_options.h"
#include "store/redis_requests.h"

struct redis_link_events {
    /* From the loop, whenever the generation changes; 0: down. After all requests of the old
     * generation have completed. */
    void (*on_generation)(void *user, uint64_t generation);
    void *user;
};

/* errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_link *redis_link_create(struct uv_loop_s *loop, struct timers *timers,
        const struct redis_options *options, enum durability durability,
        struct redis_link_events events);
/* Outstanding requests never complete. The loop must turn once more to free everything. */
void redis_link_destroy(struct redis_link *link);

uint64_t redis_link_generation(const struct redis_link *link);
/* The replication id of the server: a failover, a restart and a demotion each give it another.
 * Empty while the link is down. */
struct slice redis_link_history(const struct redis_link *link);
/* As it was when it was last looked at; means something while the generation is not 0. */
const struct redis_identity *redis_link_identity(const struct redis_link *link);
/* Estimate of the server's time, never falling; 0 before the first connection. */
uint64_t redis_link_now_ms(struct redis_link *link);

/* Never NULL: beyond the pool it is a spare, which completes as unknown. */
struct redis_request *redis_link_take(struct redis_link *link);
/* Where the next command is written, before it is sent. */
struct redis_command *redis_link_command(struct redis_link *link);
/* Sends the command; while the link is down, completes with NULL on the next turn. */
void redis_link_send(struct redis_link *link, struct redis_request *request);
/* Sends the command, whose answer is nobody's, just ahead of the request's own. */
void redis_link_send_ahead(struct redis_link *link, struct redis_request *request);
/* Sends nothing, and completes with NULL now: from a callback of the loop only. */
void redis_link_complete(struct redis_link *link, struct redis_request *request);
/* Sends nothing, and completes with NULL on the next turn. */
void redis_link_complete_later(struct redis_link *link, struct redis_request *request);

/* Ends the generation: a server that said what it never should, or is not what it was. The
 * generation is 0 at once; what is outstanding completes with NULL. From the loop only. */
void redis_link_cut(struct redis_link *link, const char *reason);

/* For the probe. */
void redis_link_send_greeting(struct redis_link *link, struct redis_request *request);
void redis_link_come_up(struct redis_link *link);
uint64_t redis_link_clock_ms(const struct redis_link *link);

#endif
