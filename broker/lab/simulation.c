/* SPDX-License-Identifier: Apache-2.0 */
/* The made-up world around the very same core.
 *
 *   arrival          -> QUEUED                 patience ends -> RELEASED
 *   decision         -> OFFERED, then ACCEPTED at once, and the chat begins
 *   chat ends        -> RELEASED               shift         -> STATUS
 *
 * Everything goes through entries that are folded into a pool; nothing here knows who is free.
 * Invariant: each customer is in one state, and arrived = answered + abandoned + left.
 *
 * Does not do: declines, offers that nobody answers, transfers, chats that fall silent.
 */
#include "lab/simulation.h"

#include "base/check.h"
#include "lab/events.h"
#include "lab/tally.h"
#include "lab/world.h"

#include <stdlib.h>

static bool fold(struct world *world, const struct pool_entry *entry)
{
    enum pool_outcome outcome = pool_apply(world->pool, &world->at, world->now_ms, entry);
    check(outcome == POOL_DONE || outcome == POOL_FULL);
    return outcome == POOL_DONE;
}

static bool append(struct world *world, const struct pool_entry *entry)
{
    world->at.seq++;
    return fold(world, entry);
}

static bool agent_rings(struct world *world, uint32_t agent)
{
    uint64_t at_ms = service_next_ms(&world->services[agent]);
    world->tickets[agent]++;
    return at_ms == UINT64_MAX ||
           events_add(&world->events, (struct event){.at_ms = at_ms,
                                              .ticket = world->tickets[agent],
                                              .kind = EVENT_CHAT_ENDS,
                                              .who = agent});
}

/* ---- deciding ---- */

static bool begin_chat(struct world *world, uint32_t customer, uint32_t agent)
{
    const struct customer *who = &world->setup->customers->all[customer];
    const struct scenario *scenario = world->setup->scenario;
    uint32_t level = roster_level(&world->roster, agent, who->kind);
    double untrained = 1 - (double)level / SCENARIO_LEVEL_MAX;
    double work_ms = who->work_ms * (1 + (scenario->novice_factor - 1) * untrained);
    check(world->states[customer] == CUSTOMER_WAITING);
    world->states[customer] = CUSTOMER_SERVED;
    world->waiting--;
    tally_answered(&world->tally, who, world->now_ms, agent);
    service_start(&world->services[agent], world->now_ms, customer, work_ms);
    return agent_rings(world, agent);
}

/* The slices of a decision are the pool's until the next fold, so they are replaced first. */
static bool offer_all(struct world *world, struct pool_decisions *decisions)
{
    struct world_text customers[ROUTE_DECISIONS_MAX], agents[ROUTE_DECISIONS_MAX];
    struct name offer = {.seq = ++world->at.seq};
    for (size_t i = 0; i < decisions->count; i++) {
        struct pool_entry *entry = &decisions->entries[i];
        check(entry->kind == POOL_OFFERED);
        customers[i] = world_text('c', world_number(entry->request.conversation));
        agents[i] = world_text('a', world_number(entry->agent));
        entry->request.conversation = world_slice(&customers[i]);
        entry->agent = world_slice(&agents[i]);
    }
    for (size_t i = 0; i < decisions->count; i++) {
        if (!fold(world, &decisions->entries[i]))
            return false;
        world->tally.breaches += pool_is_overbooked(world->pool, decisions->entries[i].agent);
        world->tally.gap_sum += decisions->entries[i].gap;
    }
    for (size_t i = 0; i < decisions->count; i++) {
        struct pool_entry accepted = {.kind = POOL_ACCEPTED,
                .request = decisions->entries[i].request,
                .agent = decisions->entries[i].agent,
                .offer = offer};
        if (!append(world, &accepted) ||
                !begin_chat(world, world_number(accepted.request.conversation),
                        world_number(accepted.agent)))
            return false;
    }
    world->tally.offers += decisions->count;
    return true;
}

static bool route(struct world *world)
{
    struct pool_decisions *decisions = world->decisions;
    world->held_out = 0;
    if (world->waiting == 0)
        return true;
    do {
        policy_decide(&world->policy, world->pool, world->now_ms, decisions);
        if (!offer_all(world, decisions))
            return false;
    } while (decisions->has_more);
    if (world->waiting > 0) {
        const struct route_policy *policy = &world->policy.route;
        world->tally.waiting_while_free +=
                pool_waiting_while_free(world->pool, policy, world->now_ms);
        world->held_out = pool_waiting_for_better(world->pool, policy, world->now_ms);
    }
    if (decisions->next_due_ms == ROUTE_NEVER || world->waiting == 0 ||
            (world->wakes_ms > world->now_ms && world->wakes_ms <= decisions->next_due_ms))
        return true;
    world->wakes_ms = decisions->next_due_ms;
    return events_add(
            &world->events, (struct event){.at_ms = decisions->next_due_ms, .kind = EVENT_WAKE});
}

/* ---- what happens ---- */

