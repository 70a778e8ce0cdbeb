/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up bus of hints.
 *
 * Invariant: a hint is heard only by who is subscribed, and whose link is up, both when it is
 * published and when it arrives; never inside a call. Every chance comes from the bus's own random
 * stream, in the order of virtual time, so a seed is a run.
 */
#include "lib/fake_hints.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

struct fake_topic {
    struct list at;
    struct fake_hints *owner;
    struct timer heard_timer; /* the subscription is on its way to the server */
    bool is_heard;
    size_t len;
    char bytes[HINTS_TOPIC_MAX];
};

struct fake_hints {
    struct hints base;
    struct fake_bus *bus;
    struct list at, topics;
    struct timer up_timer;
    bool is_down;
    uint64_t life;     /* rises with each cut: what was under way is lost */
    struct list queue; /* hints on their way here, in order */
    struct timer queue_timer;
};

struct fake_hint {
    struct list at;
    struct fake_hints *to;
    struct timer timer; /* of one that goes its own way */
    uint64_t life, due_ms;
    size_t topic_len, payload_len;
    char bytes[];
};

struct fake_bus {
    struct fake_timers timers;
    struct fake_random random;
    struct fake_bus_faults faults;
    struct list nodes, strays;
    size_t delivered;
};

static struct fake_hints *hints_of(const struct hints *base)
{
    return (struct fake_hints *)(uintptr_t)base;
}

static struct slice topic_slice(const struct fake_topic *topic)
{
    return slice_make(topic->bytes, topic->len);
}

static struct fake_topic *find_topic(const struct fake_hints *hints, struct slice name)
{
    LIST_EACH (at, next, &hints->topics) {
        struct fake_topic *topic = LIST_ITEM(at, struct fake_topic, at);
        if (slice_equal(topic_slice(topic), name))
            return topic;
    }
    return NULL;
}

static uint64_t delay_ms(struct fake_bus *bus)
{
    return fake_random_between(&bus->random, bus->faults.delay_ms_min, bus->faults.delay_ms_max);
}

static void arm(struct fake_bus *bus, struct timer *timer, uint64_t due_ms)
{
    fake_timers_arm(&bus->timers, timer, due_ms);
}

static uint64_t now_ms(const struct fake_bus *bus)
{
    return bus->timers.clock->now_ms;
}

/* ---- hints on their way ------------------------------------------------------------------------
 */

/* Of a queue: its timer is not touched. */
static void free_hint(struct fake_hint *hint)
{
    fake_timers_cancel(&hint->to->bus->timers, &hint->timer);
    list_remove(&hint->at);
    free(hint);
}

static void arrive(struct fake_hint *hint)
{
    struct fake_hints *to = hint->to;
    struct slice topic = slice_make(hint->bytes, hint->topic_len);
    const struct fake_topic *open = find_topic(to, topic);
    list_remove(&hint->at); /* the handler may crash the node, or cut it */
    if (!to->is_down && hint->life == to->life && open != NULL && open->is_heard &&
            to->base.on_hint != NULL) {
        to->bus->delivered++;
        to->base.on_hint(
                to->base.user, topic, slice_make(hint->bytes + hint->topic_len, hint->payload_len));
    }
    free_hint(hint);
}

static void on_stray_due(struct timer *timer)
{
    arrive(LIST_ITEM(timer, struct fake_hint, timer));
}

/* One at a time: another fires in the same millisecond. */
static void on_queue_due(struct timer *timer)
{
    struct fake_hints *hints = LIST_ITEM(timer, struct fake_hints, queue_timer);
    struct fake_hint *first = LIST_ITEM(hints->queue.next, struct fake_hint, at);
    if (first->at.next != &hints->queue)
        arm(hints->bus, timer, LIST_ITEM(first->at.next, struct fake_hint, at)->due_ms);
    arrive(first);
}

