/* SPDX-License-Identifier: Apache-2.0 */
/* Dialogues to replay, read from a file with one JSON object a line:
 *
 *   {"id": "1_00000", "services": ["Restaurants_2"], "turns": [{"who": "customer", "text": "Hi"},
 *    {"who": "agent", "text": "Hello, how can I help?"}]}
 */
#ifndef WEFT_CLI_REPLAY_DIALOGUES_H
#define WEFT_CLI_REPLAY_DIALOGUES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DIALOGUES_MAX = 100000,
    DIALOGUE_TURNS_MAX = 1000,
    DIALOGUE_SERVICES_MAX = 16, /* skills in one handoff */
    DIALOGUE_LINE_MAX = 4 * 1024 * 1024,
};

struct dialogue_turn {
    bool is_customer;
    struct slice text;
};

struct dialogue {
    char *id;
    char *services[DIALOGUE_SERVICES_MAX];
    size_t service_count;
    struct dialogue_turn *turns; /* the first is the customer's */
    size_t turn_count;
};

struct dialogues {
    struct dialogue *all;
    size_t count, turn_count;
};

/* Reads and checks the file; limit: at most that many, 0 for all.
 *
 * owns:   dialogues_finish(out_dialogues)
 * errors: false: out_problem is one sentence, with file and line */
bool dialogues_read(const char *path, size_t limit, struct dialogues *out_dialogues,
        char *out_problem, size_t problem_size);
void dialogues_finish(struct dialogues *dialogues);

/* How many of the turns before `turn` are the customer's. */
size_t dialogue_customer_turns(const struct dialogue *dialogue, size_t turn);

#endif
