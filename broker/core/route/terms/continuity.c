/* SPDX-License-Identifier: Apache-2.0 */
/* The agent who had this contact before knows the story. */
#include "core/route/terms/term.h"

bool term_continuity(const struct term_input *input, uint32_t *out_value)
{
    *out_value = input->request->last_agent == input->agent->id ? TERM_FULL : 0;
    return input->request->last_agent != WORD_NONE;
}
