/* SPDX-License-Identifier: Apache-2.0 */
/* A term of the score: one named reason for or against one agent for one request.
 *
 * Each term is one file in this folder, one constant in policy.h and one row in terms.c. It says
 * how well the pair matches, 0..TERM_FULL (age alone grows beyond); the policy's weight says what
 * that is worth. A term that does not apply to the request says so and is left out of sum and
 * explanation.
 */
#ifndef WEFT_CORE_ROUTE_TERMS_TERM_H
#define WEFT_CORE_ROUTE_TERMS_TERM_H

#include "core/route/fold.h"
#include "core/route/policy.h"

enum { TERM_FULL = 1000 };

struct term_input {
    const struct pool *pool;
    const struct route_policy *policy;
    uint64_t now_ms;
    const struct request *request;
    const struct agent *agent;
    uint32_t load; /* what the agent has weighs, with what this decision has planned so far */
};

/* What a term looks at, a bit a term; the rest of its input may be NULL. */
enum {
    TERMS_OF_REQUEST = 1 << ROUTE_TERM_AGE | 1 << ROUTE_TERM_CLASS | 1 << ROUTE_TERM_VALUE |
                       1 << ROUTE_TERM_PROMISE,
    TERMS_OF_AGENT = 1 << ROUTE_TERM_LOAD | 1 << ROUTE_TERM_FAIRNESS,
    TERMS_OF_PAIR = ((1 << ROUTE_TERM_COUNT) - 1) & ~(TERMS_OF_REQUEST | TERMS_OF_AGENT),
};

/* false: does not apply, whichever the agent. */
typedef bool term_value(const struct term_input *input, uint32_t *out_value);

struct term_row {
    const char *name;
    uint32_t default_weight;
    term_value *value;
};

extern const struct term_row term_rows[ROUTE_TERM_COUNT];

term_value term_age, term_calm, term_class, term_continuity, term_direct, term_fairness,
        term_language, term_load, term_promise, term_skill, term_value_at_stake, term_willing;

/* part of whole in thousandths, at most TERM_FULL; whole 0 is full. */
static inline uint32_t term_share(uint64_t part, uint64_t whole)
{
    return part >= whole ? TERM_FULL : (uint32_t)(part * TERM_FULL / whole);
}

/* How old, in thousandths of what counts in full; not limited to TERM_FULL. */
uint32_t term_age_value(
        uint64_t first_queued_ms, uint64_t now_ms, const struct route_policy *policy);

#endif
