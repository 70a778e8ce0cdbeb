/* SPDX-License-Identifier: Apache-2.0 */
/* What will happen, by virtual time; equal times in the order in which they were added. */
#ifndef WEFT_LAB_EVENTS_H
#define WEFT_LAB_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
    EVENT_LOSES_PATIENCE, /* who: customer */
    EVENT_CHAT_ENDS,      /* who: agent; ticket: void once the agent's chats have changed */
    EVENT_SHIFT_BEGINS,   /* who: agent */
    EVENT_SHIFT_ENDS,
    EVENT_ANSWERS, /* who: request; ticket: of the offer (rerun.c only) */
    EVENT_WAKE,    /* time alone can change the decision */
};

struct event {
    uint64_t at_ms, order, ticket;
    enum event_kind kind;
    uint32_t who;
};

struct events {
    struct event *heap;
    size_t count, capacity;
    uint64_t order;
};

/* errors: false: no memory */
bool events_add(struct events *events, struct event event);
/* UINT64_MAX: none */
uint64_t events_next_ms(const struct events *events);
/* There must be one. */
struct event events_take(struct events *events);
void events_finish(struct events *events);

#endif
