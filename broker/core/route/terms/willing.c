/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a refusal. While the exclusion lasts the agent is no candidate at all; when it
 * ends the term is at half, and the missing part halves again with each exclusion time, so the
 * sole agent who declined is offered the case again, and others come first for a while. */
#include "core/route/terms/term.h"

bool term_willing(const struct term_input *input, uint32_t *out_value)
{
    const struct request *request = input->request;
    *out_value = TERM_FULL;
    for (uint32_t i = 0; i < request->exclusion_count; i++) {
        const struct exclusion *exclusion = &request->exclusions[i];
        if (exclusion->agent != input->agent->id)
            continue;
        uint64_t since_ms =
                input->now_ms > exclusion->until_ms ? input->now_ms - exclusion->until_ms : 0;
        uint64_t half_life_ms = input->policy->exclusion_ms;
        uint64_t halvings = half_life_ms > 0 ? since_ms / half_life_ms : UINT64_MAX;
        *out_value -= halvings < 10 ? (uint32_t)(TERM_FULL / 2) >> halvings : 0;
    }
    return request->exclusion_count > 0;
}