static void append(struct fake_hints *to, struct fake_hint *hint)
{
    if (list_is_empty(&to->queue))
        arm(to->bus, &to->queue_timer, hint->due_ms);
    else if (LIST_ITEM(to->queue.prev, struct fake_hint, at)->due_ms > hint->due_ms)
        hint->due_ms = LIST_ITEM(to->queue.prev, struct fake_hint, at)->due_ms;
    list_append(&to->queue, &hint->at);
}

static void send(struct fake_hints *to, struct slice topic, struct slice payload)
{
    struct fake_bus *bus = to->bus;
    struct fake_hint *hint = calloc(1, sizeof *hint + topic.len + payload.len);
    check(hint != NULL);
    *hint = (struct fake_hint){.to = to,
            .life = to->life,
            .due_ms = now_ms(bus) + delay_ms(bus),
            .topic_len = topic.len,
            .payload_len = payload.len,
            .timer.on_due = on_stray_due};
    list_init(&hint->at);
    memcpy(hint->bytes, topic.bytes, topic.len);
    if (payload.len > 0)
        memcpy(hint->bytes + topic.len, payload.bytes, payload.len);
    if (fake_random_chance(&bus->random, bus->faults.reorder_per_mille)) {
        list_append(&bus->strays, &hint->at);
        arm(bus, &hint->timer, hint->due_ms + delay_ms(bus));
    } else
        append(to, hint);
}

void fake_bus_say(struct fake_bus *bus, struct slice topic, struct slice payload)
{
    check(topic.len > 0 && topic.len <= HINTS_TOPIC_MAX && payload.len <= HINTS_PAYLOAD_MAX);
    LIST_EACH (at, next, &bus->nodes) {
        struct fake_hints *to = LIST_ITEM(at, struct fake_hints, at);
        const struct fake_topic *open = find_topic(to, topic);
        if (to->is_down || open == NULL || !open->is_heard || bus->faults.is_silent ||
                fake_random_chance(&bus->random, bus->faults.drop_per_mille))
            continue;
        send(to, topic, payload);
        if (fake_random_chance(&bus->random, bus->faults.double_per_mille))
            send(to, topic, payload);
    }
}

/* ---- the port ---------------------------------------------------------------------------------
 */

static void port_publish(struct hints *base, struct slice topic, struct slice payload)
{
    if (!hints_of(base)->is_down)
        fake_bus_say(hints_of(base)->bus, topic, payload);
}

static void on_heard(struct timer *timer)
{
    struct fake_topic *topic = LIST_ITEM(timer, struct fake_topic, heard_timer);
    struct hints *hints = &topic->owner->base;
    topic->is_heard = true;
    if (hints->on_subscribed != NULL)
        hints->on_subscribed(hints->user, topic_slice(topic));
}

static bool port_subscribe(struct hints *base, struct slice name)
{
    struct fake_hints *hints = hints_of(base);
    check(name.len > 0 && name.len <= HINTS_TOPIC_MAX);
    if (find_topic(hints, name) != NULL)
        return true;
    struct fake_topic *topic = calloc(1, sizeof *topic);
    check(topic != NULL);
    topic->owner = hints;
    topic->heard_timer.on_due = on_heard;
    topic->len = name.len;
    memcpy(topic->bytes, name.bytes, name.len);
    list_append(&hints->topics, &topic->at);
    if (!hints->is_down)
        arm(hints->bus, &topic->heard_timer, now_ms(hints->bus) + delay_ms(hints->bus));
    return true;
}

static void free_topic(struct fake_topic *topic)
{
    fake_timers_cancel(&topic->owner->bus->timers, &topic->heard_timer);
    list_remove(&topic->at);
    free(topic);
}

static void port_unsubscribe(struct hints *base, struct slice name)
{
    struct fake_topic *topic = find_topic(hints_of(base), name);
    if (topic != NULL)
        free_topic(topic);
}

static const struct hints_ops ops = {port_publish, port_subscribe, port_unsubscribe};

/* ---- faults -----------------------------------------------------------------------------------
 */

