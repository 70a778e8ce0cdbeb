/* SPDX-License-Identifier: Apache-2.0 */
/* Three nodes that carry one conversation, and what befalls them.
 *
 * Invariant: everything is drawn from the seed, in the order of virtual time. A node that crashes
 * loses all that it held in memory; its link's fate is fake_link's business.
 */
#include "log_world.h"

#include "base/check.h"
#include "flow/entry_codec.h"

#include <stdlib.h>

enum { ACTS = 300, ROUNDS_MAX = 500, SNAPSHOT_ROOM = 32768 };

static const struct slice log_key = {"{aa}c:sim", 9};

/* ---- the log kind, as broker/flow/chat_log.c has it ---- */

static struct log_node *node_of(struct log *log)
{
    return LIST_ITEM(log, struct log_node, log);
}

bool log_node_read(struct log_node *node, const struct record *record, struct entry *out)
{
    if (entry_decode(record->plain, &node->scratch, out) != ENTRY_GOOD)
        return false;
    out->at = record->at;
    out->time_ms = record->time_ms;
    return true;
}

static void clear(struct log *log)
{
    memset(&node_of(log)->fold, 0, sizeof node_of(log)->fold);
}

static enum log_fold apply(struct log *log, const struct record *record)
{
    struct log_node *node = node_of(log);
    struct entry entry;
    size_t mark = node->scratch.used;
    bool is_good = log_node_read(node, record, &entry) &&
                   conversation_apply(&node->fold, &entry) == FOLD_OK;
    node->scratch.used = mark;
    return is_good ? LOG_FOLDED : LOG_FOLD_DAMAGED;
}

static bool holds_snapshot(struct log *log, const struct record *record)
{
    struct log_node *node = node_of(log);
    struct entry entry;
    size_t mark = node->scratch.used;
    bool holds = log_node_read(node, record, &entry) && entry_part(&entry, PART_SNAPSHOT) != NULL;
    node->scratch.used = mark;
    return holds;
}

static enum log_fold restore(struct log *log, const struct record *record)
{
    struct log_node *node = node_of(log);
    struct entry entry;
    size_t mark = node->scratch.used;
    check(log_node_read(node, record, &entry));
    bool is_good =
            fold_decode(entry_part(&entry, PART_SNAPSHOT)->body, &node->scratch, &node->fold);
    node->fold.tail.seq = record->at.seq - 1;
    is_good = is_good && conversation_apply(&node->fold, &entry) == FOLD_OK;
    node->scratch.used = mark;
    return is_good ? LOG_FOLDED : LOG_FOLD_DAMAGED;
}

static void on_record(struct log *log, const struct record *record)
{
    struct log_node *node = node_of(log);
    reader_hears(&node->reader, record);
    bot_hears(node->world, &node->fold.turn);
    node->world->hint = record->at.seq;
}

static void on_moved(struct log *log)
{
    struct log_node *node = node_of(log);
    reader_looks(&node->reader);
    bot_hears(node->world, &node->fold.turn);
}

static const struct log_kind kind = {clear, apply, holds_snapshot, restore, on_record, on_moved};

enum log_decision log_node_draft(
        struct log_node *node, const struct decision *decision, struct log_draft *draft)
{
    (void)node;
    if (decision->verdict == VERDICT_ALREADY)
        return LOG_ALREADY;
    if (decision->verdict == VERDICT_NO)
        return LOG_NO;
    entry_encode(decision->draft, &draft->plain);
    draft->time_ms = decision->draft->time_ms;
    return LOG_APPEND;
}

/* ---- nodes ---- */

static void node_start(struct log_node *node)
{
    check(log_engine_init(&node->engine, &node->bend.base, &node->random.base));
    arena_init(&node->scratch, node->scratch_bytes, sizeof node->scratch_bytes);
    bend_begin(&node->bend, node, node->bend.link);
    log_init(&node->log, &node->engine, &kind, log_key, SLICE_NONE, SLICE_NONE);
    node->log.seal_key = node->world->key;
    node->log.is_followed = true;
    node->is_saving = false;
    node->reader.is_reading = false;
    node->reader.node = node;
}

static void node_forget(struct log_node *node)
{
    free(node->engine.plain);
    free(node->engine.record);
    free(node->engine.opened);
}

static void crash(struct world *world, struct log_node *node)
{
    fake_store_crash(node->bend.link);
    node_forget(node);
    node_start(node);
    world->crashes++;
}

/* ---- birth and snapshots: changes of the world's own ---- */

struct own_change {
    struct log_change change;
    struct log_node *node;
    bool is_birth;
};

