/* SPDX-License-Identifier: Apache-2.0 */
/* Finding what a policy names, and refusing what contradicts itself. */
#include "core/route/setup.h"

enum { WEIGHT_MAX = 1000, WORTH_MAX = 1000 };

bool route_name_set(struct route_name *name, struct slice text)
{
    if (text.len == 0 || text.len > ROUTE_NAME_MAX)
        return false;
    memcpy(name->bytes, text.bytes, text.len);
    name->len = (uint8_t)text.len;
    return true;
}

const struct route_channel *route_find_channel(const struct route_setup *setup, struct slice name)
{
    for (uint32_t i = 0; setup != NULL && i < setup->channel_count; i++)
        if (slice_equal(route_name_slice(&setup->channels[i].name), name))
            return &setup->channels[i];
    return NULL;
}

const struct route_class *route_find_class(const struct route_setup *setup, struct slice name)
{
    for (uint32_t i = 0; setup != NULL && i < setup->class_count; i++)
        if (slice_equal(route_name_slice(&setup->classes[i].name), name))
            return &setup->classes[i];
    return NULL;
}

const struct route_shift *route_find_shift(const struct route_setup *setup, struct slice name)
{
    for (uint32_t i = 0; setup != NULL && i < setup->shift_count; i++)
        if (slice_equal(route_name_slice(&setup->shifts[i].name), name))
            return &setup->shifts[i];
    return NULL;
}

const struct route_queue *route_find_queue(const struct route_setup *setup, struct slice name)
{
    struct slice wanted = name.len > 0 ? name : SLICE_OF(ROUTE_QUEUE_DEFAULT);
    for (uint32_t i = 0; setup != NULL && i < setup->queue_count; i++)
        if (slice_equal(route_name_slice(&setup->queues[i].name), wanted))
            return &setup->queues[i];
    return NULL;
}

/* ---- checking ---- */

static bool is_same(const struct route_name *a, const struct route_name *b)
{
    return slice_equal(route_name_slice(a), route_name_slice(b));
}

static enum route_fault check_channels(const struct route_setup *setup, uint32_t *out_at)
{
    for (uint32_t i = 0; i < setup->channel_count; i++) {
        const struct route_channel *channel = &setup->channels[i];
        *out_at = i;
        if (channel->weight == 0 || channel->weight > WEIGHT_MAX)
            return ROUTE_FAULT_WEIGHT;
        for (uint32_t j = 0; j < i; j++)
            if (is_same(&channel->name, &setup->channels[j].name))
                return ROUTE_FAULT_TWICE;
    }
    return ROUTE_SETUP_GOOD;
}

static enum route_fault check_classes(const struct route_setup *setup, uint32_t *out_at)
{
    for (uint32_t i = 0; i < setup->class_count; i++) {
        *out_at = i;
        if (setup->classes[i].worth > WORTH_MAX)
            return ROUTE_FAULT_WEIGHT;
        for (uint32_t j = 0; j < i; j++)
            if (is_same(&setup->classes[i].name, &setup->classes[j].name))
                return ROUTE_FAULT_TWICE;
    }
    return ROUTE_SETUP_GOOD;
}

static bool overflows_are_known(const struct route_setup *setup, const struct route_queue *queue)
{
    for (uint32_t i = 0; i < queue->overflow_count; i++)
        if (is_same(&queue->overflow[i].queue, &queue->name) ||
                route_find_queue(setup, route_name_slice(&queue->overflow[i].queue)) == NULL)
            return false;
    return true;
}

/* Which queues a case may reach from this one, a bit a queue. */
static uint32_t reached_from(const struct route_setup *setup, uint32_t from)
{
    uint32_t reached = 0, todo = (uint32_t)1 << from;
    while (todo != 0) {
        const struct route_queue *queue = &setup->queues[__builtin_ctz(todo)];
        todo &= todo - 1;
        for (uint32_t i = 0; i < queue->overflow_count; i++) {
            const struct route_queue *next =
                    route_find_queue(setup, route_name_slice(&queue->overflow[i].queue));
            uint32_t bit = next ? (uint32_t)1 << (next - setup->queues) : 0;
            todo |= bit & ~reached;
            reached |= bit;
        }
    }
    return reached;
}

static enum route_fault check_queues(const struct route_setup *setup, uint32_t *out_at)
{
    for (uint32_t i = 0; i < setup->queue_count; i++) {
        const struct route_queue *queue = &setup->queues[i];
        *out_at = i;
        for (uint32_t j = 0; j < i; j++)
            if (is_same(&queue->name, &setup->queues[j].name))
                return ROUTE_FAULT_TWICE;
        if (!overflows_are_known(setup, queue))
            return ROUTE_FAULT_OVERFLOW;
    }
    for (uint32_t i = 0; i < setup->queue_count; i++) {
        *out_at = i;
        if ((reached_from(setup, i) >> i & 1) != 0)
            return ROUTE_FAULT_CYCLE;
    }
    return ROUTE_SETUP_GOOD;
}

static enum route_fault check_shifts(const struct route_setup *setup, uint32_t *out_at)
{
    for (uint32_t i = 0; i < setup->shift_count; i++) {
        *out_at = i;
        for (uint32_t j = 0; j < i; j++)
            if (is_same(&setup->shifts[i].name, &setup->shifts[j].name))
                return ROUTE_FAULT_SHIFT;
    }
    return ROUTE_SETUP_GOOD;
}

static enum route_fault check_hours(const struct route_setup *setup, uint32_t *out_at)
{
    for (*out_at = 0; *out_at < setup->queue_count; (*out_at)++)
        if (setup->queues[*out_at].has_hours && !hours_are_good(&setup->queues[*out_at].hours))
            return ROUTE_FAULT_HOURS;
    for (*out_at = 0; *out_at < setup->shift_count; (*out_at)++)
        if (!hours_are_good(&setup->shifts[*out_at].hours))
            return ROUTE_FAULT_SHIFT_HOURS;
    return ROUTE_SETUP_GOOD;
}

enum route_fault route_setup_check(const struct route_setup *setup, uint32_t *out_at)
{
    enum route_fault fault = check_channels(setup, out_at);
    if (fault == ROUTE_SETUP_GOOD)
        fault = check_classes(setup, out_at);
    if (fault == ROUTE_SETUP_GOOD)
        fault = check_queues(setup, out_at);
    if (fault == ROUTE_SETUP_GOOD)
        fault = check_shifts(setup, out_at);
    if (fault == ROUTE_SETUP_GOOD)
        fault = check_hours(setup, out_at);
    return fault;
}

const char *route_fault_text(enum route_fault fault)
{
    switch (fault) {
    case ROUTE_SETUP_GOOD:
        return "is good";
    case ROUTE_FAULT_TWICE:
        return "is named twice";
    case ROUTE_FAULT_WEIGHT:
        return "has a weight out of range";
    case ROUTE_FAULT_OVERFLOW:
        return "overflows to a queue that is not named, or to itself";
    case ROUTE_FAULT_CYCLE:
        return "overflows in a circle";
    case ROUTE_FAULT_SHIFT:
        return "is a shift that is named twice";
    case ROUTE_FAULT_HOURS:
    case ROUTE_FAULT_SHIFT_HOURS:
        return "has hours that overlap, end before they begin, or a holiday that is no date";
    }
    return "is wrong";
}
