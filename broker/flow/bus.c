/* SPDX-License-Identifier: Apache-2.0 */
/* Hints with a kind and a sender, handed to whoever listens.
 *
 *   alone --somebody came--> in company: every open topic is subscribed, and its owner looks; what
 *     ^                        |         was not told while alone, all are told to look for
 *     `--- (subscriptions stay, nothing is published) --- all others went, or seemed to
 *
 * Invariant: whoever opens a topic is told on_gap after each time in which hints may have been
 * missed: once the subscription holds, after each break of the link, when a node died (it may have
 * appended, and died before it told), and when a node says that it could not, or did not, tell. So
 * a hint may be lost anywhere, and all that is lost is a little time.
 *
 * A node that has just come is not known to the others for up to MEMBERS_LOOK_MS: it looks once
 * more when they must know it.
 */
#include "flow/bus.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/log_line.h"

#include <stdlib.h>

enum { BUS_VERSION = 1, KNOWN_MS = 2 * MEMBERS_LOOK_MS, INBOX_MAX = 2 + MEMBER_ID_LEN };

struct bus {
    struct node *node;
    struct map topics;
    struct list open;
    struct members_watch watch;
    struct timer known_timer;
    bool is_in_company; /* somebody else was there: topics are subscribed */
    bool was_alone;     /* when the members were seen last */
    bool has_withheld;  /* something happened that was told to nobody: there was nobody */
    char inbox[INBOX_MAX];
    void (*takers[BUS_KINDS])(struct node *node, const struct bus_hint *hint);
};

static const struct slice all_topic = {"{w}h", 4};

static void write_inbox(struct slice id, char out[INBOX_MAX])
{
    check(id.len == MEMBER_ID_LEN);
    out[0] = 'n';
    out[1] = ':';
    memcpy(out + 2, id.bytes, MEMBER_ID_LEN);
}

static void subscribe(struct bus *bus, struct slice name)
{
    struct hints *hints = bus->node->hints;
    if (!hints->ops->subscribe(hints, name))
        log_line(LOG_ERROR, "bus.too_many_topics", "open=%zu", bus->topics.len);
}

/* ---- what comes -------------------------------------------------------------------------------
 */

static bool read_hint(struct slice payload, struct bus_hint *out)
{
    if (payload.len < BUS_HEAD || payload.bytes[0] != BUS_VERSION || payload.bytes[1] <= 0 ||
            payload.bytes[1] >= BUS_KINDS)
        return false;
    *out = (struct bus_hint){.kind = (enum bus_kind)payload.bytes[1],
            .from = slice_make(payload.bytes + 2, MEMBER_ID_LEN),
            .body = slice_make(payload.bytes + BUS_HEAD, payload.len - BUS_HEAD)};
    return true;
}

static void on_hint(void *user, struct slice name, struct slice payload)
{
    struct bus *bus = user;
    struct bus_hint hint;
    if (!read_hint(payload, &hint) || slice_equal(hint.from, members_self(bus->node)))
        return;
    struct bus_topic *topic = MAP_ITEM(map_find(&bus->topics, name), struct bus_topic, by_name);
    if (topic != NULL)
        topic->on_hint(topic, &hint);
    else if (bus->takers[hint.kind] != NULL)
        bus->takers[hint.kind](bus->node, &hint);
}

static void on_subscribed(void *user, struct slice name)
{
    struct bus *bus = user;
    struct bus_topic *topic = MAP_ITEM(map_find(&bus->topics, name), struct bus_topic, by_name);
    if (topic != NULL)
        topic->on_gap(topic);
}

static void look_again(struct bus *bus)
{
    LIST_EACH (at, next, &bus->open) {
        struct bus_topic *topic = LIST_ITEM(at, struct bus_topic, at);
        topic->on_gap(topic);
    }
}

static void on_gap(void *user)
{
    struct bus *bus = user;
    look_again(bus);
    members_look(bus->node);
}

/* Whether anybody is there is not asked: it may be that which was not heard. */
static void on_lost(void *user)
{
    bus_tell_all(((struct bus *)user)->node, BUS_AGAIN, SLICE_NONE);
}

static void take_here(struct node *node, const struct bus_hint *hint)
{
    (void)hint;
    members_look(node);
}

static void take_again(struct node *node, const struct bus_hint *hint)
{
    (void)hint;
    look_again(node->bus);
}

/* ---- what goes --------------------------------------------------------------------------------
 */

