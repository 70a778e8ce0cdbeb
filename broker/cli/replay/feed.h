/* SPDX-License-Identifier: Apache-2.0 */
/* What one socket shows of one conversation: its entries as they come, their messages as a view. */
#ifndef WEFT_CLI_REPLAY_FEED_H
#define WEFT_CLI_REPLAY_FEED_H

#include "base/name.h"
#include "cli/replay/check.h"
#include "proto/frames.h"

struct feed {
    struct view view;
    struct name last;    /* the cursor: the entry held last */
    bool is_whole;       /* everything before the first entry is held too */
    bool is_asked;       /* a page of what came before is on its way */
    struct name missing; /* the page ends with this entry; when not whole */
};

enum feed_verdict { FEED_TAKEN, FEED_GAP };

/* Takes one entry as it came. An entry that is held already is taken all the same: the check is to
 * see it. */
enum feed_verdict feed_take(struct feed *feed, const struct proto_entry_view *entry);

/* Is there something before the first entry that has to be asked for? Then the request is filled
 * in, but for its id. */
bool feed_wants_page(struct feed *feed, struct slice conversation, struct proto_history *out);
void feed_take_page(struct feed *feed, const struct proto_page *page);

/* Nothing is held any more. */
void feed_reset(struct feed *feed);

size_t feed_company_count(const struct feed *feed);

/* The entry holds a part of the kind. */
bool feed_entry_has(const struct proto_entry_view *entry, enum proto_part_kind kind);

/* Adds the messages of an entry to a view, before the message at `at`; returns how many. */
size_t feed_add_messages(struct view *view, size_t at, const struct proto_entry_view *entry);

#endif
