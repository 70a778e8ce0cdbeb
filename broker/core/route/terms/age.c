/* SPDX-License-Identifier: Apache-2.0 */
/* How urgent the request is: grows with its original age. The same for every agent, so it never
 * decides between agents; it decides who is served when not all can be. It alone grows beyond
 * TERM_FULL, or else somebody unattractive could wait for ever (docs/explanation/routing.md). */
#include "core/route/terms/term.h"

enum { AGES_MAX = 1000 };

uint32_t term_age_value(
        uint64_t first_queued_ms, uint64_t now_ms, const struct route_policy *policy)
{
    uint64_t age_ms = now_ms > first_queued_ms ? now_ms - first_queued_ms : 0;
    uint64_t full_ms = policy->age_ms;
    if (full_ms == 0)
        return TERM_FULL;
    uint64_t ages_max_ms = full_ms * AGES_MAX;
    return (uint32_t)((age_ms < ages_max_ms ? age_ms : ages_max_ms) * TERM_FULL / full_ms);
}

bool term_age(const struct term_input *input, uint32_t *out_value)
{
    *out_value = term_age_value(input->request->first_queued_ms, input->now_ms, input->policy);
    return true;
}
