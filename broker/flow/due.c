/* SPDX-License-Identifier: Apache-2.0 */
/* The sweeper of the due index, and of logs whose reading failed.
 *
 *   a bucket of this node's share of the 1,024: its lowest members are read
 *       due     --> load the conversation
 *                     open obligation    --> follow_up has acted; the member is due again later,
 *                                            and the other nodes are told how far the log has come
 *                     settled, or absent --> the member goes
 *                     erased             --> so do the places of its readers, then the member
 *       not yet --> the bucket is looked at again when the first of them is
 *
 *   a bucket is looked at
 *       when what was read, or put in by this node, is due: not more often than each second
 *       each 5 s, which is how far ahead others put something in; each 20 s when there are none
 *       at once, when somebody came or went, and in a new life of the store's link
 *
 * Invariant: the index is written before the entry (rule 11), so every open obligation has a
 * member; the sweep only ever removes a member that a fresh fold shows to be settled. Two nodes
 * sweeping one bucket do no harm. When a bucket is looked at depends on no news: without any it is
 * each 20 s. So what is told of an open case reaches its followers then at the latest, even if
 * every hint of it was lost without a word.
 */
#include "flow/due.h"

#include "base/check.h"
#include "flow/chat_hints.h"
#include "flow/conversations.h"
#include "flow/erase.h"
#include "flow/follow_up.h"
#include "flow/members.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TURN_MS = 100,
    AT_ONCE_MS = 1000, /* all buckets, so as not to ask for all in one turn */
    SOONEST_MS = 1000, /* of one bucket again */
    BESIDE_OTHERS_MS = DUE_AHEAD_MS_MIN,
    ALONE_MS = 20000,
    PER_BUCKET = 64,
    AGAIN_MS = 10000,
    LOGS_EVERY = 10
};

struct bucket {
    struct due *due;
    uint64_t look_ms; /* of the monotonic clock */
};

struct due {
    struct node *node;
    struct timer timer;
    struct members_watch watch;
    uint64_t generation; /* in which the buckets were looked at */
    unsigned underway;
    unsigned turns;
    struct bucket buckets[CONVERSATION_BUCKETS];
};

struct settling {
    struct chat_touch touch;
    struct due *due;
    uint64_t seq;
    char member[CONVERSATION_ID_LEN + 24];
    size_t member_len;
};

static bool is_open(const struct chat *chat, uint64_t seq)
{
    uint64_t open[2];
    size_t count = conversation_obligations(chat_fold(chat), open);
    for (size_t i = 0; i < count; i++)
        if (open[i] == seq)
            return true;
    return seq > chat_fold(chat)->tail.seq; /* the entry is not there yet */
}

/* A callback that lies ahead needs nobody until it is due; whatever changes that has a member of
 * its own. */
static uint64_t again_ms(const struct chat *chat)
{
    uint64_t soon_ms = node_time_ms(chat->node) + AGAIN_MS;
    const struct callback *callback = &chat_fold(chat)->callback;
    bool is_ahead = chat_fold(chat)->phase == PHASE_QUEUED && callback_is_agreed(callback) &&
                    callback->due_ms > soon_ms;
    return is_ahead ? callback->due_ms : soon_ms;
}

static void end_settling(struct settling *settling, bool is_settled)
{
    struct chat *chat = settling->touch.change.chat;
    struct store *store = chat->node->store;
    struct slice member = slice_make(settling->member, settling->member_len);
    char key[64];
    struct slice due_key = slice_make(key, conversation_due_key(chat_id(chat), key));
    if (is_settled) {
        store->ops->zset_remove(store, due_key, member, NULL, NULL);
    } else {
        store->ops->zset_add(store, due_key, member, again_ms(chat), ZSET_SET, NULL, NULL);
        if (members_are_others(chat->node))
            chat_tell_look(chat->node, chat_id(chat), chat_fold(chat)->tail.seq);
    }
    settling->due->underway--;
    chat_release(chat);
    free(settling);
}

static void on_places_gone(void *user, const struct store_reply *reply)
{
    end_settling(user, reply->outcome == STORE_OK);
}

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct settling *settling = LIST_ITEM(touch, struct settling, touch);
    struct chat *chat = touch->change.chat;
    bool is_known = outcome == LOG_WAS_ALREADY;
    if (is_known)
        follow_up(chat);
    bool is_erased = chat->is_erased || (is_known && chat_fold(chat)->phase == PHASE_ERASED);
    if (is_erased)
        erase_places(chat->node, chat_id(chat), on_places_gone, settling);
    else
        end_settling(settling, is_known ? !is_open(chat, settling->seq) : outcome == LOG_MISSING);
}

/* "<conversation>:<seq>" */
void due_name(struct slice id, uint64_t seq, struct due_names *out)
{
    int len = snprintf(
            out->member_bytes, sizeof out->member_bytes, "%.*s:%" PRIu64, SLICE_ARGS(id), seq);
    out->member = slice_make(out->member_bytes, (size_t)len);
    out->key = slice_make(out->key_bytes, conversation_due_key(id, out->key_bytes));
}

