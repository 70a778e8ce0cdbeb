/* SPDX-License-Identifier: Apache-2.0 */
/* Who sends, and under which number. Private to core/conversation. */
#ifndef WEFT_CORE_CONVERSATION_SENDER_H
#define WEFT_CORE_CONVERSATION_SENDER_H

#include "core/conversation/conversation.h"

struct sender {
    struct slice lineage;
    uint64_t n, digest;
};

/* false, with the answer in the decision, when the number was taken before or may not be taken. */
bool sender_is_next(const struct conversation *c, const struct sender *sender, uint64_t now_ms,
        struct decision *decision);

#endif
