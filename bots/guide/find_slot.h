/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the value of a slot in a customer's words. */
#ifndef WEFT_GUIDE_FIND_SLOT_H
#define WEFT_GUIDE_FIND_SLOT_H

#include "bots/guide/knowledge.h"

enum { SLOT_VALUE_MAX = 200 };

/* was_asked: the words are the answer to this slot's question, so a text may be anything.
 *
 * errors: false when there is no value in the text */
bool find_slot(const struct slot *slot, const char *text, bool was_asked,
        char out_value[SLOT_VALUE_MAX + 1]);

#endif
