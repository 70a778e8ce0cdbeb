/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a conversation's entries for somebody to see: the one way to records of the past.
 *
 *   [look for news] --> [pages of amendments] --> records --> done
 *
 * Every record that is handed out is covered by the fold: the fold is at least as new as the
 * record, and knows what became of every message in the range (docs/explanation/message-life.md).
 */
#ifndef WEFT_FLOW_CHAT_READ_H
#define WEFT_FLOW_CHAT_READ_H

#include "flow/conversations.h"

struct chat_read {
    /* The caller's, as in log_reader. */
    uint64_t from, to;
    size_t count;
    bool is_reverse;
    bool is_patient;     /* as a log_reader's */
    bool is_fresh;       /* look for what other nodes appended first */
    bool is_of_follower; /* ERASED is told as an entry; for others it is a refusal */
    void (*on_record)(struct chat_read *read, const struct record *record);
    /* LOG_APPENDED: read, possibly nothing. Called once, later. A conversation that is erased by
     * then is LOG_MISSING, with REFUSAL_ERASED, whatever was read of it. */
    void (*done)(struct chat_read *read, enum log_outcome outcome);
    /* For done. */
    enum refusal refusal;
    bool is_cut; /* forward: there is more, which the fold does not cover yet; on_moved comes */
    /* Its own. */
    struct chat *chat;
    bool is_under_way;
    struct chat_change look;
    struct log_reader reader;
    uint64_t lowest, page_seq, next_page, next_up_to;
    bool is_page_good;
    struct amendment *paged; /* of the range; NULL: none */
    size_t paged_count;
};

/* Holds the chat until done returns. The read is the caller's until then. */
void chat_read(struct chat *chat, struct chat_read *read);

#endif
