/* SPDX-License-Identifier: Apache-2.0 */
/* Longest idle: the time since the agent was last given or last finished something. */
#include "core/route/terms/term.h"

bool term_fairness(const struct term_input *input, uint32_t *out_value)
{
    uint64_t since = input->agent->idle_since_ms;
    uint64_t idle_ms = input->now_ms > since ? input->now_ms - since : 0;
    *out_value = term_share(idle_ms, input->policy->fairness_ms);
    return true;
}
