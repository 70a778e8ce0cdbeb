/* SPDX-License-Identifier: Apache-2.0 */
/* An assignment problem from outside, solved by the broker's own auction, with its proof.
 *
 * Filled in the order of the cases: instance_add_case, then instance_add_pair for each agent who
 * may have it. docs/reference/routing-instance.md tells the file and how to check the answer by
 * hand.
 */
#ifndef WEFT_LAB_INSTANCE_H
#define WEFT_LAB_INSTANCE_H

#include "core/route/auction.h"

enum {
    INSTANCE_CASES_MAX = 100000,
    INSTANCE_AGENTS_MAX = 100000,
    INSTANCE_PAIRS_MAX = 20 * 1000 * 1000,
    INSTANCE_PLACES_MAX = 1000 * 1000,
};

struct instance {
    uint32_t case_count, agent_count, pair_count, place_count;
    uint32_t case_room, agent_room, pair_room;
    uint32_t *first_pair, *first_place;
    struct auction_pair *pairs;
};

/* The zero value is an empty instance. Each says false when there is no memory or a bound is met.
 */
bool instance_add_agent(struct instance *instance, uint32_t capacity);
bool instance_add_case(struct instance *instance);
/* Of the case added last; agents must rise. value: at most AUCTION_VALUE_MAX. */
bool instance_add_pair(struct instance *instance, uint32_t agent, uint32_t value);
void instance_finish(struct instance *instance);

struct instance_answer {
    struct auction_certificate certificate;
    uint32_t *agent_of;         /* per case; AUCTION_NONE: nobody */
    uint64_t *prices, *profits; /* the dual values: of one place of an agent, of a case */
    uint64_t cpu_ns;
};

/* owns:   the answer until instance_answer_finish
 * errors: false: no memory */
bool instance_solve(const struct instance *instance, struct instance_answer *out);
void instance_answer_finish(struct instance_answer *answer);

#endif
