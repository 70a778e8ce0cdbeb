/* SPDX-License-Identifier: Apache-2.0 */
/* One agent at work: several chats at once, each slower the more there are. */
#ifndef WEFT_LAB_SERVICE_H
#define WEFT_LAB_SERVICE_H

#include "lab/scenario.h"

struct chat {
    uint32_t customer;
    double left_ms; /* of work, at one chat at a time */
};

struct service {
    struct chat chats[SCENARIO_CAPACITY_MAX];
    uint32_t count;
    double slowdown;
    uint64_t updated_ms;
    uint64_t busy_ms, chat_ms; /* with at least one chat · chats times time */
};

/* How fast each of so many chats goes; 1 when alone.
 *
 * source:  Tezcan, Zhang, "Routing and staffing in customer service chat systems with impatient
 *          customers" (2014): the rate of a chat falls with the level of concurrency */
double service_rate(double slowdown, uint32_t chats);

void service_start(struct service *service, uint64_t now_ms, uint32_t customer, double work_ms);
/* When the next chat is over, with those that are there now; UINT64_MAX: there is none. */
uint64_t service_next_ms(const struct service *service);
/* Ends the chat that is over first, and returns its customer. There must be one. */
uint32_t service_end_next(struct service *service, uint64_t now_ms);

#endif
