/* SPDX-License-Identifier: Apache-2.0 */
/* The sweeper of the due index, and of logs whose reading failed.
 *
 *   each second, this node's share of the 1,024 buckets: members that are due --> load the
 *   conversation
 *       open obligation    --> follow_up has acted; the member is due again later
 *       settled, or absent --> the member goes
 *
 * Invariant: the index is written before the entry (rule 11), so every open obligation has a
 * member; the sweep only ever removes a member that a fresh fold shows to be settled. Two nodes
 * sweeping one bucket do no harm.
 */
#include "flow/due.h"

#include "base/check.h"
#include "flow/conversations.h"
#include "flow/follow_up.h"
#include "flow/members.h"

#include <stdlib.h>

enum {
    LOOK_EVERY_MS = 100,
    LOOKS = 10, /* see all buckets, in a second */
    PER_BUCKET = 64,
    AGAIN_MS = 10000,
    LOGS_EVERY = 10
};

struct due {
    struct node *node;
    struct timer timer;
    unsigned next_bucket;
    unsigned underway;
    unsigned looks;
};

struct scan {
    struct due *due;
    char key[8];
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

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct settling *settling = LIST_ITEM(touch, struct settling, touch);
    struct chat *chat = touch->change.chat;
    struct node *node = chat->node;
    struct slice member = slice_make(settling->member, settling->member_len);
    char key[64];
    struct slice due_key = slice_make(key, conversation_due_key(chat_id(chat), key));
    bool is_known = outcome == LOG_WAS_ALREADY;
    if (is_known)
        follow_up(chat);
    bool is_settled = is_known ? !is_open(chat, settling->seq) : outcome == LOG_MISSING;
    if (!is_settled)
        node->store->ops->zset_add(
                node->store, due_key, member, again_ms(chat), ZSET_SET, NULL, NULL);
    else
        node->store->ops->zset_remove(node->store, due_key, member, NULL, NULL);
    settling->due->underway--;
    chat_release(chat);
    free(settling);
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

static void on_scanned(void *user, const struct store_reply *reply)
{
    struct due *due = user;
    due->underway--;
    for (size_t i = 0; reply->outcome == STORE_OK && i < reply->item_count; i++)
        settle(due, reply->items[i].value);
}

static void scan_bucket(struct due *due, unsigned bucket)
{
    struct node *node = due->node;
    char id[2];
    char key[64];
    conversation_bucket_name(bucket, id);
    size_t len = conversation_due_key(slice_make(id, 2), key);
    due->underway++;
    node->store->ops->zset_range(
            node->store, slice_make(key, len), 0, node_time_ms(node), PER_BUCKET, on_scanned, due);
}

static void on_due(struct timer *timer)
{
    struct due *due = LIST_ITEM(timer, struct due, timer);
    struct node *node = due->node;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + LOOK_EVERY_MS);
    bool is_up = node->store->ops->generation(node->store) != 0;
    log_engine_turn(&node->logs);
    if (due->looks++ % LOGS_EVERY == 0)
        log_engine_look(&node->logs);
    if (!is_up || due->underway > 0 || node->is_draining || !node->is_open)
        return;
    unsigned buckets = conversation_buckets(node), count = (buckets + LOOKS - 1) / LOOKS;
    for (unsigned i = 0; i < count; i++) {
        unsigned bucket = (due->next_bucket + i) % buckets;
        if (members_is_mine(node, bucket))
            scan_bucket(due, bucket);
    }
    due->next_bucket = (due->next_bucket + count) % buckets;
}

bool due_create(struct node *node)
{
    node->due = calloc(1, sizeof *node->due);
    if (node->due == NULL)
        return false;
    node->due->node = node;
    node->due->timer.on_due = on_due;
    node->timers->ops->arm(node->timers, &node->due->timer, node_clock_ms(node) + LOOK_EVERY_MS);
    return true;
}

void due_destroy(struct node *node)
{
    node->timers->ops->cancel(node->timers, &node->due->timer);
    free(node->due);
    node->due = NULL;
}
