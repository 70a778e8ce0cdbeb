/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages were edited or deleted later, so that whoever reads an old entry knows that its
 * words no longer hold (docs/explanation/message-life.md).
 *
 * The table holds those amended last; the half of a full table that was amended longest ago goes
 * into the log as a page (PART_AMENDMENTS), which names the page before it. So the fold stays small
 * and nothing is ever forgotten.
 */
#ifndef WEFT_CORE_CONVERSATION_AMENDMENTS_H
#define WEFT_CORE_CONVERSATION_AMENDMENTS_H

#include "base/name.h"

enum {
    AMENDMENTS_MAX = 64,
    AMENDMENTS_PAGE = 32,
    AMENDMENT_SIZE = 8 + MARK_SIZE + 8 + 1, /* of one, in a page */
    AMENDMENTS_PAGE_BYTES = AMENDMENTS_PAGE * AMENDMENT_SIZE,
    AMENDMENTS_BYTES = AMENDMENTS_MAX * AMENDMENT_SIZE,
};

struct amendment {
    struct name target;
    uint64_t by_seq; /* the entry of its newest edit, or that deleted it */
    bool is_deleted;
};

struct amendments {
    size_t count;
    struct amendment all[AMENDMENTS_MAX]; /* in no order */
    uint64_t page_seq;    /* the entry that holds the newest page; 0: there is none */
    uint64_t paged_up_to; /* what pages hold was amended by this entry or earlier */
};

/* NULL: it is as it was said, as far as this table knows. */
const struct amendment *amendments_find(
        const struct amendments *amendments, const struct name *target);
static inline bool amendments_is_full(const struct amendments *amendments)
{
    return amendments->count == AMENDMENTS_MAX;
}

/* A deleted message stays deleted. One more than fits is a programmer's error. */
void amendments_record(
        struct amendments *amendments, const struct name *target, uint64_t by_seq, bool is_deleted);

/* Writes the page of those that were amended longest ago. Returns its bytes, borrowed from out. */
struct slice amendments_page(
        const struct amendments *amendments, uint8_t out[AMENDMENTS_PAGE_BYTES]);
/* Writes the whole table, in the form of a page. Returns its bytes, borrowed from out. */
struct slice amendments_write(const struct amendments *amendments, uint8_t out[AMENDMENTS_BYTES]);
/* Reads one of a page; at counts from 0. errors: false when there is no such one */
bool amendments_page_read(struct slice page, size_t at, struct amendment *out);
/* The page is the entry at seq from now on: what it holds leaves the table. */
void amendments_on_page(struct amendments *amendments, struct slice page, uint64_t seq);

#endif
