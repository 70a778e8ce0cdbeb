/* SPDX-License-Identifier: Apache-2.0 */
/* All that one run holds: the pool, the agents' chats, the customers' states, what is to come. */
#ifndef WEFT_LAB_WORLD_H
#define WEFT_LAB_WORLD_H

#include "lab/events.h"
#include "lab/service.h"
#include "lab/simulation.h"
#include "lab/tally.h"

enum customer_state { CUSTOMER_TO_COME, CUSTOMER_WAITING, CUSTOMER_SERVED, CUSTOMER_GONE };

struct world {
    const struct simulation *setup;
    struct roster roster;
    struct policy policy;
    struct pool *pool;
    struct pool_decisions *decisions;
    struct name at; /* of the newest entry */
    uint64_t now_ms, wakes_ms;
    struct events events;
    size_t shift_events;      /* among the events: they go on for ever, so they keep no run alive */
    struct service *services; /* per agent, like tickets */
    uint64_t *tickets;
    uint8_t *states; /* per customer */
    size_t waiting;
    size_t held_out; /* of those: for whom an agent of a later step is free */
    struct tally tally;
};

/* owns:    world_close() it, also after a failure
 * errors:  false: no memory */
bool world_open(struct world *world, const struct simulation *setup);
void world_close(struct world *world);
void world_report(struct world *world, struct simulation_result *out);

bool world_is_on_shift(const struct roster_agent *agent, uint64_t now_ms);
/* Adds the event at which the agent's shift next begins, or ends. errors: false: no memory */
bool world_plan_shift(struct world *world, uint32_t agent, bool is_beginning);

/* Ids in the pool: a letter and a number. */
struct world_text {
    char bytes[12];
    uint32_t len;
};

struct world_text world_text(char letter, uint32_t number);
uint32_t world_number(struct slice id);
static inline struct slice world_slice(const struct world_text *text)
{
    return slice_make(text->bytes, text->len);
}

#endif