static void on_up(struct timer *timer)
{
    struct fake_hints *hints = LIST_ITEM(timer, struct fake_hints, up_timer);
    hints->is_down = false;
    LIST_EACH (at, next, &hints->topics)
        LIST_ITEM(at, struct fake_topic, at)->is_heard = true;
    if (hints->base.on_lost != NULL)
        hints->base.on_lost(hints->base.user);
    if (hints->base.on_gap != NULL)
        hints->base.on_gap(hints->base.user);
}

static void go_down(struct fake_hints *hints)
{
    hints->is_down = true;
    hints->life++;
    fake_timers_cancel(&hints->bus->timers, &hints->queue_timer);
    while (!list_is_empty(&hints->queue))
        free_hint(LIST_ITEM(hints->queue.next, struct fake_hint, at));
    LIST_EACH (at, next, &hints->topics) {
        struct fake_topic *topic = LIST_ITEM(at, struct fake_topic, at);
        fake_timers_cancel(&hints->bus->timers, &topic->heard_timer);
        topic->is_heard = false;
    }
}

void fake_hints_cut(struct hints *base)
{
    struct fake_hints *hints = hints_of(base);
    struct fake_bus *bus = hints->bus;
    if (hints->is_down)
        return;
    go_down(hints);
    arm(bus, &hints->up_timer,
            now_ms(bus) + 1 + fake_random_between(&bus->random, 0, bus->faults.reconnect_ms_max));
}

void fake_hints_crash(struct hints *base)
{
    struct fake_hints *hints = hints_of(base);
    go_down(hints);
    while (!list_is_empty(&hints->topics))
        free_topic(LIST_ITEM(hints->topics.next, struct fake_topic, at));
    fake_timers_cancel(&hints->bus->timers, &hints->up_timer);
    hints->base = (struct hints){.ops = &ops};
    hints->is_down = false;
}

bool fake_hints_is_subscribed(const struct hints *base, struct slice topic)
{
    return find_topic(hints_of(base), topic) != NULL;
}

size_t fake_hints_topic_count(const struct hints *base)
{
    size_t count = 0;
    LIST_EACH (at, next, &hints_of(base)->topics)
        count++;
    return count;
}

/* ---- life -------------------------------------------------------------------------------------
 */

struct fake_bus *fake_bus_create(struct fake_clock *clock, uint64_t seed)
{
    struct fake_bus *bus = calloc(1, sizeof *bus);
    check(bus != NULL);
    bus->faults = (struct fake_bus_faults){.delay_ms_max = 3, .reconnect_ms_max = 50};
    fake_timers_init(&bus->timers, clock);
    fake_random_init(&bus->random, seed);
    list_init(&bus->nodes);
    list_init(&bus->strays);
    return bus;
}

struct fake_bus_faults *fake_bus_faults(struct fake_bus *bus)
{
    return &bus->faults;
}

size_t fake_bus_delivered(const struct fake_bus *bus)
{
    return bus->delivered;
}

struct hints *fake_bus_join(struct fake_bus *bus)
{
    struct fake_hints *hints = calloc(1, sizeof *hints);
    check(hints != NULL);
    hints->base.ops = &ops;
    hints->bus = bus;
    hints->up_timer.on_due = on_up;
    hints->queue_timer.on_due = on_queue_due;
    list_init(&hints->queue);
    list_init(&hints->topics);
    list_append(&bus->nodes, &hints->at);
    return &hints->base;
}

void fake_bus_destroy(struct fake_bus *bus)
{
    while (!list_is_empty(&bus->strays))
        free_hint(LIST_ITEM(bus->strays.next, struct fake_hint, at));
    while (!list_is_empty(&bus->nodes)) {
        struct fake_hints *hints = LIST_ITEM(bus->nodes.next, struct fake_hints, at);
        fake_hints_crash(&hints->base);
        list_remove(&hints->at);
        free(hints);
    }
    free(bus);
}
