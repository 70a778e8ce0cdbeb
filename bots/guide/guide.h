/* SPDX-License-Identifier: Apache-2.0 */
/* The guide's mind: from knowledge, a turn and the conversation's state to an answer. Pure.
 *
 * Glossary: the topic is the entry under way while its slots are being asked for; unsure counts how
 * often in a row the guide did not know what was meant; the memory is the part of the
 * conversation's state that the guide keeps ("guide.…" and "slot.…").
 */
#ifndef WEFT_GUIDE_GUIDE_H
#define WEFT_GUIDE_GUIDE_H

#include "bots/guide/knowledge.h"
#include "bots/sdk/c/weft_bot.h"

enum {
    GUIDE_MESSAGES_MAX = 4,
    GUIDE_OPTIONS_MAX = 13,
    GUIDE_PATCH_MAX = 32,
    GUIDE_SLOTS_MAX = 16,
    GUIDE_TRIED_MAX = 6,
    GUIDE_BYTES = 65536,
};

/* What the guide looks at. Strings may be NULL where nothing is known; text is "" when the case was
 * just opened. */
struct guide_view {
    const char *text, *chosen, *name, *page, *language;
    uint64_t cases;
    const struct bot_pair *state;
    size_t state_count;
};

struct guide_message {
    const char *text;
    struct bot_option options[GUIDE_OPTIONS_MAX];
    size_t option_count;
};

struct guide_reply {
    struct guide_message messages[GUIDE_MESSAGES_MAX];
    size_t message_count;
    struct bot_pair patch[GUIDE_PATCH_MAX]; /* value NULL: forget */
    size_t patch_count;
    const char *label; /* the entry that was answered, or NULL */
    bool has_handoff, closes;
    struct bot_handoff handoff;
    const char *skills[SKILLS_MAX + 1], *missing[NEEDS_MAX + 1], *tried[GUIDE_TRIED_MAX + 1];
    struct bot_pair slots[GUIDE_SLOTS_MAX];
    struct bot_intent intents[3];
    struct arena arena;
    char bytes[GUIDE_BYTES];
};

/* Decides what to say.
 *
 * owns: out_reply borrows from the knowledge and the view, and must not be moved */
void guide_decide(const struct knowledge *knowledge, const struct guide_view *view,
        struct guide_reply *out_reply);

#endif
