/* SPDX-License-Identifier: Apache-2.0 */
/* Taking it interrupts nothing: the cost of putting somebody's e-mail aside. Applies to live work,
 * and only where some agent has work that can be interrupted. */
#include "core/route/terms/term.h"

bool term_calm(const struct term_input *input, uint32_t *out_value)
{
    const struct request *request = input->request;
    const struct agent *agent = input->agent;
    uint64_t taken = (uint64_t)agent->firm + agent->soft +
                     agent_weight(agent, request->channel, request->weight);
    *out_value = taken <= (uint64_t)agent->capacity * POOL_WEIGHT_FULL ? TERM_FULL : 0;
    return input->pool->soft_count > 0 && !request->is_interruptible;
}
