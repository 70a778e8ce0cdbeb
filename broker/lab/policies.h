/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to choose an agent that are compared: Weft's own, and those that other systems have.
 *
 * All see the same pool, give nobody a case without the skills that it needs, and serve the oldest
 * case first that anybody free may have. They differ in whom they choose.
 */
#ifndef WEFT_LAB_POLICIES_H
#define WEFT_LAB_POLICIES_H

#include "core/route/route.h"
#include "lab/roster.h"

enum policy_kind {
    POLICY_WEFT,            /* pool_decide, as the broker does */
    POLICY_ROUND_ROBIN,     /* the next one in a fixed circle */
    POLICY_LONGEST_IDLE,    /* who was given or has finished nothing for longest */
    POLICY_LEAST_BUSY,      /* the smallest share of the capacity in use, then the longest idle */
    POLICY_SKILL_THEN_IDLE, /* the highest level, then the longest idle */
    POLICY_COUNT,
};

/* What a policy may look at, and the little that it remembers. */
struct policy {
    enum policy_kind kind;
    struct route_policy route;
    const struct roster *roster;
    uint32_t (*kind_of)(const void *user, struct slice conversation);
    const void *user;
    uint32_t circle; /* round robin: the agent whose turn is next */
};

const char *policy_name(enum policy_kind kind);
bool policy_find(const char *name, size_t len, enum policy_kind *out_kind);

/* As pool_decide; the agents of the pool are those of the roster, in its order. Policies other than
 * Weft's offer one case at a time. */
void policy_decide(struct policy *policy, const struct pool *pool, uint64_t now_ms,
        struct pool_decisions *out);

#endif
