/* SPDX-License-Identifier: Apache-2.0 */
/* The fewest agents that keep a target.
 *
 * Invariant of the search: below fails (0 agents always do), met keeps the target. It ends when
 * they are neighbours, so both were simulated.
 */
#include "lab/staffing.h"

bool staffing_is_met(const struct staffing_target *target, const struct simulation_result *result)
{
    double arrived = (double)result->arrived;
    return (double)result->in_time >= target->answered * arrived - 1e-9 &&
           (double)result->abandoned <= target->abandoned_max * arrived + 1e-9;
}

struct search {
    struct simulation simulation;
    const struct staffing_target *target;
    uint32_t below, met; /* met 0: not known yet */
    struct simulation_result at_met;
};

/* false: no memory */
static bool try(struct search *search, uint32_t agents)
{
    struct simulation_result result;
    search->simulation.agents = agents;
    if (!simulation_run(&search->simulation, &result))
        return false;
    if (staffing_is_met(search->target, &result)) {
        search->met = agents;
        search->at_met = result;
    } else {
        search->below = agents;
    }
    return true;
}

/* Steps away from the guess until the answer lies between below and met. */
static enum staffing_outcome bracket(struct search *search, uint32_t guess)
{
    uint32_t step = 1;
    if (!try(search, guess))
        return STAFFING_NO_MEMORY;
    for (; search->met == 0; step *= 2) {
        uint32_t room = ROSTER_AGENTS_MAX - search->below;
        if (room == 0)
            return STAFFING_OUT_OF_REACH;
        if (!try(search, search->below + (step < room ? step : room)))
            return STAFFING_NO_MEMORY;
    }
    for (step = 1; search->below == 0 && search->met > 1; step *= 2) {
        uint32_t next = step < search->met ? search->met - step : 1;
        if (!try(search, next))
            return STAFFING_NO_MEMORY;
    }
    return STAFFING_FOUND;
}

enum staffing_outcome staffing_fewest(const struct simulation *simulation,
        const struct staffing_target *target, uint32_t guess, uint32_t *out_agents,
        struct simulation_result *out_result)
{
    struct search search = {.simulation = *simulation, .target = target};
    search.simulation.within_s = target->within_s;
    enum staffing_outcome outcome =
            bracket(&search, guess < ROSTER_AGENTS_MAX ? guess : ROSTER_AGENTS_MAX);
    while (outcome == STAFFING_FOUND && search.met - search.below > 1)
        if (!try(&search, search.below + (search.met - search.below) / 2))
            outcome = STAFFING_NO_MEMORY;
    if (outcome == STAFFING_FOUND) {
        *out_agents = search.met;
        *out_result = search.at_met;
    }
    return outcome;
}
