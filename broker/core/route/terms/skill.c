/* SPDX-License-Identifier: Apache-2.0 */
/* How well the agent knows what is asked for: the mean level over the requirements, a must counting
 * twice. Whether a missing must excludes the agent is decided by the step (candidates.c); once
 * relaxed it counts here like the others. */
#include "core/route/terms/term.h"

enum { MUST_SHARE = 2, SHOULD_SHARE = 1 };

bool term_skill(const struct term_input *input, uint32_t *out_value)
{
    const struct request *request = input->request;
    uint64_t sum = 0, whole = 0;
    for (uint32_t i = 0; i < request->requirement_count; i++) {
        uint32_t share = request->requirements[i].must ? MUST_SHARE : SHOULD_SHARE;
        sum += (uint64_t)share * agent_level(input->agent, request->requirements[i].word);
        whole += (uint64_t)share * POOL_LEVEL_MAX;
    }
    *out_value = whole > 0 ? term_share(sum, whole) : 0;
    return whole > 0;
}
