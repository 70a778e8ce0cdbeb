/* SPDX-License-Identifier: Apache-2.0 */
/* The value at stake, a cart or a contract, up to what counts in full. The same for every agent. */
#include "core/route/terms/term.h"

bool term_value_at_stake(const struct term_input *input, uint32_t *out_value)
{
    if (input->request->value == 0)
        return false;
    *out_value = term_share(input->request->value, input->policy->value_full);
    return true;
}
