/* SPDX-License-Identifier: Apache-2.0 */
/* The agent whom a colleague handed the case to by name. While that step lasts nobody else is a
 * candidate (candidates.c); afterwards they are still the first choice. */
#include "core/route/terms/term.h"

bool term_direct(const struct term_input *input, uint32_t *out_value)
{
    *out_value = input->request->to_agent == input->agent->id ? TERM_FULL : 0;
    return input->request->to_agent != WORD_NONE;
}
