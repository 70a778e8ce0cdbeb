/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a conversation is, as its log says it entry by entry. */
#ifndef WEFT_TESTS_SIM_JUDGE_OWNERS_H
#define WEFT_TESTS_SIM_JUDGE_OWNERS_H

#include "core/conversation/entry.h"
#include "world.h"

struct owners {
    struct name token; /* in force; seq 0: no agent's */
    char id[ID_MAX + 1];
    bool is_waiting, is_beside; /* is_beside: the supervisor speaks beside the owner */
    unsigned packet;            /* of the case: the transfer that wrote it; 0: none */
    struct name taken[LOG_MAX]; /* by the supervisor */
    size_t taken_count;
    struct name
            seen[DESKS * CAST_TRANSFERS_MAX + 1]; /* by number: where it stands; seq 0: nowhere */
};

/* The next entry, as it is stored. NULL: it may stand there. */
const char *owners_read(struct owners *owners, const struct world *world, struct slice conversation,
        const struct entry *entry, struct arena *scratch);
/* At the end of the log: is everything in it that was promised? */
const char *owners_judge(
        const struct owners *owners, const struct world *world, struct slice conversation);

#endif
