/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a simulated world: has it come to rest, and does everything hold then?
 *
 * Invariant: the stored log is read by itself, entry by entry, and compared with what the cast
 * believes; the nodes' own folds are asked only for keys and for whether they rest.
 */
#include "world.h"

#include "flow/entry_codec.h"
#include "flow/pools.h"
#include "judge_calls.h"
#include "judge_words.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- rest -------------------------------------------------------------------------------------
 */

static struct chat *chat_at(const struct sim_node *sim, const struct device *device)
{
    return sim->node != NULL && device->conversation[0] != '\0'
                   ? chat_find(sim->node, slice_of_string(device->conversation))
                   : NULL;
}

/* The conversation as the node has it to which the device is connected. */
static struct chat *chat_of(const struct world *world, const struct device *device)
{
    for (unsigned i = 0; i < world->plan.node_count; i++)
        if (device->line.is_welcome && device->line.client.peers == world->nodes[i].peers)
            return chat_at(&world->nodes[i], device);
    return NULL;
}

static bool chat_is_at_rest(const struct chat *chat)
{
    return chat->log.state == LOG_READY && chat_fold(chat)->turn.seq == 0 &&
           chat_fold(chat)->phase != PHASE_QUEUED && chat_fold(chat)->phase != PHASE_ACTIVE;
}

static struct name last_seen(const struct device *device)
{
    return device->view_count ? device->view[device->view_count - 1].at : (struct name){0};
}

/* In what others know to be erased nothing comes due. */
static bool is_settled(const struct world *world, const struct device *device)
{
    bool is_erased = strcmp(device->conversation, world->erasure.conversation) == 0;
    return (calls_are_settled(device) && chat_is_at_rest(chat_of(world, device))) ||
           (is_erased && erasure_is_unheard(world));
}

static bool device_is_at_rest(const struct world *world, const struct device *device)
{
    struct chat *chat = chat_of(world, device);
    struct name seen = last_seen(device);
    return device_is_content(device) && chat != NULL && is_settled(world, device) && seen.seq > 0 &&
           device->view[0].after.seq == 0 && name_equal(&seen, &chat_fold(chat)->public_tail);
}

static struct pool_counts counts_of(const struct sim_node *sim)
{
    return pool_counts(team_pool(pools_team(sim->node, SLICE_OF("sim"))));
}

bool is_at_rest(struct world *world)
{
    for (unsigned i = 0; i < DEVICES; i++)
        if (world->devices[i].fault != NULL)
            return true;
    for (unsigned i = 0; i < DEVICES; i++)
        if (!device_is_at_rest(world, &world->devices[i]))
            return false;
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        struct pool_counts counts = counts_of(&world->nodes[i]);
        if (counts.waiting + counts.offered + counts.active + counts.wrapping > 0)
            return false;
    }
    return erasure_is_settled(world);
}

/* A node may know less than the log does, or nothing any more, so the due index is asked as well:
 * rule 11 has a member there for whatever is open. */
static bool is_settled_at(struct world *world, const struct sim_node *sim)
{
    if (sim->node == NULL || !sim->node->is_open)
        return false;
    struct pool_counts counts = counts_of(sim);
    for (unsigned i = 0; i < CONTACTS; i++) {
        struct chat *chat = chat_at(sim, &world->devices[i]);
        if (chat != NULL && chat->log.state != LOG_COLD && !chat_is_at_rest(chat))
            return false;
    }
    return team_is_read(pools_team(sim->node, SLICE_OF("sim"))) &&
           counts.waiting + counts.offered + counts.active == 0;
}

/* At a desk, and nothing on it. */
static bool has_nothing_to_do(const struct agent_model *desk)
{
    for (size_t i = 0; i < desk->chat_count; i++)
        if (desk->chats[i].is_mine)
            return false;
    return desk->line.is_welcome;
}

