/* SPDX-License-Identifier: Apache-2.0 */
/* Who is called back, as the log says it entry by entry. */
#ifndef WEFT_TESTS_SIM_JUDGE_CALLS_H
#define WEFT_TESTS_SIM_JUDGE_CALLS_H

#include "judge_owners.h"

enum { CALL_SPANS_MAX = 64 };

/* What is agreed. */
struct agreed_call {
    bool is_agreed;
    char channel[8], address[16];
    uint64_t due_ms, attempts;
};

struct calls {
    struct agreed_call now, at_owner; /* at_owner: when the case got the owner that it has */
    bool is_changed;                  /* since then */
    struct call_span {
        uint64_t from_ms, to_ms, due_ms; /* agreed, and not due: then supervisors are told of it */
    } spans[CALL_SPANS_MAX];
    size_t span_count;
    bool asked[DEVICES][WISHES_MAX], found[DEVICES][WISHES_MAX], recorded[DESKS][CALLS_TOLD_MAX];
};

/* The next entry, as it is stored; before: whose the case was when it came, after: whose it is from
 * now on. NULL: it may stand there. */
const char *calls_read(struct calls *calls, const struct world *world, const struct owners *before,
        const struct owners *after, struct slice conversation, const struct entry *entry);
/* At the end of the log: is everything in it that was promised, and was it told? */
const char *calls_judge(
        const struct calls *calls, const struct world *world, struct slice conversation);

#endif
