/* SPDX-License-Identifier: Apache-2.0 */
/* How urgent the request is: grows with its original age. The same for every agent, so it never
 * decides between agents; it makes scores of different requests comparable. */
#include "core/route/terms/term.h"

bool term_age(const struct term_input *input, uint32_t *out_value)
{
    uint64_t since = input->request->first_queued_ms;
    uint64_t age_ms = input->now_ms > since ? input->now_ms - since : 0;
    *out_value = term_share(age_ms, input->policy->age_ms);
    return true;
}
