/* SPDX-License-Identifier: Apache-2.0 */
/* How a world passes: it is set up in peace, the faults of its plan befall it, then they end and it
 * must come to rest; for a while nobody looks on.
 *
 * Invariant: all that happens follows from the plan. Nothing here asks the machine for anything.
 */
#include "world.h"

#include "base/check.h"
#include "core/route/setup.h"
#include "flow/pools.h"
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>

enum { REST_LOOK_MS = 50, ALONE_LOOK_MS = 1000, ALONE_MS_MIN = 6000 };

void world_run_for(struct world *world, uint64_t ms)
{
    struct fake_clock *clock = &world->clock;
    uint64_t until_ms = clock->now_ms + ms;
    while (clock->len > 0 && clock->due[0].timer->due_ms <= until_ms) {
        fake_clock_step(clock);
        if ((++world->steps & 15) == 0)
            tally_states(world);
    }
    clock->now_ms = until_ms;
}

/* A line of the trace: who says what to which node, or hears it from there. */
static void note_frame(void *user, const struct fake_peers *peers, const struct fake_client *client,
        bool is_to_node, const struct proto_frame *frame, struct slice json)
{
    struct world *world = user;
    (void)frame;
    const struct connection_model *line = LIST_ITEM(client, const struct connection_model, client);
    unsigned node = 0;
    while (world->nodes[node].peers != peers)
        node++;
    fake_server_note(world->server, "%s %s node%u %.*s", line->name, is_to_node ? "->" : "<-", node,
            SLICE_ARGS(json));
}

static void start_stores(struct world *world)
{
    uint64_t seed = world->plan.seed;
    world->server = fake_server_create(&world->clock, seed);
    world->key_server = fake_server_create(&world->clock, seed + 1);
    world->bus = fake_bus_create(&world->clock, seed + 4);
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        struct sim_node *sim = &world->nodes[i];
        sim->world = world;
        sim->index = i;
        sim->store = fake_server_join(world->server);
        /* Everysec, and no replicas count. */
        sim->store->answers_are_durable = world->plan.is_lossy;
        sim->key_store = fake_server_join(world->key_server);
        sim->hints = world->plan.node_count > 1 ? fake_bus_join(world->bus) : NULL;
        fake_keystore_init(&sim->keystore, sim->key_store);
        fake_timers_init(&sim->timers, &world->clock);
        fake_random_init(&sim->random, seed * 7 + 5 + i);
        sim->peers = fake_peers_create(&world->clock, seed + 2 + 16 * i, 20);
        world->doors[i] = sim->peers;
    }
}

/* Offered to whoever waits, at once, in the near future. */
static void offer_callbacks(struct route_policy *policy)
{
    static struct route_setup setup;
    setup = (struct route_setup){.queue_count = 1};
    route_name_set(&setup.queues[0].name, SLICE_OF(ROUTE_QUEUE_DEFAULT));
    setup.queues[0].callback = (struct route_callback){
            .channels = 1u << ROUTE_CALLBACK_CHAT | 1u << ROUTE_CALLBACK_PHONE,
            .window_ms = CALL_WINDOW_MS,
            .attempts = CALL_ATTEMPTS,
            .retry_ms = CALL_RETRY_MS,
            .outcome_ms = CALL_OUTCOME_MS};
    policy->setup = &setup;
}

void world_begin(struct world *world, const struct plan *plan, enum trace trace)
{
    *world = (struct world){.plan = *plan};
    world->settings = (struct node_settings){.durability = PROTO_DURABILITY_ALWAYS,
            .connections_max = FAKE_PEERS_MAX,
            .conversations_hot_max = 64,
            .messages_per_min = 100000,
            .agent_messages_per_min = 100000,
            .edit_window_ms = 900000,
            .due_buckets = DUE_BUCKETS,
            .turn_lease_ms = 5000,
            .turn_deadline_ms = 20000,
            .bot_absent_ms = 500,
            .presence_grace_ms = 3000,
            .ticket_ms = 3600 * 1000,
            .customer_renewal_ms = (uint64_t)400 * 24 * 3600 * 1000,
            .policy = route_policy_default()};
    world->settings.policy.exclusion_ms = 3000;
    world->settings.policy.offer_ms = 5000;
    world->settings.policy.wrap_up_ms = plan->wrap_up_ms;
    if (plan->calls_back)
        offer_callbacks(&world->settings.policy);
    if (plan->saves_in_parts) {
        world->settings.pool_whole_max = world->settings.pool_part_bytes = 1;
        world->settings.pool_saved_every = 6;
    }
    world->settings.folds_max = plan->seed % 3 == 0 ? 2 : 0;
    world->settings.reads_max = plan->seed % 4 < 2 ? 1 : 0;
    fake_clock_init(&world->clock, plan->seed | 1);
    fake_random_init(&world->random, plan->seed * 3 + 1);
    fake_timers_init(&world->cast_timers, &world->clock);
    fake_timers_init(&world->world_timers, &world->clock);
    start_stores(world);
    files_begin(world);
    if (trace == TRACE_NONE)
        fake_server_keep_no_trace(world->server);
    if (trace == TRACE_PRINTED)
        fake_server_trace_to(world->server, stdout);
    for (unsigned i = 0; trace != TRACE_NONE && i < plan->node_count; i++)
        fake_peers_tell(world->nodes[i].peers, note_frame, world);
    world_set_up(world);
}

