/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes live and die; and the tenant, its bot and its agents are made before the cast comes. */
#include "base/check.h"
#include "flow/credentials.h"
#include "flow/directory_changes.h"
#include "flow/tenant_keys.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

enum { SET_UP_MS_MAX = 10000 };

static const char *const agents[AGENTS] = {"ag0", "ag1", "ag2"};
static const unsigned agent_at[DESKS] = {0, 1, 0, SUPERVISOR};

struct store *(*world_bend)(struct sim_node *sim);

void sim_node_live(struct sim_node *sim)
{
    struct store *store = world_bend != NULL ? world_bend(sim) : sim->store;
    struct node_ports ports = {store, &sim->keystore.base, fake_peers_port(sim->peers), NULL,
            &sim->timers.base, &sim->random.base, sim->hints, .verifier = &sim->verifier.base};
    check(sim->node == NULL);
    if (sim->world->plan.attaches) {
        ports.http = &sim->web.base;
        ports.blobs = &sim->blobs.base;
    }
    fake_verifier_init(&sim->verifier, &sim->timers, sim->world->plan.seed * 7 + 6 + sim->index);
    fake_server_note(sim->world->server, "node %u lives", sim->index);
    sim->node = node_create(&ports, &sim->world->settings);
    check(sim->node != NULL);
    fake_peers_serve(sim->peers, &node_peer_events, sim->node);
    fake_web_serve(&sim->web, &node_http_events, sim->node);
}

/* The process dies where it stands. */
void sim_node_die(struct sim_node *sim)
{
    fake_server_note(sim->world->server, "node %u dies", sim->index);
    fake_store_crash(sim->store);
    fake_store_crash(sim->key_store);
    fake_keystore_finish(&sim->keystore);
    fake_keystore_init(&sim->keystore, sim->key_store);
    fake_timers_crash(&sim->timers);
    if (sim->hints != NULL)
        fake_hints_crash(sim->hints);
    fake_peers_serve(sim->peers, NULL, NULL);
    fake_web_serve(&sim->web, NULL, NULL);
    shaky_blobs_crash(&sim->blobs);
    sim->node = NULL;
}

struct sim_node *world_living_node(struct world *world)
{
    for (unsigned i = 0; i < world->plan.node_count; i++)
        if (world->nodes[i].node != NULL)
            return &world->nodes[i];
    return NULL;
}

/* ---- who exists -------------------------------------------------------------------------------
 */

static void on_seeded(struct seed *seed, bool is_good)
{
    LIST_ITEM(seed, struct world, seeding)->is_seeded = is_good;
}

struct made_agent {
    struct directory_change change;
    struct directory_value value;
    struct world *world;
};

static void on_agent_made(struct directory_change *change, enum log_outcome outcome)
{
    struct made_agent *made = LIST_ITEM(change, struct made_agent, change);
    check(outcome == LOG_APPENDED);
    made->world->agents_made++;
    free(made);
}

static void make_agent(struct world *world, const char *id, bool is_supervisor)
{
    struct made_agent *made = calloc(1, sizeof *made);
    check(made != NULL);
    made->world = world;
    made->value = (struct directory_value){.kind = DIRECTORY_AGENT,
            .tenant = SLICE_OF("sim"),
            .id = slice_of_string(id),
            .name = slice_of_string(id),
            .number = is_supervisor ? 0 : CAPACITY,
            .is_supervisor = is_supervisor,
            .skills = {{SLICE_OF("any"), 1000}},
            .skill_count = 1};
    made->change.value = &made->value;
    made->change.done = on_agent_made;
    directory_submit(world->nodes[0].node, &made->change);
}

/* ---- the cast ---------------------------------------------------------------------------------
 */

static void give_token(struct world *world, struct connection_model *line, const char *role,
        const char *subject, bool is_brand)
{
    struct node *node = world->nodes[0].node;
    const struct tenant *tenant = directory_tenant(node, SLICE_OF("sim"));
    uint8_t brand[SIGNING_SECRET_SIZE];
    struct buffer out = buffer_make(line->token, sizeof line->token - 1);
    struct token_claims claims = {.tenant = SLICE_OF("sim"),
            .role = slice_of_string(role),
            .subject = slice_of_string(subject),
            .issued_ms = node_time_ms(node),
            .expires_ms = node_time_ms(node) + 20 * 3600 * 1000};
    tenant_brand_secret(node->settings->master_key, tenant, brand);
    check(token_sign(is_brand ? brand : tenant->secret_key, &claims, &out));
    line->token[out.len] = '\0';
}

