/* SPDX-License-Identifier: Apache-2.0 */
/* The customer's class, as much as the policy says that it counts. The same for every agent. */
#include "core/route/setup.h"
#include "core/route/terms/term.h"

bool term_class(const struct term_input *input, uint32_t *out_value)
{
    if (input->request->class_name == WORD_NONE)
        return false;
    const struct route_class *found = route_find_class(
            input->policy->setup, words_text(&input->pool->words, input->request->class_name));
    *out_value = found ? found->worth : 0;
    return found != NULL;
}
