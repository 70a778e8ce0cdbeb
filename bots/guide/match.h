/* SPDX-License-Identifier: Apache-2.0 */
/* Which entries a customer's words are about, and how surely. */
#ifndef WEFT_GUIDE_MATCH_H
#define WEFT_GUIDE_MATCH_H

#include "bots/guide/knowledge.h"

struct match {
    const struct entry *entry;
    unsigned percent; /* 100: all the words of one of its questions, and no others */
};

struct match_index *match_index_create(const struct knowledge *knowledge);
void match_index_destroy(struct match_index *index);

/* The best entries, best first; entries with nothing in common are left out. Returns the count. */
size_t match_entries(
        const struct match_index *index, struct slice text, struct match *out_matches, size_t max);

/* How surely the text is nothing but this manner, or in the case of MANNER_PERSON holds it. */
unsigned match_manner(const struct match_index *index, struct slice text, enum manner manner);

#endif
