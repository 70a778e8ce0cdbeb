/* SPDX-License-Identifier: Apache-2.0 */
/* So many agents, taken from the groups of a scenario: one more adds one, and changes no other. */
#ifndef WEFT_LAB_ROSTER_H
#define WEFT_LAB_ROSTER_H

#include "lab/scenario.h"
#include "lab/schedule.h"

enum { ROSTER_AGENTS_MAX = 5000 };

struct roster_agent {
    uint32_t group;
    uint32_t from_s, to_s; /* the shift within the day; equal: always there */
};

struct roster {
    const struct scenario *scenario;
    struct roster_agent *agents;
    uint32_t count;
    uint32_t levels[SCENARIO_KINDS_MAX][SCENARIO_GROUPS_MAX]; /* per kind; 0: may not */
};

/* shape:  schedule NULL: the shifts are the groups'; else the schedule's, which has so many agents,
 *         and the groups' shifts are not looked at
 * owns:   roster_finish() it; it borrows the scenario
 * errors: false: no memory */
bool roster_make(const struct scenario *scenario, const struct schedule *schedule, uint32_t agents,
        struct roster *out);
void roster_finish(struct roster *roster);

static inline const struct scenario_group *roster_group(const struct roster *roster, uint32_t agent)
{
    return &roster->scenario->groups[roster->agents[agent].group];
}

static inline uint32_t roster_level(const struct roster *roster, uint32_t agent, uint32_t kind)
{
    return roster->levels[kind][roster->agents[agent].group];
}

#endif