/* ---- nobody looks on --------------------------------------------------------------------------
 */

struct look {
    struct chat_touch touch;
    enum log_outcome outcome;
    struct world *world;
};

static void on_looked(struct chat_touch *touch, enum log_outcome outcome)
{
    struct look *look = LIST_ITEM(touch, struct look, touch);
    look->outcome = outcome;
    look->world->is_looked_at = true;
    chat_release(touch->change.chat);
}

static void note_left_open(struct world *world, const struct chat *chat)
{
    const struct conversation *fold = chat_fold(chat);
    struct pool_key key = {chat_id(chat), fold->request};
    struct pool_request_view view = {0};
    bool is_known = pool_find(team_pool(pools_team(chat->node, SLICE_OF("sim"))), &key, &view);
    snprintf(world->unattended, sizeof world->unattended,
            "a case was left open while nobody looked on: %.4s phase %d of %.*s, turn %" PRIu64
            ", request %" PRIu64 ", tail %" PRIu64 "; in the pool %s %d of %.*s",
            chat_id(chat).bytes, fold->phase, SLICE_ARGS(id_slice(&fold->owner_id)), fold->turn.seq,
            fold->request.seq, fold->tail.seq, is_known ? "state" : "absent", view.state,
            SLICE_ARGS(view.agent));
}

/* NULL: the store could not say. */
static struct chat *look_once(struct world *world, struct slice conversation)
{
    struct look look = {.touch.done = on_looked, .world = world};
    struct chat *chat = chat_hold(world->nodes[0].node, conversation);
    world->is_looked_at = false;
    chat_touch(chat, &look.touch);
    while (!world->is_looked_at)
        check(fake_clock_step(&world->clock));
    return look.outcome == LOG_WAS_ALREADY ? chat : NULL;
}

static void look_at_contact(struct world *world, unsigned contact)
{
    struct device *device = &world->devices[contact];
    if (!device_is_done(device) || !device_is_done(&world->devices[contact + CONTACTS]))
        return; /* still here: it had too little time */
    struct chat *chat = look_once(world, slice_of_string(device->conversation));
    if (chat == NULL || (world->plan.is_lossy &&
                                strcmp(device->conversation, world->erasure.conversation) == 0))
        return; /* the verdict will say what is the matter; or its key is only just asked for */
    if (chat_fold(chat)->turn.seq != 0 || chat_fold(chat)->phase == PHASE_QUEUED ||
            chat_fold(chat)->phase == PHASE_ACTIVE)
        note_left_open(world, chat);
}

/* All customers are gone. What was open when they left must be settled when they come back. */
static void look_unattended(struct world *world)
{
    uint64_t passed_ms = 0;
    do
        world_run_for(world, ALONE_LOOK_MS);
    while ((passed_ms += ALONE_LOOK_MS) < UNATTENDED_MS &&
            (passed_ms < ALONE_MS_MIN || !is_settled_alone(world)));
    for (unsigned i = 0; i < CONTACTS; i++)
        look_at_contact(world, i);
    for (unsigned i = 0; i < DEVICES; i++)
        world->devices[i].leaves_when_content = false;
}

void world_run(struct world *world)
{
    faults_begin(world);
    world_run_for(world, FAULT_MS);
    faults_end(world);
    look_unattended(world);
    for (uint64_t waited_ms = 0; waited_ms < REST_MS && !is_at_rest(world);
            waited_ms += REST_LOOK_MS)
        world_run_for(world, REST_LOOK_MS);
    if (is_at_rest(world))
        files_grow_old(world);
    if (is_at_rest(world) && world->plan.is_lively)
        world_look_back(world);
}

void world_end(struct world *world)
{
    tally_world(world);
    for (unsigned i = 0; i < world->plan.node_count; i++) {
        struct sim_node *sim = &world->nodes[i];
        fake_peers_serve(sim->peers, NULL, NULL);
        fake_store_crash(sim->store);
        fake_store_crash(sim->key_store);
        fake_keystore_finish(&sim->keystore);
        fake_timers_crash(&sim->timers);
    }
    fake_timers_crash(&world->cast_timers);
    fake_timers_crash(&world->world_timers);
    files_end(world);
    for (unsigned i = 0; i < world->plan.node_count; i++)
        fake_peers_destroy(world->nodes[i].peers);
    fake_bus_destroy(world->bus);
    fake_server_destroy(world->server);
    fake_server_destroy(world->key_server);
    fake_clock_finish(&world->clock);
}