static void set_up_line(
        struct world *world, struct connection_model *line, const char *who, unsigned number)
{
    snprintf(line->name, sizeof line->name, "%s%u", who, number);
    line->clock = &world->clock;
    line->timers = &world->cast_timers;
    line->doors = world->doors;
    line->door_count = world->plan.node_count;
    line->random = &world->random;
    line->is_lively = line->is_restless = world->plan.is_lively;
    line->heard = &world->heard;
    line->codec = fake_random_below(&world->random, 2) ? PEER_JSON : PEER_MSGPACK;
}

static bool has_failover(const struct plan *plan)
{
    for (unsigned i = 0; i < plan->fault_count; i++)
        if (plan->faults[i].kind == FAULT_FAIL_OVER)
            return true;
    return false;
}

static void set_up_cast(struct world *world)
{
    char subject[32];
    for (unsigned i = 0; i < DEVICES; i++) {
        struct device *device = &world->devices[i];
        set_up_line(world, &device->line, "device", i);
        snprintf(subject, sizeof subject, "x:contact-%u", i % CONTACTS);
        give_token(world, &device->line, "customer", subject, true);
        device->number = i;
        device->leaves_when_content = true;
        device->may_lose = world->plan.is_lossy;
        device->calls.is_possible = world->plan.calls_back;
        device->files.webs = world->plan.attaches ? world->files.webs : NULL;
        device->files.wall = world->server;
        device_start(device, DEEDS);
    }
    for (unsigned i = 0; i < BOTS; i++) {
        struct connection_model *line = &world->bots[i].line;
        set_up_line(world, line, "bot", i);
        snprintf(line->token, sizeof line->token, "%s", world->bot_seed.key);
        world->bots[i].ignores_per_mille = world->plan.bot_ignores_per_mille;
        bot_worker_start(&world->bots[i]);
    }
    for (unsigned i = 0; i < DESKS; i++) {
        set_up_line(world, &world->desks[i].line, "desk", i);
        snprintf(subject, sizeof subject, "a:%s", agents[agent_at[i]]);
        give_token(world, &world->desks[i].line, "agent", subject, false);
        world->desks[i].number = i;
        world->desks[i].id = agents[agent_at[i]];
        world->desks[i].supervises = agent_at[i] == SUPERVISOR;
        world->desks[i].may_lose = world->plan.is_lossy;
        world->desks[i].calls.wall = world->plan.calls_back ? world->server : NULL;
        world->desks[i].may_hear_again = has_failover(&world->plan);
        agent_start(&world->desks[i]);
    }
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static bool are_open(struct world *world)
{
    for (unsigned i = 0; i < world->plan.node_count; i++)
        if (world->nodes[i].node == NULL || !world->nodes[i].node->is_open)
            return false;
    return true;
}

static bool is_open(struct world *world)
{
    return world->nodes[0].node->is_open;
}

static bool is_seeded(struct world *world)
{
    return world->is_seeded && directory_tenant(world->nodes[0].node, SLICE_OF("sim")) != NULL;
}

static bool has_agents(struct world *world)
{
    return world->agents_made == AGENTS;
}

static void run_until(struct world *world, bool (*is_there)(struct world *))
{
    uint64_t until_ms = world->clock.now_ms + SET_UP_MS_MAX;
    while (world->clock.now_ms < until_ms && !is_there(world))
        check(fake_clock_step(&world->clock));
    check(is_there(world));
}

void world_set_up(struct world *world)
{
    sim_node_live(&world->nodes[0]);
    run_until(world, is_open);
    world->tenant = (struct seed_tenant){.id = SLICE_OF("sim"), .name = SLICE_OF("Sim")};
    world->bot_seed = (struct seed_bot){.name = SLICE_OF("bot"), .tenant = SLICE_OF("sim")};
    world->seeding = (struct seed){.node = world->nodes[0].node,
            .tenants = &world->tenant,
            .tenant_count = 1,
            .bots = &world->bot_seed,
            .bot_count = 1,
            .on_done = on_seeded};
    seed_start(&world->seeding);
    run_until(world, is_seeded);
    for (unsigned i = 0; i < AGENTS; i++)
        make_agent(world, agents[i], i == SUPERVISOR);
    run_until(world, has_agents);
    for (unsigned i = 1; i < world->plan.node_count; i++)
        sim_node_live(&world->nodes[i]);
    run_until(world, are_open);
    set_up_cast(world);
}