static bool read_member(struct slice member, struct slice *out_id, uint64_t *out_seq)
{
    *out_seq = 0;
    if (member.len < CONVERSATION_ID_LEN + 2 || member.len > CONVERSATION_ID_LEN + 20 ||
            member.bytes[CONVERSATION_ID_LEN] != ':')
        return false;
    for (size_t i = CONVERSATION_ID_LEN + 1; i < member.len; i++) {
        if (member.bytes[i] < '0' || member.bytes[i] > '9')
            return false;
        *out_seq = *out_seq * 10 + (uint64_t)(member.bytes[i] - '0');
    }
    *out_id = slice_make(member.bytes, CONVERSATION_ID_LEN);
    return conversation_id_is_well_formed(*out_id);
}

static void settle(struct due *due, struct slice member)
{
    struct slice id;
    uint64_t seq;
    if (!read_member(member, &id, &seq))
        return;
    struct chat *chat = chat_hold(due->node, id);
    if (chat == NULL)
        return; /* all chats are in use: later */
    struct settling *settling = calloc(1, sizeof *settling);
    check(settling != NULL);
    settling->due = due;
    settling->seq = seq;
    memcpy(settling->member, member.bytes, member.len);
    settling->member_len = member.len;
    settling->touch.done = on_loaded;
    due->underway++;
    chat_touch(chat, &settling->touch);
}

/* ---- when a bucket is looked at ---------------------------------------------------------------
 */

static void look_by(struct bucket *bucket, uint64_t clock_ms)
{
    if (clock_ms < bucket->look_ms)
        bucket->look_ms = clock_ms;
}

/* A time of the index, on the monotonic clock; not before a bucket may be looked at again. */
static uint64_t clock_at(struct node *node, uint64_t at_ms)
{
    uint64_t now_ms = node_time_ms(node), ahead_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    return node_clock_ms(node) + (ahead_ms < SOONEST_MS ? SOONEST_MS : ahead_ms);
}

void due_note(struct node *node, struct slice id, uint64_t at_ms)
{
    look_by(&node->due->buckets[conversation_bucket(id)], clock_at(node, at_ms));
}

/* Each bucket has its moment in every so many seconds, so that the looks are spread. */
static uint64_t next_round_ms(const struct due *due, unsigned bucket)
{
    uint64_t now_ms = node_clock_ms(due->node);
    uint64_t every_ms = members_are_others(due->node) ? BESIDE_OTHERS_MS : ALONE_MS;
    uint64_t phase_ms = every_ms * bucket / conversation_buckets(due->node);
    return now_ms + every_ms - (now_ms + every_ms - phase_ms) % every_ms;
}

static void look_at_all(struct due *due)
{
    uint64_t now_ms = node_clock_ms(due->node);
    for (unsigned i = 0; i < CONVERSATION_BUCKETS; i++)
        look_by(&due->buckets[i], now_ms + (uint64_t)AT_ONCE_MS * i / CONVERSATION_BUCKETS);
}

static void on_members(struct members_watch *watch, bool gone)
{
    (void)gone;
    look_at_all(LIST_ITEM(watch, struct due, watch));
}

/* ---- looking ----------------------------------------------------------------------------------
 */

/* The members of a reply are in the order of their times. What is due is looked at again soon: to
 * find it settled, or moved. */
static void on_scanned(void *user, const struct store_reply *reply)
{
    struct bucket *bucket = user;
    struct due *due = bucket->due;
    uint64_t now_ms = node_time_ms(due->node);
    due->underway--;
    if (reply->outcome != STORE_OK)
        look_by(bucket, clock_at(due->node, now_ms));
    else if (reply->item_count > 0)
        look_by(bucket, clock_at(due->node, reply->items[0].number));
    for (size_t i = 0; reply->outcome == STORE_OK && i < reply->item_count; i++)
        if (reply->items[i].number <= now_ms)
            settle(due, reply->items[i].value);
}

static void look_at(struct due *due, unsigned number)
{
    struct node *node = due->node;
    char id[2];
    char key[64];
    conversation_bucket_name(number, id);
    size_t len = conversation_due_key(slice_make(id, 2), key);
    due->buckets[number].look_ms = next_round_ms(due, number);
    if (!members_is_mine(node, number))
        return;
    due->underway++;
    node->store->ops->zset_range(node->store, slice_make(key, len), 0, UINT64_MAX, PER_BUCKET,
            on_scanned, &due->buckets[number]);
}

static void on_due(struct timer *timer)
{
    struct due *due = LIST_ITEM(timer, struct due, timer);
    struct node *node = due->node;
    uint64_t now_ms = node_clock_ms(node), generation = node->store->ops->generation(node->store);
    node->timers->ops->arm(node->timers, timer, now_ms + TURN_MS);
    log_engine_turn(&node->logs);
    if (due->turns++ % LOGS_EVERY == 0)
        log_engine_look(&node->logs);
    if (generation == 0 || due->underway > 0 || node->is_draining || !node->is_open)
        return;
    if (generation != due->generation)
        look_at_all(due); /* a failover may have taken members back */
    due->generation = generation;
    for (unsigned i = 0; i < conversation_buckets(node); i++)
        if (due->buckets[i].look_ms <= now_ms)
            look_at(due, i);
}

bool due_create(struct node *node)
{
    struct due *due = node->due = calloc(1, sizeof *due);
    if (due == NULL)
        return false;
    due->node = node;
    due->timer.on_due = on_due;
    due->watch.on_change = on_members;
    for (unsigned i = 0; i < CONVERSATION_BUCKETS; i++)
        due->buckets[i] = (struct bucket){due, UINT64_MAX};
    members_watch(node, &due->watch);
    node->timers->ops->arm(node->timers, &due->timer, node_clock_ms(node) + TURN_MS);
    return true;
}
