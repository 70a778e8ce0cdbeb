/* SPDX-License-Identifier: Apache-2.0 */
/* The share of the agent's capacity that is free, by weight: service slows with each chat more. */
#include "core/route/terms/term.h"

bool term_load(const struct term_input *input, uint32_t *out_value)
{
    uint32_t capacity = input->agent->capacity * POOL_WEIGHT_FULL;
    uint32_t free = input->load < capacity ? capacity - input->load : 0;
    *out_value = capacity > 0 ? term_share(free, capacity) : 0;
    return true;
}