static void publish(struct node *node, struct slice name, enum bus_kind kind, struct slice body)
{
    char payload[HINTS_PAYLOAD_MAX];
    struct buffer out = buffer_make(payload, sizeof payload);
    buffer_put_char(&out, BUS_VERSION);
    buffer_put_char(&out, (char)kind);
    buffer_put_slice(&out, members_self(node));
    buffer_put_slice(&out, body);
    check(!out.overflowed);
    node->hints->ops->publish(node->hints, name, buffer_slice(&out));
}

bool bus_is_heard(struct node *node)
{
    bool is_heard = node->hints != NULL && members_are_others(node);
    node->bus->has_withheld |= !is_heard;
    return is_heard;
}

void bus_tell(struct node *node, struct slice name, enum bus_kind kind, struct slice body)
{
    if (bus_is_heard(node))
        publish(node, name, kind, body);
}

/* Published in any case: that somebody is there may be what has to be told. */
void bus_tell_all(struct node *node, enum bus_kind kind, struct slice body)
{
    if (node->hints != NULL)
        publish(node, all_topic, kind, body);
}

void bus_tell_node(struct node *node, struct slice id, enum bus_kind kind, struct slice body)
{
    char inbox[INBOX_MAX];
    write_inbox(id, inbox);
    bus_tell(node, slice_make(inbox, sizeof inbox), kind, body);
}

/* ---- topics -----------------------------------------------------------------------------------
 */

void bus_open(struct node *node, struct bus_topic *topic, struct slice name)
{
    struct bus *bus = node->bus;
    check(!topic->is_open && name.len > 0 && name.len <= HINTS_TOPIC_MAX);
    topic->is_open = true;
    map_put(&bus->topics, &topic->by_name, name);
    list_append(&bus->open, &topic->at);
    if (bus->is_in_company)
        subscribe(bus, topic->by_name.key);
}

void bus_close(struct node *node, struct bus_topic *topic)
{
    struct bus *bus = node->bus;
    if (!topic->is_open)
        return;
    if (bus->is_in_company)
        node->hints->ops->unsubscribe(node->hints, topic->by_name.key);
    map_remove(&bus->topics, &topic->by_name);
    list_remove(&topic->at);
    topic->is_open = false;
}

void bus_take(struct node *node, enum bus_kind kind,
        void (*taker)(struct node *node, const struct bus_hint *hint))
{
    check(kind > 0 && kind < BUS_KINDS && node->bus->takers[kind] == NULL);
    node->bus->takers[kind] = taker;
}

/* ---- company ----------------------------------------------------------------------------------
 */

/* The others know by now that this node is there, and tell it what happens. */
static void on_known(struct timer *timer)
{
    look_again(LIST_ITEM(timer, struct bus, known_timer));
}

static void subscribe_all(struct bus *bus)
{
    bus->is_in_company = true;
    LIST_EACH (at, next, &bus->open)
        subscribe(bus, LIST_ITEM(at, struct bus_topic, at)->by_name.key);
}

/* The others may have been there all the time, and only seemed dead: they know of no gap. */
static void meet(struct bus *bus)
{
    struct node *node = bus->node;
    if (!bus->is_in_company)
        subscribe_all(bus);
    else
        look_again(bus);
    if (bus->has_withheld)
        bus_tell_all(node, BUS_AGAIN, SLICE_NONE);
    bus->has_withheld = false;
    node->timers->ops->arm(node->timers, &bus->known_timer, node_clock_ms(node) + KNOWN_MS);
}

static void on_members(struct members_watch *watch, bool has_gone)
{
    struct bus *bus = LIST_ITEM(watch, struct bus, watch);
    bool is_alone = !members_are_others(bus->node);
    bus->node->logs.keeps_stored = !is_alone;
    if (bus->was_alone && !is_alone)
        meet(bus);
    else if (has_gone)
        look_again(bus);
    bus->was_alone = is_alone;
}

static void listen(struct bus *bus)
{
    struct hints *hints = bus->node->hints;
    hints->on_hint = on_hint;
    hints->on_subscribed = on_subscribed;
    hints->on_gap = on_gap;
    hints->on_lost = on_lost;
    hints->user = bus;
    subscribe(bus, all_topic);
    subscribe(bus, slice_make(bus->inbox, sizeof bus->inbox));
}

bool bus_create(struct node *node)
{
    struct bus *bus = calloc(1, sizeof *bus);
    node->bus = bus;
    if (bus == NULL)
        return false;
    bus->node = node;
    bus->was_alone = true;
    bus->watch.on_change = on_members;
    bus->known_timer.on_due = on_known;
    list_init(&bus->open);
    write_inbox(members_self(node), bus->inbox);
    members_watch(node, &bus->watch);
    bus_take(node, BUS_HERE, take_here);
    bus_take(node, BUS_AGAIN, take_again);
    if (node->hints != NULL)
        listen(bus);
    return true;
}
