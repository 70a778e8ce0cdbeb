/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there, when there are n agents in all.
 *
 * Each agent comes from the group that is furthest behind its share. Invariant: the roster of n is
 * the beginning of the roster of n + 1, so searching for the fewest agents compares like with like.
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

bool roster_make(const struct scenario *scenario, uint32_t agents, struct roster *out)
{
    uint32_t counts[SCENARIO_GROUPS_MAX] = {0};
    double sum = 0;
    *out = (struct roster){.scenario = scenario, .count = agents};
    out->groups = malloc((agents + 1) * sizeof *out->groups);
    if (out->groups == NULL)
        return false;
    for (uint32_t group = 0; group < scenario->group_count; group++) {
        sum += scenario->groups[group].share;
        for (uint32_t kind = 0; kind < scenario->kind_count; kind++)
            out->levels[kind][group] = scenario_level(scenario, group, kind);
    }
    for (uint32_t agent = 0; agent < agents; agent++) {
        out->groups[agent] = furthest_behind(scenario, counts, agent + 1, sum);
        counts[out->groups[agent]]++;
    }
    return true;
}

void roster_finish(struct roster *roster)
{
    free(roster->groups);
    roster->groups = NULL;
}
