/* SPDX-License-Identifier: Apache-2.0 */
/* The customer's language: the very tag ("de-at") in full, the same primary language a little
 * less. */
#include "core/route/terms/term.h"

enum { SAME_PRIMARY = 900 };

bool term_language(const struct term_input *input, uint32_t *out_value)
{
    const struct request *request = input->request;
    *out_value = 0;
    if (request->language == WORD_NONE)
        return false;
    for (uint32_t i = 0; i < input->agent->language_count; i++) {
        const struct agent_language *spoken = &input->agent->languages[i];
        if (spoken->tag == request->language)
            *out_value = TERM_FULL;
        else if (spoken->primary == request->language_primary && *out_value < SAME_PRIMARY)
            *out_value = SAME_PRIMARY;
    }
    return true;
}
