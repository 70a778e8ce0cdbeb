/* SPDX-License-Identifier: Apache-2.0 */
/* A contact has their conversation erased, while everything else goes on; whoever asks for it asks
 * a node, and asks again, perhaps another one, until it is done.
 *
 * Invariant: from then on nothing of it can be read: no key, no record but ERASED, no places of
 * readers; nobody who asks is shown a word of it, at any node; and its contact begins anew.
 */
#include "base/check.h"
#include "flow/entry_codec.h"
#include "flow/erase.h"
#include "judge_words.h"
#include "tally.h"
#include "world.h"

#include <inttypes.h>
#include <stdio.h>

enum { AGAIN_MS_MAX = 2000, LATER_MS = 100, CONTACT = CONTACTS - 1 };

static char why[WORLD_WORDS_MAX];

static struct slice erased_id(const struct world *world)
{
    return slice_of_string(world->erasure.conversation);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static void on_erased(void *user, enum erase_outcome outcome)
{
    struct world *world = user;
    if (outcome == ERASE_RETRY || world->erasure.done_ms != 0)
        return;
    world->erasure.done_ms = world->clock.now_ms;
    fake_server_note(world->server, "erased");
    tally_action(ACTION_ERASURE);
}

/* Any that lives, so that two may be at it. */
static struct sim_node *choose_node(struct world *world)
{
    uint64_t first = fake_random_below(&world->random, world->plan.node_count);
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        struct sim_node *sim = &world->nodes[(first + i) % world->plan.node_count];
        if (sim->node != NULL && sim->node->is_open)
            return sim;
    }
    return NULL;
}

static void on_due(struct timer *timer)
{
    struct world *world = LIST_ITEM(timer, struct world, erasure.timer);
    struct erasure *erasure = &world->erasure;
    struct device *device = &world->devices[CONTACT];
    struct sim_node *sim = choose_node(world);
    if (erasure->done_ms != 0)
        return;
    if (erasure->conversation[0] == '\0' && device->conversation[0] != '\0') {
        memcpy(erasure->conversation, device->conversation, sizeof erasure->conversation);
        device->erased = world->devices[CONTACT + CONTACTS].erased = erasure->conversation;
    }
    bool may_ask = sim != NULL && erasure->conversation[0] != '\0';
    fake_timers_arm(&world->world_timers, timer,
            world->clock.now_ms + LATER_MS +
                    (may_ask ? fake_random_below(&world->random, AGAIN_MS_MAX) : 0));
    if (may_ask)
        erase_conversation(sim->node, erased_id(world), on_erased, world);
}

void erasure_begin(struct world *world)
{
    world->erasure.timer.on_due = on_due;
    if (world->plan.erased_at_ms != 0)
        fake_timers_arm(&world->world_timers, &world->erasure.timer,
                world->clock.now_ms + world->plan.erased_at_ms);
}

/* It is done, and its member of the due index is gone: places of readers were removed once more. */
bool erasure_is_settled(struct world *world)
{
    char key[64];
    if (world->erasure.conversation[0] == '\0')
        return true;
    if (world->erasure.done_ms == 0)
        return false; /* it is asked for again, within AGAIN_MS_MAX */
    size_t len = conversation_due_key(erased_id(world), key);
    return fake_server_zset_is_empty(world->server, slice_make(key, len));
}

/* ---- the verdict ------------------------------------------------------------------------------
 */

/* ERASED, by itself, and in the open. */
static const char *judge_log(struct world *world)
{
    static uint8_t opened[RECORD_MAX], scratch_bytes[4096];
    char key_bytes[64];
    struct slice key = slice_make(key_bytes, conversation_log_key(erased_id(world), key_bytes));
    struct store_item items[2];
    struct arena scratch;
    struct record record;
    struct entry entry;
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    if (fake_server_read(world->server, key, 1, 2, items) != 1)
        return "a log that was erased holds more than that it was, or nothing";
    if (record_read(items[0].value, items[0].number, key, NULL, opened, &record) != RECORD_GOOD ||
            entry_decode(record.plain, &scratch, &entry) != ENTRY_GOOD ||
            entry_part(&entry, PART_ERASED) == NULL)
        return "a log that was erased does not end with that";
    size_t len = conversation_cursors_key(erased_id(world), key_bytes);
    if (!fake_server_zset_is_empty(world->server, slice_make(key_bytes, len)))
        return "it is still known how far a conversation was read that was erased";
    return NULL;
}

static const char *judge_shown(const struct world *world, const struct device *device)
{
    for (uint64_t i = 0; i < device->lives * device->to_send; i++) {
        uint64_t n = 1 + i % device->to_send;
        unsigned life = (unsigned)(i / device->to_send);
        uint64_t asked_ms = world->heard.asked_ms[word_number(device, life, n)];
        if (asked_ms > world->erasure.done_ms && !is_asked_of_old(world, asked_ms)) {
            snprintf(why, sizeof why,
                    "erased words (%" PRIu64 ") were shown to who asked at %" PRIu64
                    " ms, and were gone since %" PRIu64 " ms",
                    n, asked_ms, world->erasure.done_ms);
            return why;
        }
    }
    return NULL;
}

/* By a node that still spoke to a master that had been replaced: the nodes that had looked at their
 * keys since do not hear of it (docs/explanation/delivery.md). */
bool erasure_is_unheard(const struct world *world)
{
    return world->plan.is_lossy && is_asked_of_old(world, world->erasure.done_ms);
}

const char *erasure_judge(struct world *world)
{
    const char *fault = NULL;
    char key[64];
    if (world->erasure.conversation[0] == '\0')
        return NULL;
    if (world->erasure.done_ms == 0)
        return "an erasure does not come to an end";
    int len = snprintf(key, sizeof key, "k:%s", world->erasure.conversation);
    if (fake_server_holds(world->key_server, slice_make(key, (size_t)len)))
        return "the key of a conversation that was erased is still there";
    if (!world->plan.is_lossy) /* else a failover may take ERASED back; then the key's end counts */
        fault = judge_log(world);
    for (unsigned i = CONTACT; i < DEVICES && fault == NULL; i += CONTACTS) {
        const struct device *device = &world->devices[i];
        if (device->lives > 0 && !world->plan.is_lossy) /* else it came only when that was over */
            fault = judge_shown(world, device);
        if (slice_is(erased_id(world), device->conversation) && !erasure_is_unheard(world))
            fault = "a device does not know that its conversation was erased";
    }
    return fault;
}
