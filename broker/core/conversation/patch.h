/* SPDX-License-Identifier: Apache-2.0 */
/* How a patch of pairs is read, by the decision and by the fold alike. Private to
 * core/conversation. */
#ifndef WEFT_CORE_CONVERSATION_PATCH_H
#define WEFT_CORE_CONVERSATION_PATCH_H

#include "core/conversation/entry.h"

enum { PAIR_HEAD_SIZE = 3 }; /* of a stored pair: u8 name len, u16 value len */

/* Whether one of the pairs from this one on has the name. Of two with one name the last counts. */
static inline bool patch_names(
        const struct pair *pairs, size_t from, size_t count, struct slice name)
{
    for (size_t i = from; i < count; i++)
        if (slice_equal(pairs[i].name, name))
            return true;
    return false;
}

#endif
