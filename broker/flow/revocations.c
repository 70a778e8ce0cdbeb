/* SPDX-License-Identifier: Apache-2.0 */
/* Void tickets.
 *
 *   logout --> here at once · ZADD GT {w}revoked · hint to all --> they read what is new
 *
 * Invariant: until_ms of a slot only grows. A node lets nobody in before it has read the whole set,
 * and reads again from REREAD_MS before the newest that it knows, with each life of the store, each
 * hint and each gap in the hints: so a lost hint costs at most the time until the next look.
 */
#include "flow/revocations.h"

#include "base/buffer.h"
#include "base/check.h"
#include "flow/bus.h"
#include "port/crypto.h"

#include <stdlib.h>

enum { SLOTS = 4096, PAGE = 256, REREAD_MS = 10000, LOOK_MS = 30000 };

struct revocations {
    struct node *node;
    struct bus_topic topic;
    struct timer timer;
    uint64_t until_ms[SLOTS];
    uint64_t newest_ms;
    bool is_known, is_underway, is_asked_again;
};

static const struct slice set_key = {"{w}revoked", 10};

static size_t slot_of(struct slice tenant, struct slice subject)
{
    return (crypto_digest(tenant) * 31 + crypto_digest(subject)) % SLOTS;
}

bool ticket_is_revoked(
        const struct node *node, struct slice tenant, struct slice subject, uint64_t issued_ms)
{
    return issued_ms <= node->revocations->until_ms[slot_of(tenant, subject)];
}

bool revocations_are_known(const struct node *node)
{
    return node->revocations->is_known;
}

static void raise(struct revocations *all, size_t slot, uint64_t until_ms)
{
    if (until_ms > all->until_ms[slot])
        all->until_ms[slot] = until_ms;
    if (until_ms > all->newest_ms)
        all->newest_ms = until_ms;
}

void tickets_revoke(struct node *node, struct slice tenant, struct slice subject)
{
    char digits[24];
    struct buffer member = buffer_make(digits, sizeof digits);
    size_t slot = slot_of(tenant, subject);
    uint64_t now_ms = node_time_ms(node);
    raise(node->revocations, slot, now_ms);
    buffer_put_u64(&member, slot);
    node->store->ops->zset_add(
            node->store, set_key, buffer_slice(&member), now_ms, ZSET_RAISE, NULL, NULL);
    bus_tell(node, node->revocations->topic.by_name.key, BUS_REVOKED, SLICE_NONE);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool read_slot(struct slice member, size_t *out_slot)
{
    *out_slot = 0;
    for (size_t i = 0; i < member.len; i++) {
        if (member.bytes[i] < '0' || member.bytes[i] > '9' || *out_slot >= SLOTS)
            return false;
        *out_slot = *out_slot * 10 + (size_t)(member.bytes[i] - '0');
    }
    return member.len > 0 && *out_slot < SLOTS;
}

static void read_from(struct revocations *all, uint64_t from_ms);

static void become_known(struct revocations *all)
{
    bool is_first = !all->is_known;
    all->is_underway = false;
    all->is_known = true;
    if (all->is_asked_again)
        revocations_read(all->node);
    if (is_first)
        node_open(all->node);
}

static void on_page(void *user, const struct store_reply *reply)
{
    struct revocations *all = user;
    size_t slot;
    uint64_t last_ms = 0;
    if (reply->outcome != STORE_OK) {
        all->is_underway = false; /* the timer asks again */
        return;
    }
    for (size_t i = 0; i < reply->item_count; i++) {
        last_ms = reply->items[i].number;
        if (read_slot(reply->items[i].value, &slot))
            raise(all, slot, last_ms);
    }
    if (reply->item_count == PAGE)
        read_from(all, reply->items[0].number == last_ms ? last_ms + 1 : last_ms);
    else
        become_known(all);
}

static void read_from(struct revocations *all, uint64_t from_ms)
{
    struct store *store = all->node->store;
    store->ops->zset_range(store, set_key, from_ms, UINT64_MAX, PAGE, on_page, all);
}

void revocations_read(struct node *node)
{
    struct revocations *all = node->revocations;
    all->is_asked_again = all->is_underway;
    if (all->is_underway)
        return;
    all->is_underway = true;
    read_from(all, all->newest_ms > REREAD_MS ? all->newest_ms - REREAD_MS : 0);
}

static void on_due(struct timer *timer)
{
    struct revocations *all = LIST_ITEM(timer, struct revocations, timer);
    struct node *node = all->node;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + LOOK_MS);
    if (!all->is_known || members_are_others(node))
        revocations_read(node);
}

static void on_hint(struct bus_topic *topic, const struct bus_hint *hint)
{
    (void)hint;
    revocations_read(LIST_ITEM(topic, struct revocations, topic)->node);
}

static void on_gap(struct bus_topic *topic)
{
    revocations_read(LIST_ITEM(topic, struct revocations, topic)->node);
}

bool revocations_create(struct node *node)
{
    struct revocations *all = calloc(1, sizeof *all);
    node->revocations = all;
    if (all == NULL)
        return false;
    all->node = node;
    all->topic.on_hint = on_hint;
    all->topic.on_gap = on_gap;
    all->timer.on_due = on_due;
    bus_open(node, &all->topic, SLICE_OF("{w}h:revoked"));
    node->timers->ops->arm(node->timers, &all->timer, node_clock_ms(node) + LOOK_MS);
    return true;
}
