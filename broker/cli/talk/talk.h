/* SPDX-License-Identifier: Apache-2.0 */
/* One conversation on a terminal: shared by `weft chat` and `weft agent`. */
#ifndef WEFT_CLI_TALK_TALK_H
#define WEFT_CLI_TALK_TALK_H

#include "bots/sdk/c/cursors.h"
#include "bots/sdk/c/outbox.h"
#include "cli/console.h"
#include "proto/frames.h"

enum { TALK_ID_MAX = 64 };

struct talk_option {
    char title[81], value[257];
};

struct talk {
    struct console *console;
    bool is_customer; /* whose eyes: a customer's own words are "you" */
    char conversation[TALK_ID_MAX + 1];
    struct name oldest; /* the `after` of the oldest entry shown; none: nothing shown, or all */
    struct name newest;
    bool has_shown;
    struct talk_option options[PROTO_LIMIT_OPTIONS]; /* the last quick replies */
    size_t option_count;
};

/* Shows what an entry says. is_own: it was typed here, and stands on the screen already. */
void talk_show(struct talk *talk, const struct proto_entry_view *entry, bool is_own);
/* Shows a page of history. */
void talk_show_page(struct talk *talk, const struct proto_page *page);
/* Who is typing, how far somebody has read. */
void talk_show_typist(struct talk *talk, const struct proto_typist *typist);
void talk_show_receipts(struct talk *talk, const struct proto_receipts *receipts);

/* A body from a typed line: "2" chooses the second quick reply. Borrows from line and talk. */
struct proto_body talk_body(const struct talk *talk, const char *line);

/* The packet: summary, what is known, what was tried. */
void talk_show_handoff(struct talk *talk, const struct proto_handoff *handoff);

uint64_t talk_random(void);

#endif
