/* SPDX-License-Identifier: Apache-2.0 */
/* A story made up at random: requests of every kind, legal and not, with names new, old and forged.
 */
#ifndef WEFT_TESTS_ANY_HISTORY_H
#define WEFT_TESTS_ANY_HISTORY_H

#include "lib/fake_random.h"
#include "story.h"

enum { ANY_LINEAGES = 60, ANY_PAIRS = 40 };

struct any_history {
    struct story story;
    struct fake_random random;
    char lineages[ANY_LINEAGES][LINEAGE_LEN];
    char values[2048]; /* what state holds */
};

void any_history_begin(struct any_history *history, uint64_t seed);
/* One request. What was decided is in history->story.decision. */
void any_history_step(struct any_history *history);

#endif
