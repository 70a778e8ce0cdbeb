/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation with the guide, without a broker: its patches are kept as the broker would. */
#ifndef WEFT_TESTS_GUIDE_TALK_H
#define WEFT_TESTS_GUIDE_TALK_H

#include "bots/guide/guide.h"

enum { TALK_STATE_MAX = 32 };

struct talk {
    const struct knowledge *knowledge;
    struct guide_view view; /* name, page, language, cases: as the test likes */
    struct bot_pair state[TALK_STATE_MAX];
    size_t state_count;
    struct guide_reply reply;
};

void talk_begin(struct talk *talk, const struct knowledge *knowledge);
void talk_end(struct talk *talk);

/* One turn; text "" is the opening of the case. */
void talk_say(struct talk *talk, const char *text);
/* The customer presses the quick reply of this title; false when none was offered. */
bool talk_press(struct talk *talk, const char *title);

/* Is the text in any of the guide's last words? */
bool talk_hears(const struct talk *talk, const char *text);
bool talk_offers(const struct talk *talk, const char *title);
/* NULL when it is not there. */
const char *talk_state(const struct talk *talk, const char *name);

#endif