bool is_settled_alone(struct world *world)
{
    char id[2], key[64];
    for (unsigned i = 0; i < DEVICES; i++)
        if (!device_is_done(&world->devices[i]) ||
                world->devices[i].line.client.peer.generation != 0)
            return false;
    for (unsigned i = 0; i < DESKS; i++)
        if (!has_nothing_to_do(&world->desks[i]))
            return false;
    for (unsigned i = 0; i < world->plan.node_count; i++)
        if (!is_settled_at(world, &world->nodes[i]))
            return false;
    for (unsigned i = 0; i < DUE_BUCKETS; i++) {
        conversation_bucket_name(i, id);
        size_t len = conversation_due_key(slice_make(id, 2), key);
        if (!fake_server_zset_is_empty(world->server, slice_make(key, len)))
            return false;
    }
    return true;
}

/* ---- the verdict ------------------------------------------------------------------------------
 */

#define broken(...) (snprintf(verdict, sizeof verdict, __VA_ARGS__), verdict)
static char verdict[WORLD_WORDS_MAX + 64];

struct reading {
    struct chat *chat;
    uint64_t count;
    uint8_t mark[MARK_SIZE];
    struct name turn;
    struct words words;
    struct owners owners;
    struct calls calls;
    uint64_t said[DEVICES]; /* by device: its messages so far */
};

static const char *read_numbered(struct world *world, struct reading *reading,
        const struct entry *entry, const struct part *part)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        struct device *device = &world->devices[i];
        if (!slice_is(part->lineage, device->outbox.lineage))
            continue;
        if (part->n != ++reading->said[i])
            return broken("seq %" PRIu64 ": a sender's order is broken, or a message doubled",
                    entry->at.seq);
        if (!name_equal(&device->outbox.sent[part->n].at, &entry->at))
            return broken("seq %" PRIu64 ": acked at another place", entry->at.seq);
    }
    return NULL;
}

static const char *read_part(struct world *world, struct reading *reading,
        const struct entry *entry, const struct part *part)
{
    if (part->n != 0)
        return read_numbered(world, reading, entry, part);
    if (part->kind == PART_TURN)
        reading->turn = entry->at;
    if (part->kind == PART_COMMITTED) {
        if (!name_equal(&reading->turn, &part->ref))
            return broken("seq %" PRIu64 ": a turn was committed that was not open", entry->at.seq);
        reading->turn = (struct name){0};
    }
    return NULL;
}

static const char *read_entry(
        struct world *world, struct reading *reading, const struct store_item *item)
{
    static uint8_t plain[RECORD_MAX];
    struct chat *chat = reading->chat;
    struct owners before = reading->owners;
    struct record record;
    struct entry entry;
    const char *fault = NULL;
    if (item->number != ++reading->count)
        return broken("the log has a hole before %" PRIu64, item->number);
    if (record_read(item->value, item->number, chat->log.key, chat->key, plain, &record) !=
                    RECORD_GOOD ||
            memcmp(record.prev, reading->mark, MARK_SIZE) != 0)
        return broken("the log does not link at %" PRIu64, item->number);
    memcpy(reading->mark, record.at.mark, MARK_SIZE);
    if (entry_decode(record.plain, &chat->node->scratch, &entry) != ENTRY_GOOD)
        return broken("the log cannot be read at %" PRIu64, item->number);
    entry.at = record.at;
    entry.time_ms = record.time_ms;
    for (size_t i = 0; i < entry.part_count && fault == NULL; i++)
        fault = read_part(world, reading, &entry, &entry.parts[i]);
    if (fault == NULL)
        fault = owners_read(&reading->owners, world, chat_id(chat), &entry, &chat->node->scratch);
    if (fault == NULL)
        fault = calls_read(
                &reading->calls, world, &before, &reading->owners, chat_id(chat), &entry);
    if (fault == NULL && entry_is_visible(&entry, false))
        fault = words_read(&reading->words, world, &entry, &chat->node->scratch);
    chat->node->scratch.used = 0;
    return fault;
}

