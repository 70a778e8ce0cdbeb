/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and summing up the made-up world; shifts; ids.
 *
 * Invariant: shift_events counts the events of shifts among the events. An agent with a shift has
 * exactly one of them at any time, an agent without none.
 */
#include "lab/world.h"

#include "base/heap.h"

#include <stdlib.h>

static uint32_t kind_of(const void *user, struct slice conversation)
{
    const struct customers *customers = user;
    return customers->all[world_number(conversation)].kind;
}

bool world_open(struct world *world, const struct simulation *setup)
{
    size_t customers = setup->customers->count;
    *world = (struct world){.setup = setup};
    if (!roster_make(setup->scenario, setup->schedule, setup->agents, &world->roster))
        return false;
    world->policy = (struct policy){.kind = setup->policy,
            .route = setup->route != NULL ? *setup->route : route_policy_default(),
            .roster = &world->roster,
            .kind_of = kind_of,
            .user = setup->customers};
    world->pool = pool_create((struct pool_memory){heap_resize, NULL}, 1);
    world->decisions = malloc(sizeof *world->decisions);
    world->services = calloc(setup->agents, sizeof *world->services);
    world->tickets = calloc(setup->agents, sizeof *world->tickets);
    world->states = calloc(customers + 1, sizeof *world->states);
    if (customers > 0)
        world->now_ms = setup->customers->all[0].arrives_ms;
    if (world->services == NULL)
        return false;
    for (uint32_t agent = 0; agent < setup->agents; agent++) {
        world->services[agent].slowdown = setup->scenario->slowdown;
        world->services[agent].updated_ms = world->now_ms;
    }
    return tally_init(&world->tally, setup) && world->pool != NULL && world->decisions != NULL &&
           world->tickets != NULL && world->states != NULL;
}

void world_close(struct world *world)
{
    roster_finish(&world->roster);
    if (world->pool != NULL)
        pool_destroy(world->pool);
    free(world->decisions);
    free(world->services);
    free(world->tickets);
    free(world->states);
    events_finish(&world->events);
    tally_finish(&world->tally);
}

/* Seconds that the two intervals share. */
static double shared_s(double from_a, double to_a, double from_b, double to_b)
{
    double from = from_a > from_b ? from_a : from_b, to = to_a < to_b ? to_a : to_b;
    return to > from ? to - from : 0;
}

/* How long the agent is there while it is open, on one day. */
static double here_s(const struct roster_agent *agent, const struct customers *customers)
{
    double from = customers->from_s, to = customers->to_s;
    if (agent->from_s == agent->to_s)
        return to - from;
    if (agent->from_s < agent->to_s)
        return shared_s(from, to, agent->from_s, agent->to_s);
    return shared_s(from, to, 0, agent->to_s) + shared_s(from, to, agent->from_s, SCENARIO_DAY_S);
}

void world_report(struct world *world, struct simulation_result *out)
{
    const struct customers *customers = world->setup->customers;
    double busy_ms = 0, chat_ms = 0, here_ms = 0, room_ms = 0;
    tally_report(&world->tally, out);
    for (uint32_t agent = 0; agent < world->setup->agents; agent++) {
        const struct scenario_group *group = roster_group(&world->roster, agent);
        double ms = here_s(&world->roster.agents[agent], customers) * customers->days * 1000;
        busy_ms += (double)world->services[agent].busy_ms;
        chat_ms += (double)world->services[agent].chat_ms;
        here_ms += ms;
        room_ms += ms * group->capacity;
    }
    out->occupancy = here_ms > 0 ? busy_ms / here_ms : 0;
    out->utilisation = room_ms > 0 ? chat_ms / room_ms : 0;
}

bool world_is_on_shift(const struct roster_agent *agent, uint64_t now_ms)
{
    uint64_t second = now_ms / 1000 % SCENARIO_DAY_S;
    if (agent->from_s == agent->to_s)
        return true;
    if (agent->from_s < agent->to_s)
        return second >= agent->from_s && second < agent->to_s;
    return second >= agent->from_s || second < agent->to_s;
}

bool world_plan_shift(struct world *world, uint32_t number, bool is_beginning)
{
    const uint64_t day_ms = SCENARIO_DAY_S * (uint64_t)1000;
    const struct roster_agent *agent = &world->roster.agents[number];
    if (agent->from_s == agent->to_s)
        return true;
    uint64_t today_ms = world->now_ms - world->now_ms % day_ms;
    uint64_t at_ms = today_ms + (is_beginning ? agent->from_s : agent->to_s) * (uint64_t)1000;
    world->shift_events++;
    return events_add(
            &world->events, (struct event){.at_ms = at_ms > world->now_ms ? at_ms : at_ms + day_ms,
                                    .kind = is_beginning ? EVENT_SHIFT_BEGINS : EVENT_SHIFT_ENDS,
                                    .who = number});
}

struct world_text world_text(char letter, uint32_t number)
{
    struct world_text text = {.len = 1 + 10};
    text.bytes[0] = letter;
    for (uint32_t i = text.len - 1; i > 0; i--, number /= 10)
        text.bytes[i] = (char)('0' + number % 10);
    return text;
}

uint32_t world_number(struct slice id)
{
    uint32_t number = 0;
    for (size_t i = 1; i < id.len; i++)
        number = number * 10 + (uint32_t)(id.bytes[i] - '0');
    return number;
}