static enum log_decision decide_own(
        struct log_change *change, struct log *log, struct log_draft *draft)
{
    struct own_change *own = LIST_ITEM(change, struct own_change, change);
    struct log_node *node = own->node;
    struct entry entry;
    struct decision decision = {.draft = &entry};
    size_t mark = node->scratch.used;
    (void)log;
    if (own->is_birth) {
        struct part created = {.id = SLICE_OF("demo")};
        conversation_create(&node->fold, &created, 1, &decision);
    } else {
        struct buffer out = buffer_make(arena_take(&node->scratch, SNAPSHOT_ROOM), SNAPSHOT_ROOM);
        check(out.bytes != NULL);
        fold_encode(&node->fold, &node->scratch, &out);
        check(!out.overflowed);
        entry = (struct entry){.author.kind = AUTHOR_SYSTEM,
                .after_public = node->fold.public_tail,
                .after_staff = node->fold.staff_tail};
        entry_add(&entry, PART_SNAPSHOT)->body = buffer_slice(&out);
        decision.verdict = VERDICT_APPEND;
    }
    enum log_decision answer = log_node_draft(node, &decision, draft);
    node->scratch.used = mark;
    return answer;
}

static void on_own_done(struct log_change *change, struct log *log)
{
    struct own_change *own = LIST_ITEM(change, struct own_change, change);
    (void)log;
    own->node->is_saving = false;
    free(own);
}

static void submit_own(struct log_node *node, bool is_birth)
{
    struct own_change *own = calloc(1, sizeof *own);
    check(own != NULL);
    *own = (struct own_change){.node = node, .is_birth = is_birth};
    own->change.decide = decide_own;
    own->change.done = on_own_done;
    node->is_saving = true;
    log_submit(&node->log, &own->change);
}

/* ---- the world ---- */

void world_begin(struct world *world, uint64_t seed, bool is_durable, enum rule off)
{
    memset(world, 0, sizeof *world);
    world->seed = seed;
    world->is_durable = true; /* the birth is; see below */
    memset(world->key, 7, sizeof world->key);
    fake_clock_init(&world->clock, seed);
    fake_random_init(&world->random, seed * 3 + 1);
    world->server = fake_server_create(&world->clock, seed);
    world->lives = 1;
    for (size_t i = 0; i < WORLD_NODES; i++) {
        struct log_node *node = &world->nodes[i];
        node->world = world;
        node->index = i;
        fake_random_init(&node->random, seed * 8 + i);
        node->bend.link = fake_server_join(world->server);
        node_start(node);
    }
    while (fake_clock_step(&world->clock))
        continue;
    world->nodes[0].log.is_newborn = true;
    world->nodes[0].log.state = LOG_COLD;
    submit_own(&world->nodes[0], true);
    while (fake_clock_step(&world->clock))
        continue;
    for (size_t i = 1; i < WORLD_NODES; i++)
        world->nodes[i].log.state = LOG_COLD; /* they had found it absent */
    world->is_durable = is_durable;
    world->off = off;
    senders_begin(world);
    *fake_server_faults(world->server) = (struct fake_faults){.delay_ms_max = 6,
            .detect_ms_max = 30,
            .reconnect_ms_max = 20,
            .cut_per_mille = 8,
            .unknown_per_mille = 8,
            .full_per_mille = 6,
            .barrier_fails_per_mille = 120,
            .orphans_per_mille = 600,
            .orphan_ms_max = 200,
            .clock_error_ms_max = 50};
}

static struct log_node *some_node(struct world *world)
{
    return &world->nodes[fake_random_below(&world->random, WORLD_NODES)];
}

static void fail_over(struct world *world)
{
    world->lost += fake_server_fail_over(world->server, 8);
    world->lives++;
    world->failovers++;
}

static void something_happens(struct world *world)
{
    uint64_t what = fake_random_below(&world->random, 1000);
    struct log_node *node = some_node(world);
    if (what < 120)
        sender_acts(world);
    else if (what < 150)
        bot_acts(world);
    else if (what < 165 && !node->is_saving)
        submit_own(node, false);
    else if (what < 200)
        log_hint(&node->log, world->hint);
    else if (what < 215)
        log_engine_look(&node->engine);
    else if (what < 225)
        fake_store_cut(node->bend.link);
    else if (what < 233)
        crash(world, node);
    else if (what < 241)
        fail_over(world);
    else if (what < 256)
        fake_server_demote(world->server);
    else if (!fake_clock_step(&world->clock))
        sender_acts(world);
}

static void come_to_rest(struct world *world)
{
    *fake_server_faults(world->server) = (struct fake_faults){.delay_ms_max = 3};
    fake_server_demote(world->server);
    while (fake_clock_step(&world->clock))
        continue;
    for (int round = 0; round < ROUNDS_MAX && !senders_are_done(world); round++) {
        for (int i = 0; i < 4; i++)
            sender_acts(world);
        bot_acts(world);
        fake_clock_run_for(&world->clock, 5);
    }
    while (fake_clock_step(&world->clock))
        continue;
    for (size_t i = 0; i < WORLD_NODES; i++)
        reader_looks(&world->nodes[i].reader);
    while (fake_clock_step(&world->clock))
        continue;
}

void world_run(struct world *world)
{
    for (int i = 0; i < ACTS; i++)
        something_happens(world);
    come_to_rest(world);
    world->violations |= world_judge(world);
}

void world_end(struct world *world)
{
    fake_server_destroy(world->server);
    fake_clock_finish(&world->clock);
    for (size_t i = 0; i < WORLD_NODES; i++)
        node_forget(&world->nodes[i]);
}
