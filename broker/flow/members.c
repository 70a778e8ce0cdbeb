/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes live, as a ZSET tells it.
 *
 *   each second:  ZADD GT {w}nodes now self · ZRANGE {w}nodes now-3s.. -> sorted by id
 *   each minute:  those unseen for a minute are taken out
 *
 * Invariant: the list is never empty (this node is in it, whatever the set says), sorted, and
 * changes only in on_read, which tells the watchers. While the store does not answer the list stays
 * as it was: if nobody can write, who lives is of no matter.
 */
#include "flow/members.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/log_line.h"
#include "flow/bus.h"

#include <stdlib.h>

enum { FORGET_EVERY = 60, FORGET_MS = 60000, READ_MAX = 2 * MEMBERS_MAX };

struct member {
    char id[MEMBER_ID_LEN];
};

struct members {
    struct node *node;
    struct timer timer;
    struct member self;
    struct member alive[MEMBERS_MAX]; /* sorted */
    size_t count;
    struct list watches;
    unsigned looks;
    bool is_underway, is_leaving, has_come;
};

static const struct slice set_key = {"{w}nodes", 8};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, MEMBER_ID_LEN);
}

static struct slice id_of(const struct member *member)
{
    return slice_make(member->id, MEMBER_ID_LEN);
}

/* ---- views ------------------------------------------------------------------------------------
 */

struct slice members_self(const struct node *node)
{
    return id_of(&node->members->self);
}

size_t members_count(const struct node *node)
{
    return node->members->count;
}

struct slice members_at(const struct node *node, size_t rank)
{
    check(rank < node->members->count);
    return id_of(&node->members->alive[rank]);
}

static const struct member *find(const struct members *members, struct slice id)
{
    if (id.len != MEMBER_ID_LEN)
        return NULL;
    return bsearch(id.bytes, members->alive, members->count, sizeof *members->alive, compare);
}

bool members_have(const struct node *node, struct slice id)
{
    return find(node->members, id) != NULL;
}

size_t members_rank(const struct node *node)
{
    const struct member *self = find(node->members, id_of(&node->members->self));
    return (size_t)(self - node->members->alive);
}

bool members_are_others(const struct node *node)
{
    return node->members->count > 1;
}

bool members_may_be_others(const struct node *node)
{
    return node->hints != NULL;
}

/* FNV-1a over the id and the work, with Murmur3's final mix. source: D. Thaler, C. Ravishankar,
 * "Using name-based mappings to increase hit rates", 1998 (highest random weight) */
static uint64_t weight(const struct member *member, uint64_t work)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < MEMBER_ID_LEN; i++)
        hash = (hash ^ (uint8_t)member->id[i]) * 0x100000001b3u;
    for (size_t i = 0; i < 8; i++)
        hash = (hash ^ (work >> 8 * i & 0xff)) * 0x100000001b3u;
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    hash ^= hash >> 33;
    hash *= 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 33;
}

bool members_is_mine(const struct node *node, uint64_t work)
{
    const struct members *members = node->members;
    uint64_t own = weight(&members->self, work);
    for (size_t i = 0; i < members->count; i++)
        if (weight(&members->alive[i], work) > own)
            return false;
    return true;
}

/* ---- watches ----------------------------------------------------------------------------------
 */

void members_watch(struct node *node, struct members_watch *watch)
{
    list_append(&node->members->watches, &watch->at);
}

void members_unwatch(struct members_watch *watch)
{
    list_remove(&watch->at);
}

static void tell_watches(struct members *members, bool gone)
{
    LIST_EACH (at, next, &members->watches) {
        struct members_watch *watch = LIST_ITEM(at, struct members_watch, at);
        watch->on_change(watch, gone);
    }
}

/* ---- the set ----------------------------------------------------------------------------------
 */

static bool is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] == '\0' || strchr("0123456789abcdef", text.bytes[i]) == NULL)
            return false;
    return text.len == MEMBER_ID_LEN;
}

