/* SPDX-License-Identifier: Apache-2.0 */
/* What the simulation has reached, over all seeds and processes: how many distinct states, which
 * outcomes of the store, which refusals, which faults. A seed count alone says little. */
#ifndef WEFT_TESTS_SIM_TALLY_H
#define WEFT_TESTS_SIM_TALLY_H

#include "base/slice.h"

#include <stdint.h>
#include <stdio.h>

struct world;

enum tally_role { TALLY_CUSTOMER, TALLY_AGENT, TALLY_BOT, TALLY_ROLES };

/* What people did, and what came of it. */
enum tally_action {
    ACTION_SAY,
    ACTION_EDIT,
    ACTION_DELETE,
    ACTION_REACT,
    ACTION_DEED_REFUSED,
    ACTION_PAGE,
    ACTION_LEAF,
    ACTION_RECEIPT,
    ACTION_TYPING,
    ACTION_TYPING_ENDED,
    ACTION_AGENT_RECEIPT,
    ACTION_AGENT_TYPING,
    ACTION_ONLINE,
    ACTION_AWAY,
    ACTION_PRESENCE,
    ACTION_GREETING,
    ACTION_NOTE,
    ACTION_TRANSFER,
    ACTION_TRANSFER_BY_NAME,
    ACTION_TRANSFER_CAME,
    ACTION_TRANSFER_REFUSED,
    ACTION_CASES,
    ACTION_WATCH,
    ACTION_NOTE_CAME,
    ACTION_JOIN,
    ACTION_BESIDE,
    ACTION_LEAVE,
    ACTION_TAKE_OVER,
    ACTION_ERASURE,
    ACTION_ERASED,
    ACTION_CALL_OFFERED,
    ACTION_CALL_ASKED,
    ACTION_CALL_MOVED,
    ACTION_CALL_CANCELLED,
    ACTION_CALL_CAME,
    ACTION_CALL_REACHED,
    ACTION_CALL_MISSED,
    ACTION_CALL_GIVEN_UP,
    ACTION_CALL_WITHOUT_OUTCOME,
    ACTION_CALL_LISTED,
    ACTION_UPLOAD,
    ACTION_UPLOAD_REFUSED,
    ACTION_UPLOAD_BROKEN,
    ACTION_DOWNLOAD,
    ACTION_FILE_GONE,
    ACTION_FILE_ERASED,
    TALLY_ACTIONS,
};

/* Makes the tally, in memory that the processes forked from here on share. */
void tally_start(void);
/* Each node as it is now: what its chats, its pool and its links are at. */
void tally_states(const struct world *world);
void tally_refusal(enum tally_role role, struct slice code);
void tally_action(enum tally_action action);
/* A world is over. */
void tally_world(const struct world *world);
/* Lines that begin with "# ". */
/* A snapshot of a pool, in so many parts, was found to be whole. */
void tally_saved(uint64_t parts);
void tally_print(FILE *out);
/* The one line that says it all. */
void tally_sum_up(uint64_t seeds, uint64_t violations, uint64_t seconds, FILE *out);
uint64_t tally_state_count(void);
/* Says which actions and faults never were; returns how many. */
unsigned tally_unreached(FILE *out);

#endif
