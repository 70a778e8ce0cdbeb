/* SPDX-License-Identifier: Apache-2.0 */
/* An agent's chats share the agent, like jobs on a processor.
 *
 * Invariant: between two changes each chat's work falls at one common rate; so before anything
 * changes, everything is brought up to now (advance), and the next end is known after it.
 */
#include "lab/service.h"

#include "base/check.h"

#include <math.h>

double service_rate(double slowdown, uint32_t chats)
{
    return chats == 0 ? 0 : 1 / (1 + slowdown * (chats - 1));
}

static void advance(struct service *service, uint64_t now_ms)
{
    uint64_t passed_ms = now_ms - service->updated_ms;
    double done_ms = (double)passed_ms * service_rate(service->slowdown, service->count);
    for (uint32_t i = 0; i < service->count; i++)
        service->chats[i].left_ms -= done_ms;
    service->busy_ms += service->count > 0 ? passed_ms : 0;
    service->chat_ms += service->count * passed_ms;
    service->updated_ms = now_ms;
}

void service_start(struct service *service, uint64_t now_ms, uint32_t customer, double work_ms)
{
    check(service->count < SCENARIO_CAPACITY_MAX);
    advance(service, now_ms);
    service->chats[service->count++] = (struct chat){customer, work_ms};
}

static uint32_t shortest(const struct service *service)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < service->count; i++)
        if (service->chats[i].left_ms < service->chats[best].left_ms)
            best = i;
    return best;
}

uint64_t service_next_ms(const struct service *service)
{
    if (service->count == 0)
        return UINT64_MAX;
    double left_ms = service->chats[shortest(service)].left_ms;
    if (left_ms <= 0)
        return service->updated_ms;
    double rate = service_rate(service->slowdown, service->count);
    return service->updated_ms + (uint64_t)llround(left_ms / rate);
}

uint32_t service_end_next(struct service *service, uint64_t now_ms)
{
    check(service->count > 0);
    advance(service, now_ms);
    uint32_t index = shortest(service), customer = service->chats[index].customer;
    service->chats[index] = service->chats[--service->count];
    return customer;
}