static bool customer_arrives(struct world *world, uint32_t number)
{
    const struct customer *who = &world->setup->customers->all[number];
    const struct scenario *scenario = world->setup->scenario;
    struct world_text text = world_text('c', number);
    struct pool_requirement musts[SCENARIO_SKILLS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < scenario->skill_count; i++)
        if ((scenario->kinds[who->kind].musts >> i & 1) != 0)
            musts[count++] = (struct pool_requirement){
                    .name = slice_of_string(scenario->skills[i]), .must = true};
    world->states[number] = CUSTOMER_WAITING;
    world->waiting++;
    tally_arrived(&world->tally, who);
    bool is_folded = append(world, &(struct pool_entry){.kind = POOL_QUEUED,
                                           .request = {world_slice(&text), {.seq = 1}},
                                           .need = {.first_queued_ms = world->now_ms,
                                                   .skills = musts,
                                                   .skill_count = count}});
    if (!is_folded || who->patience_ms == UINT64_MAX)
        return is_folded;
    return events_add(&world->events, (struct event){.at_ms = world->now_ms + who->patience_ms,
                                              .kind = EVENT_LOSES_PATIENCE,
                                              .who = number});
}

static bool release(struct world *world, uint32_t customer)
{
    struct world_text text = world_text('c', customer);
    world->states[customer] = CUSTOMER_GONE;
    return append(world, &(struct pool_entry){.kind = POOL_RELEASED,
                                 .request = {world_slice(&text), {.seq = 1}}});
}

static bool customer_leaves(struct world *world, uint32_t customer)
{
    if (world->states[customer] != CUSTOMER_WAITING)
        return true;
    world->waiting--;
    tally_abandoned(&world->tally, &world->setup->customers->all[customer]);
    return release(world, customer);
}

static bool chat_ends(struct world *world, uint32_t agent, uint64_t ticket)
{
    if (world->tickets[agent] != ticket)
        return true;
    uint32_t customer = service_end_next(&world->services[agent], world->now_ms);
    return release(world, customer) && agent_rings(world, agent);
}

static bool shift_changes(struct world *world, uint32_t agent, enum pool_status status)
{
    struct world_text text = world_text('a', agent);
    world->shift_events--;
    return append(world, &(struct pool_entry){.kind = POOL_STATUS,
                                 .agent = world_slice(&text),
                                 .profile.status = status}) &&
           world_plan_shift(world, agent, status != POOL_ONLINE);
}

static bool happen(struct world *world, struct event event)
{
    switch (event.kind) {
    case EVENT_LOSES_PATIENCE:
        return customer_leaves(world, event.who);
    case EVENT_CHAT_ENDS:
        return chat_ends(world, event.who, event.ticket);
    case EVENT_SHIFT_BEGINS:
        return shift_changes(world, event.who, POOL_ONLINE);
    case EVENT_SHIFT_ENDS:
        return shift_changes(world, event.who, POOL_AWAY);
    case EVENT_WAKE:
    case EVENT_ANSWERS:
        return true;
    }
    return true;
}

/* ---- the run ---- */

static bool agent_comes(struct world *world, uint32_t agent)
{
    const struct scenario *scenario = world->setup->scenario;
    const struct scenario_group *group = roster_group(&world->roster, agent);
    struct world_text text = world_text('a', agent);
    struct pool_skill skills[SCENARIO_SKILLS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < scenario->skill_count; i++)
        if (group->levels[i] > 0)
            skills[count++] =
                    (struct pool_skill){slice_of_string(scenario->skills[i]), group->levels[i]};
    bool is_there = world_is_on_shift(&world->roster.agents[agent], world->now_ms);
    return append(world, &(struct pool_entry){.kind = POOL_PRESENCE,
                                 .agent = world_slice(&text),
                                 .profile = {.status = is_there ? POOL_ONLINE : POOL_AWAY,
                                         .capacity = group->capacity,
                                         .skills = skills,
                                         .skill_count = count}}) &&
           world_plan_shift(world, agent, !is_there);
}

/* Can anything still happen to somebody? Who waits without end waits for the next day's shifts. */
static bool is_alive(const struct world *world, size_t next)
{
    const struct customers *customers = world->setup->customers;
    if (next < customers->count || world->events.count > world->shift_events)
        return true;
    return world->waiting > 0 &&
           events_next_ms(&world->events) <=
                   customers->all[customers->count - 1].arrives_ms + SCENARIO_DAY_S * 1000u;
}

static void pass_time(struct world *world, uint64_t until_ms)
{
    world->tally.held_out_ms += (double)world->held_out * (double)(until_ms - world->now_ms);
    world->now_ms = until_ms;
}

static bool live(struct world *world)
{
    size_t next = 0, count = world->setup->customers->count;
    const struct customer *all = world->setup->customers->all;
    while (is_alive(world, next)) {
        uint64_t arrives_ms = next < count ? all[next].arrives_ms : UINT64_MAX;
        uint64_t rings_ms = events_next_ms(&world->events);
        bool is_arrival = arrives_ms <= rings_ms;
        pass_time(world, is_arrival ? arrives_ms : rings_ms);
        if (is_arrival) {
            if (!customer_arrives(world, (uint32_t)next++))
                return false;
        } else {
            if (!happen(world, events_take(&world->events)))
                return false;
        }
        if (!route(world))
            return false;
    }
    return true;
}

static bool run(struct world *world)
{
    for (uint32_t agent = 0; agent < world->setup->agents; agent++)
        if (!agent_comes(world, agent))
            return false;
    return live(world);
}

bool simulation_run(const struct simulation *simulation, struct simulation_result *out)
{
    struct world world;
    check(simulation->agents > 0 && simulation->agents <= ROSTER_AGENTS_MAX);
    bool is_done = world_open(&world, simulation) && run(&world);
    if (is_done)
        world_report(&world, out);
    world_close(&world);
    return is_done;
}