static const char *judge_views(struct world *world, const struct reading *reading)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        struct device *device = &world->devices[i];
        if (!slice_is(chat_id(reading->chat), device->conversation))
            continue;
        if (reading->said[i] != device->outbox.count)
            return broken("device %u: %" PRIu64 " said, %" PRIu64 " in the log", i,
                    device->outbox.count, reading->said[i]);
        const char *fault = words_judge_views(&reading->words, device);
        if (fault != NULL)
            return broken("device %u: %s", i, fault);
    }
    return NULL;
}

static const char *judge_conversation(struct world *world, struct chat *chat)
{
    static struct reading reading;
    struct store_item item;
    const char *fault = NULL;
    reading = (struct reading){.chat = chat};
    while (fault == NULL &&
            fake_server_read(world->server, chat->log.key, reading.count + 1, 1, &item) == 1)
        fault = read_entry(world, &reading, &item);
    if (fault == NULL)
        fault = words_judge_heard(&reading.words, world);
    if (fault == NULL)
        fault = owners_judge(&reading.owners, world, chat_id(chat));
    if (fault == NULL)
        fault = calls_judge(&reading.calls, world, chat_id(chat));
    return fault ? fault : judge_views(world, &reading);
}

static const char *say_stuck(struct world *world)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        struct device *device = &world->devices[i];
        struct chat *chat = chat_of(world, device);
        if (chat == NULL)
            return broken("stuck: conversation of device %u is not even open", i);
        if (!device_is_at_rest(world, device))
            return broken("stuck: conversation %.4s phase %d turn %" PRIu64 " log %d, tail %" PRIu64
                          " device %u saw %" PRIu64,
                    device->conversation, chat_fold(chat)->phase, chat_fold(chat)->turn.seq,
                    chat->log.state, chat_fold(chat)->public_tail.seq, i, last_seen(device).seq);
    }
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        struct pool_counts counts = counts_of(&world->nodes[i]);
        if (counts.waiting + counts.offered + counts.active + counts.wrapping > 0)
            return broken("stuck: the pool of node %u has %zu waiting, %zu offered, %zu active, "
                          "%zu in wrap-up, %zu online",
                    i, counts.waiting, counts.offered, counts.active, counts.wrapping,
                    counts.online);
    }
    return broken("stuck");
}

static const char *judge_devices(struct world *world)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        struct device *device = &world->devices[i];
        if (device->fault != NULL)
            return broken("device %u: %s", i, device->fault);
        if (!device_is_content(device))
            return broken("device %u is stuck: not everything was acked", i);
    }
    for (unsigned i = 0; i < DESKS; i++)
        if (world->desks[i].fault != NULL)
            return broken("desk %u: %s", i, world->desks[i].fault);
    return NULL;
}

static bool is_nobodys(const struct chat *chat)
{
    return chat != NULL && chat_fold(chat)->reference.len == 0;
}

/* A failover may forget whose a conversation is: a device goes on in it with its ticket, and the
 * contact's next one begins another. */
static bool are_together(
        const struct world *world, const struct device *one, const struct device *other)
{
    bool is_forgotten = is_nobodys(chat_of(world, one)) || is_nobodys(chat_of(world, other)) ||
                        (one->erased != NULL && erasure_is_unheard(world));
    return strcmp(one->conversation, other->conversation) == 0 ||
           (world->plan.is_lossy && is_forgotten);
}

const char *judge(struct world *world)
{
    const char *fault = judge_devices(world);
    if (fault != NULL)
        return fault;
    if (world->unattended[0] != '\0')
        return world->unattended;
    if (!is_at_rest(world))
        return say_stuck(world);
    if (world->unknown != NULL)
        return world->unknown;
    for (unsigned i = 0; i < CONTACTS && fault == NULL; i++) {
        fault = judge_conversation(world, chat_of(world, &world->devices[i]));
        if (fault == NULL &&
                !are_together(world, &world->devices[i], &world->devices[i + CONTACTS]))
            fault = broken("contact %u has two conversations", i);
    }
    if (fault == NULL)
        fault = erasure_judge(world);
    if (fault == NULL)
        fault = files_judge(world);
    return fault ? fault : judge_pool(world);
}
