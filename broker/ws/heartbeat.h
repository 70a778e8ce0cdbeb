/* SPDX-License-Identifier: Apache-2.0 */
/* A timer wheel: one timer for the deadlines of all connections, O(1) each. */
#ifndef WEFT_WS_HEARTBEAT_H
#define WEFT_WS_HEARTBEAT_H

#include "base/list.h"
#include "port/timers.h"

#include <stdint.h>

enum { HEARTBEAT_SLOTS = 256 };

struct heartbeat_item {
    struct list slot;
    uint64_t due_ms; /* 0: not in the wheel */
};

struct heartbeat {
    struct timers *timers;
    struct timer timer;
    uint32_t tick_ms;
    uint64_t next_tick; /* the first tick that was not served yet */
    struct list slots[HEARTBEAT_SLOTS];
    void (*on_due)(void *user, struct heartbeat_item *item);
    void *user;
};

/* order: init, set user and on_due, and items may be scheduled */
void heartbeat_init(struct heartbeat *heartbeat, struct timers *timers, uint32_t tick_ms);
void heartbeat_finish(struct heartbeat *heartbeat);

/* Calls on_due once, at due_ms or up to one tick later. Moves the item when it waits already. */
void heartbeat_schedule(struct heartbeat *heartbeat, struct heartbeat_item *item, uint64_t due_ms);
void heartbeat_remove(struct heartbeat_item *item);

#endif
