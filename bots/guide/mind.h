/* SPDX-License-Identifier: Apache-2.0 */
/* One decision under way. Only guide.c and handover.c use it. */
#ifndef WEFT_GUIDE_MIND_H
#define WEFT_GUIDE_MIND_H

#include "bots/guide/guide.h"
#include "bots/guide/match.h"
#include "bots/guide/memory.h"

struct mind {
    const struct knowledge *knowledge;
    const struct guide_view *view;
    struct guide_reply *reply;
    struct memory memory;
    struct match matches[3]; /* of the customer's present words */
    size_t match_count;
};

/* Adds a message from a template. Answers NULL when there is no room for it. */
struct guide_message *mind_say(struct mind *mind, const char *text);

/* Gives the case to a person; entry: what it is about, or NULL. */
void mind_hand_over(struct mind *mind, const struct entry *entry, const char *reason);

#endif
