/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there, when there are n agents in all.
 *
 * Each agent comes from the group that is furthest behind its share. Invariant: the roster of n is
 * the beginning of the roster of n + 1, so searching for the fewest agents compares like with like.
 * With a schedule the shares are those of the agents who are there when a shift begins.
 */
#include "lab/roster.h"

#include <stdlib.h>

static uint32_t furthest_behind(
        const struct scenario *scenario, const uint32_t *counts, uint32_t agents, double sum)
{
    uint32_t best = 0;
    double most = -1e300;
    for (uint32_t group = 0; group < scenario->group_count; group++) {
        double behind = scenario->groups[group].share / sum * agents - counts[group];
        if (behind > most + 1e-9) {
            most = behind;
            best = group;
        }
    }
    return best;
}

struct dealing {
    struct roster *roster;
    double shares;
    uint32_t counts[SCENARIO_GROUPS_MAX], present; /* who is there; counts by group */
};

static struct roster_agent deal(struct dealing *dealing)
{
    const struct scenario *scenario = dealing->roster->scenario;
    uint32_t group =
            furthest_behind(scenario, dealing->counts, ++dealing->present, dealing->shares);
    dealing->counts[group]++;
    return (struct roster_agent){
            group, scenario->groups[group].from_s, scenario->groups[group].to_s};
}

/* Of the first so many agents, those who are still there. */
static void count_present(struct dealing *dealing, uint32_t agents, uint32_t second)
{
    dealing->present = 0;
    for (uint32_t group = 0; group < SCENARIO_GROUPS_MAX; group++)
        dealing->counts[group] = 0;
    for (uint32_t i = 0; i < agents; i++) {
        const struct roster_agent *agent = &dealing->roster->agents[i];
        if (agent->to_s <= second)
            continue;
        dealing->counts[agent->group]++;
        dealing->present++;
    }
}

static void deal_shifts(struct dealing *dealing, const struct schedule *schedule)
{
    uint32_t agents = 0;
    for (uint32_t i = 0; i < schedule->count; i++) {
        const struct schedule_shift *shift = &schedule->shifts[i];
        count_present(dealing, agents, shift->from_s);
        for (uint32_t k = 0; k < shift->agents; k++) {
            struct roster_agent agent = deal(dealing);
            dealing->roster->agents[agents++] =
                    (struct roster_agent){agent.group, shift->from_s, shift->to_s};
        }
    }
}

bool roster_make(const struct scenario *scenario, const struct schedule *schedule, uint32_t agents,
        struct roster *out)
{
    struct dealing dealing = {.roster = out};
    *out = (struct roster){.scenario = scenario, .count = agents};
    out->agents = malloc((agents + 1) * sizeof *out->agents);
    if (out->agents == NULL)
        return false;
    for (uint32_t group = 0; group < scenario->group_count; group++) {
        dealing.shares += scenario->groups[group].share;
        for (uint32_t kind = 0; kind < scenario->kind_count; kind++)
            out->levels[kind][group] = scenario_level(scenario, group, kind);
    }
    if (schedule != NULL)
        deal_shifts(&dealing, schedule);
    for (uint32_t agent = 0; schedule == NULL && agent < agents; agent++)
        out->agents[agent] = deal(&dealing);
    return true;
}

void roster_finish(struct roster *roster)
{
    free(roster->agents);
    roster->agents = NULL;
}
