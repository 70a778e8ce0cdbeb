/* SPDX-License-Identifier: Apache-2.0 */
/* The stored log of a conversation, page by page over the admin door. */
#ifndef WEFT_CLI_ENTRIES_H
#define WEFT_CLI_ENTRIES_H

#include "cli/api.h"

struct cJSON;

struct entries_page {
    uint64_t next; /* the next page begins after this place */
    bool is_last;
};

/* Reads the page that begins at page->next, hands its entries over, oldest first, and moves page
 * on.
 *
 * owns:   an entry is borrowed for the call
 * errors: false, and page is as it was: out_answer->sentence tells; api_finish(out_answer) in any
 * case */
bool entries_read(const struct place *place, const char *conversation, uint64_t patience_ms,
        void *context, void (*on_entry)(void *context, const struct cJSON *entry),
        struct entries_page *page, struct api_answer *out_answer);

#endif
