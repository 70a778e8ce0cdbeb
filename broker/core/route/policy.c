/* SPDX-License-Identifier: Apache-2.0 */
/* The default policy, and the terms' names. */
#include "core/route/policy.h"

#include "core/route/terms/term.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

struct route_policy route_policy_default(void)
{
    struct route_policy policy = {.version = 1,
            .offer_ms = 30 * SECOND_MS,
            .exclusion_ms = 30 * SECOND_MS,
            .missed_max = 3,
            .direct_ms = 60 * SECOND_MS,
            .relax_unknown_ms = 15 * SECOND_MS,
            .relax_absent_ms = 60 * SECOND_MS,
            .relax_busy_ms = 0,
            .grace_ms = 20 * SECOND_MS,
            .fairness_ms = 10 * MINUTE_MS,
            .age_ms = 10 * MINUTE_MS,
            .prefer_ms = 20 * SECOND_MS,
            .idle_weight = 100,
            .value_full = 100000};
    for (int term = 0; term < ROUTE_TERM_COUNT; term++)
        policy.weights[term] = term_rows[term].default_weight;
    return policy;
}

struct slice route_term_name(enum route_term term)
{
    return slice_of_string(term_rows[term].name);
}

bool route_term_find(struct slice name, enum route_term *out_term)
{
    for (int term = 0; term < ROUTE_TERM_COUNT; term++) {
        if (slice_is(name, term_rows[term].name)) {
            *out_term = (enum route_term)term;
            return true;
        }
    }
    return false;
}