/* Those of the reply, sorted, this node among them. Returns how many. */
static size_t read_members(const struct members *members, const struct store_reply *reply,
        struct member out[MEMBERS_MAX])
{
    size_t count = 1;
    out[0] = members->self;
    for (size_t i = reply->item_count; i-- > 0 && count < MEMBERS_MAX;) { /* the newest first */
        struct slice id = reply->items[i].value;
        if (is_id(id) && !slice_equal(id, id_of(&members->self)))
            memcpy(out[count++].id, id.bytes, MEMBER_ID_LEN);
    }
    qsort(out, count, sizeof *out, compare);
    return count;
}

static bool are_all_among(const struct member *some, size_t count, const struct members *members)
{
    for (size_t i = 0; i < count; i++)
        if (find(members, id_of(&some[i])) == NULL)
            return false;
    return true;
}

static void on_read(void *user, const struct store_reply *reply)
{
    struct members *members = user;
    struct member before[MEMBERS_MAX], now[MEMBERS_MAX];
    size_t count_before = members->count;
    members->is_underway = false;
    if (reply->outcome != STORE_OK)
        return;
    memcpy(before, members->alive, sizeof before);
    members->count = read_members(members, reply, now);
    memcpy(members->alive, now, members->count * sizeof *now);
    bool has_gone = !are_all_among(before, count_before, members);
    bool is_new = !members->has_come && !members->is_leaving;
    if (has_gone || members->count != count_before) {
        log_line(LOG_INFO, "node.members", "count=%zu rank=%zu", members->count,
                members_rank(members->node));
        tell_watches(members, has_gone);
    }
    members->has_come = true;
    if (is_new)
        bus_tell_all(members->node, BUS_HERE, SLICE_NONE);
}

static void read_set(struct members *members)
{
    struct node *node = members->node;
    uint64_t now_ms = node_time_ms(node);
    members->is_underway = true;
    node->store->ops->zset_range(
            node->store, set_key, now_ms - MEMBER_DEAD_MS, UINT64_MAX, READ_MAX, on_read, members);
}

static void on_forgotten(void *user, const struct store_reply *reply)
{
    struct members *members = user;
    struct store *store = members->node->store;
    for (size_t i = 0; reply->outcome == STORE_OK && i < reply->item_count; i++)
        store->ops->zset_remove(store, set_key, reply->items[i].value, NULL, NULL);
}

static void look(struct members *members)
{
    struct node *node = members->node;
    struct store *store = node->store;
    uint64_t now_ms = node_time_ms(node);
    if (store->ops->generation(store) == 0)
        return;
    if (!members->is_leaving)
        store->ops->zset_add(store, set_key, id_of(&members->self), now_ms, ZSET_RAISE, NULL, NULL);
    if (!members->is_underway)
        read_set(members);
    if (members->looks++ % FORGET_EVERY == 0)
        store->ops->zset_range(
                store, set_key, 0, now_ms - FORGET_MS, READ_MAX, on_forgotten, members);
}

static void on_due(struct timer *timer)
{
    struct members *members = LIST_ITEM(timer, struct members, timer);
    struct node *node = members->node;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + MEMBERS_LOOK_MS);
    look(members);
}

void members_look(struct node *node)
{
    if (node->hints != NULL)
        look(node->members);
}

static void on_left(void *user, const struct store_reply *reply)
{
    struct members *members = user;
    (void)reply;
    bus_tell_all(members->node, BUS_HERE, SLICE_NONE);
}

void members_leave(struct node *node)
{
    struct members *members = node->members;
    if (node->hints == NULL || members->is_leaving)
        return;
    members->is_leaving = true;
    node->store->ops->zset_remove(node->store, set_key, id_of(&members->self), on_left, members);
}

/* ---- life -------------------------------------------------------------------------------------
 */

bool members_create(struct node *node)
{
    struct members *members = calloc(1, sizeof *members);
    uint8_t random[MEMBER_ID_LEN];
    node->members = members;
    if (members == NULL)
        return false;
    members->node = node;
    members->timer.on_due = on_due;
    list_init(&members->watches);
    node->random->fill(node->random, random, sizeof random);
    for (size_t i = 0; i < MEMBER_ID_LEN; i++)
        members->self.id[i] = "0123456789abcdef"[random[i] & 15];
    members->alive[0] = members->self;
    members->count = 1;
    if (node->hints != NULL)
        node->timers->ops->arm(node->timers, &members->timer, node_clock_ms(node));
    return true;
}
