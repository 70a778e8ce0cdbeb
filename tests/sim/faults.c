/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's faults befall the world, each at its time; some end by themselves after a while.
 *
 * Invariant: after faults_end nothing is broken any more, and nothing breaks.
 */
#include "base/check.h"
#include "base/list.h"
#include "world.h"

#include <inttypes.h>

enum { LOST_MAX = 12 };

static struct sim_node *node_of(struct world *world, const struct fault *fault)
{
    return &world->nodes[fault->who % world->plan.node_count];
}

static void node_dies(struct world *world, const struct fault *fault)
{
    struct sim_node *sim = node_of(world, fault);
    if (sim->node != NULL)
        sim_node_die(sim);
}

static void node_stalls(struct world *world, const struct fault *fault)
{
    struct sim_node *sim = node_of(world, fault);
    uint64_t until_ms = world->clock.now_ms + fault->ms;
    fake_server_note(
            world->server, "node %u stands still for %" PRIu64 " ms", sim->index, fault->ms);
    fake_timers_stall(&sim->timers, until_ms);
    fake_store_stall(sim->store, until_ms);
    fake_store_stall(sim->key_store, until_ms);
    fake_peers_stall(sim->peers, until_ms);
}

static void cut_client(struct world *world, const struct fault *fault)
{
    unsigned who = fault->who % (DEVICES + DESKS + BOTS);
    struct connection_model *line = who < DEVICES ? &world->devices[who].line
                                    : who < DEVICES + DESKS
                                            ? &world->desks[who - DEVICES].line
                                            : &world->bots[who - DEVICES - DESKS].line;
    if (line->client.peers != NULL)
        fake_client_cut(&line->client);
}

static void befall(struct world *world, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_NODE_DIES:
        node_dies(world, fault);
        break;
    case FAULT_NODE_STALLS:
        node_stalls(world, fault);
        break;
    case FAULT_LOGS_KILLED:
        fake_server_kill(world->server);
        break;
    case FAULT_KEYS_KILLED:
        fake_server_kill(world->key_server);
        break;
    case FAULT_LINK_CUT:
        fake_store_cut(node_of(world, fault)->store);
        break;
    case FAULT_KEY_LINK_CUT:
        fake_store_cut(node_of(world, fault)->key_store);
        break;
    case FAULT_HINTS_CUT:
        if (node_of(world, fault)->hints != NULL)
            fake_hints_cut(node_of(world, fault)->hints);
        break;
    case FAULT_HINTS_SILENT:
        fake_bus_faults(world->bus)->is_silent = true;
        break;
    case FAULT_FAIL_OVER:
        world->writes_lost += fake_server_fail_over(world->server, LOST_MAX);
        world->splits[world->split_count++] =
                (struct split){world->clock.now_ms, world->clock.now_ms + fault->ms};
        break;
    case FAULT_CLOCK_FORWARD:
        fake_server_shift_clock(world->server, (int64_t)fault->ms);
        break;
    case FAULT_CLOCK_BACK:
        fake_server_shift_clock(world->server, -(int64_t)fault->ms);
        break;
    case FAULT_CLIENT_CUT:
        cut_client(world, fault);
        break;
    case FAULT_KINDS:
        break;
    }
}

static void end_one(struct world *world, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_NODE_DIES:
        if (node_of(world, fault)->node == NULL)
            sim_node_live(node_of(world, fault));
        break;
    case FAULT_LOGS_KILLED:
        fake_server_start(world->server);
        break;
    case FAULT_KEYS_KILLED:
        fake_server_start(world->key_server);
        break;
    case FAULT_HINTS_SILENT:
        fake_bus_faults(world->bus)->is_silent = false;
        break;
    case FAULT_FAIL_OVER:
        fake_server_demote(world->server);
        break;
    case FAULT_NODE_STALLS:
    case FAULT_LINK_CUT:
    case FAULT_KEY_LINK_CUT:
    case FAULT_HINTS_CUT:
    case FAULT_CLOCK_FORWARD:
    case FAULT_CLOCK_BACK:
    case FAULT_CLIENT_CUT:
    case FAULT_KINDS:
        break;
    }
}

static void on_planned(struct timer *timer)
{
    struct planned *planned = LIST_ITEM(timer, struct planned, timer);
    struct world *world = planned->world;
    if (world->is_quiet)
        return;
    if (planned->is_over) {
        end_one(world, planned->fault);
        return;
    }
    world->faults_done[planned->fault->kind]++;
    fake_server_note(
            world->server, "fault: %s (%u)", fault_name(planned->fault->kind), planned->fault->who);
    befall(world, planned->fault);
    planned->is_over = true;
    fake_timers_arm(&world->world_timers, timer, world->clock.now_ms + planned->fault->ms);
}

void faults_begin(struct world *world)
{
    const struct plan *plan = &world->plan;
    *fake_server_faults(world->server) = plan->wire;
    *fake_server_faults(world->key_server) = plan->wire;
    fake_server_faults(world->key_server)->barriers_are_hollow = false;
    *fake_bus_faults(world->bus) = plan->bus;
    erasure_begin(world);
    files_shake(world);
    for (unsigned i = 0; i < plan->fault_count; i++) {
        struct planned *planned = &world->planned[i];
        *planned = (struct planned){
                .timer.on_due = on_planned, .world = world, .fault = &plan->faults[i]};
        fake_timers_arm(
                &world->world_timers, &planned->timer, world->clock.now_ms + plan->faults[i].at_ms);
    }
}

void faults_end(struct world *world)
{
    struct fake_faults calm = {.delay_ms_max = 3,
            .reconnect_ms_max = 300,
            .barriers_are_hollow = world->plan.is_lossy};
    world->is_quiet = true;
    world->quiet_ms = fake_server_now_ms(world->server);
    fake_server_note(world->server, "the faults have ended");
    *fake_server_faults(world->server) = calm;
    *fake_server_faults(world->key_server) = calm;
    *fake_bus_faults(world->bus) = (struct fake_bus_faults){.delay_ms_max = 3};
    files_rest(world);
    fake_server_start(world->server);
    fake_server_start(world->key_server);
    fake_server_demote(world->server);
    for (unsigned i = 0; i < BOTS; i++)
        world->bots[i].ignores_per_mille = 0;
    for (unsigned i = 0; i < DEVICES; i++)
        world->devices[i].line.is_restless = false;
    for (unsigned i = 0; i < DESKS; i++)
        world->desks[i].line.is_restless = world->desks[i].is_present = false;
    for (unsigned i = 0; i < world->plan.node_count; i++)
        if (world->nodes[i].node == NULL)
            sim_node_live(&world->nodes[i]);
}
