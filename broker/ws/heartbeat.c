/* SPDX-License-Identifier: Apache-2.0 */
/* The timer wheel of all connections.
 *
 * Invariant: an item with a due time is in slot (due tick mod slots); one that lies further than a
 * turn of the wheel away is met early and stays. A slot is emptied into a list of its own before it
 * is served, so on_due may schedule and remove any item, itself too.
 *
 * Why not the port's timers: ten thousand heap operations a second for deadlines that nearly never
 * come true; here a deadline costs two pointers.
 */
#include "ws/heartbeat.h"

static void on_tick(struct timer *timer);

void heartbeat_init(struct heartbeat *heartbeat, struct timers *timers, uint32_t tick_ms)
{
    *heartbeat = (struct heartbeat){.timers = timers, .tick_ms = tick_ms};
    for (size_t i = 0; i < HEARTBEAT_SLOTS; i++)
        list_init(&heartbeat->slots[i]);
    heartbeat->next_tick = timers->ops->now_ms(timers) / tick_ms;
    heartbeat->timer.on_due = on_tick;
    timers->ops->arm(timers, &heartbeat->timer, (heartbeat->next_tick + 1) * tick_ms);
}

void heartbeat_finish(struct heartbeat *heartbeat)
{
    heartbeat->timers->ops->cancel(heartbeat->timers, &heartbeat->timer);
}

void heartbeat_schedule(struct heartbeat *heartbeat, struct heartbeat_item *item, uint64_t due_ms)
{
    uint64_t tick = (due_ms + heartbeat->tick_ms - 1) / heartbeat->tick_ms;
    heartbeat_remove(item);
    if (tick < heartbeat->next_tick)
        tick = heartbeat->next_tick;
    item->due_ms = due_ms > 0 ? due_ms : 1;
    list_append(&heartbeat->slots[tick % HEARTBEAT_SLOTS], &item->slot);
}

void heartbeat_remove(struct heartbeat_item *item)
{
    if (item->due_ms == 0)
        return;
    list_remove(&item->slot);
    item->due_ms = 0;
}

static void serve(struct heartbeat *heartbeat, struct list *slot, uint64_t now_ms)
{
    struct list batch;
    if (list_is_empty(slot))
        return;
    batch = *slot;
    batch.next->prev = batch.prev->next = &batch;
    list_init(slot);
    while (!list_is_empty(&batch)) {
        struct heartbeat_item *item = LIST_ITEM(batch.next, struct heartbeat_item, slot);
        list_remove(&item->slot);
        if (item->due_ms > now_ms) {
            list_append(slot, &item->slot);
            continue;
        }
        item->due_ms = 0;
        heartbeat->on_due(heartbeat->user, item);
    }
}

static void on_tick(struct timer *timer)
{
    struct heartbeat *heartbeat = LIST_ITEM(timer, struct heartbeat, timer);
    uint64_t now_ms = heartbeat->timers->ops->now_ms(heartbeat->timers);
    uint64_t now_tick = now_ms / heartbeat->tick_ms;
    for (size_t served = 0; heartbeat->next_tick <= now_tick && served < HEARTBEAT_SLOTS;
            served++) {
        uint64_t tick = heartbeat->next_tick++;
        serve(heartbeat, &heartbeat->slots[tick % HEARTBEAT_SLOTS], now_ms);
    }
    heartbeat->next_tick = now_tick + 1;
    heartbeat->timers->ops->arm(
            heartbeat->timers, timer, heartbeat->next_tick * heartbeat->tick_ms);
}
