/* SPDX-License-Identifier: Apache-2.0 */
/* How many agents a policy needs for a target. */
#ifndef WEFT_LAB_STAFFING_H
#define WEFT_LAB_STAFFING_H

#include "lab/simulation.h"

/* Shares of all who arrive. */
struct staffing_target {
    double answered; /* at least so many within within_s */
    double within_s;
    double abandoned_max;
};

enum staffing_outcome {
    STAFFING_FOUND,
    STAFFING_OUT_OF_REACH, /* not even with ROSTER_AGENTS_MAX */
    STAFFING_NO_MEMORY,
};

bool staffing_is_met(const struct staffing_target *target, const struct simulation_result *result);

/* The fewest agents that meet the target, and the run with them: doubling steps away from the
 * guess, then bisection, all on the same customers.
 *
 * shape:   simulation->agents and within_s are not looked at; guess at least 1
 * order:   takes it that one agent more never makes a target fail; where the random numbers make it
 *          otherwise, the answer is one place where it is met and with one fewer is not */
enum staffing_outcome staffing_fewest(const struct simulation *simulation,
        const struct staffing_target *target, uint32_t guess, uint32_t *out_agents,
        struct simulation_result *out_result);

#endif
