/* SPDX-License-Identifier: Apache-2.0 */
/* How well the agent knows what is asked for: the mean level over the requirements, a must counting
 * twice. Whether a missing must excludes the agent is decided by the step (candidates.c); once
 * relaxed it counts here like the others. */
#include "core/route/terms/term.h"

#include <assert.h>

enum { MUST_SHARE = 2, SHOULD_SHARE = 1 };

static_assert(
        (uint64_t)MUST_SHARE * POOL_LEVEL_MAX * POOL_REQUIREMENTS_MAX * TERM_FULL <= UINT32_MAX,
        "the sum fits");

bool term_skill(const struct term_input *input, uint32_t *out_value)
{
    const struct request *request = input->request;
    uint32_t sum = 0, whole = 0; /* at most 2 x 1000 a requirement: 32 bits divide faster */
    for (uint32_t i = 0; i < request->requirement_count; i++) {
        uint32_t share = request->requirements[i].must ? MUST_SHARE : SHOULD_SHARE;
        sum += share * agent_level(input->agent, request->requirements[i].word);
        whole += share * POOL_LEVEL_MAX;
    }
    *out_value = whole > 0 ? sum * TERM_FULL / whole : 0;
    return whole > 0;
}
