/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that are compared, each a small function over the views of the pool.
 *
 * A plain policy is a way to say which of two agents comes first. What is around it is the same for
 * all: the oldest case first, skills respected, nobody over capacity, one offer a decision.
 * Invariant: a plain policy leaves a case waiting only when nobody free may have it, so what is
 * compared is the choice of the agent alone.
 */
#include "lab/policies.h"

#include "base/check.h"

#include <string.h>

static const char *const names[POLICY_COUNT] = {
        [POLICY_WEFT] = "weft",
        [POLICY_ROUND_ROBIN] = "round_robin",
        [POLICY_LONGEST_IDLE] = "longest_idle",
        [POLICY_LEAST_BUSY] = "least_busy",
        [POLICY_SKILL_THEN_IDLE] = "skill_then_idle",
};

const char *policy_name(enum policy_kind kind)
{
    return names[kind];
}

bool policy_find(const char *name, size_t len, enum policy_kind *out_kind)
{
    for (int kind = 0; kind < POLICY_COUNT; kind++) {
        if (strlen(names[kind]) == len && memcmp(names[kind], name, len) == 0) {
            *out_kind = (enum policy_kind)kind;
            return true;
        }
    }
    return false;
}

/* An agent who may have the case. */
struct candidate {
    struct pool_agent_view view;
    uint32_t agent, level;
};

typedef bool comes_first(
        const struct policy *policy, const struct candidate *a, const struct candidate *b);

static uint32_t steps_ahead(const struct policy *policy, uint32_t agent)
{
    uint32_t count = policy->roster->count;
    return (agent + count - policy->circle % count) % count;
}

static bool first_in_circle(
        const struct policy *policy, const struct candidate *a, const struct candidate *b)
{
    return steps_ahead(policy, a->agent) < steps_ahead(policy, b->agent);
}

static bool first_by_idle(
        const struct policy *policy, const struct candidate *a, const struct candidate *b)
{
    (void)policy;
    return a->view.idle_since_ms < b->view.idle_since_ms;
}

static bool first_by_load(
        const struct policy *policy, const struct candidate *a, const struct candidate *b)
{
    uint64_t left = (uint64_t)a->view.load * b->view.capacity;
    uint64_t right = (uint64_t)b->view.load * a->view.capacity;
    return left != right ? left < right : first_by_idle(policy, a, b);
}

static bool first_by_skill(
        const struct policy *policy, const struct candidate *a, const struct candidate *b)
{
    return a->level != b->level ? a->level > b->level : first_by_idle(policy, a, b);
}

static comes_first *const orders[POLICY_COUNT] = {
        [POLICY_ROUND_ROBIN] = first_in_circle,
        [POLICY_LONGEST_IDLE] = first_by_idle,
        [POLICY_LEAST_BUSY] = first_by_load,
        [POLICY_SKILL_THEN_IDLE] = first_by_skill,
};

/* The best agent with room for this kind of customer. false: nobody. */
static bool choose(
        const struct policy *policy, const struct pool *pool, uint32_t kind, struct candidate *out)
{
    struct candidate one = {0};
    bool is_found = false;
    size_t cursor = 0;
    for (uint32_t agent = 0; pool_next_agent(pool, &cursor, &one.view); agent++) {
        one.agent = agent;
        one.level = roster_level(policy->roster, agent, kind);
        if (one.level == 0 || one.view.status != POOL_ONLINE ||
                one.view.load >= one.view.capacity ||
                (is_found && !orders[policy->kind](policy, &one, out)))
            continue;
        *out = one;
        is_found = true;
    }
    return is_found;
}

static void offer(struct policy *policy, const struct pool_request_view *request,
        const struct candidate *chosen, uint64_t now_ms, struct pool_decisions *out)
{
    out->entries[out->count++] = (struct pool_entry){.kind = POOL_OFFERED,
            .request = request->key,
            .agent = chosen->view.agent,
            .deadline_ms = now_ms + policy->route.offer_ms};
    out->has_more = true;
    policy->circle = chosen->agent + 1;
}

static void decide_plainly(
        struct policy *policy, const struct pool *pool, uint64_t now_ms, struct pool_decisions *out)
{
    struct pool_request_view request;
    struct candidate chosen;
    uint32_t hopeless = 0; /* a bit a kind */
    out->count = 0;
    out->has_more = false;
    out->next_due_ms = ROUTE_NEVER;
    for (size_t cursor = 0; pool_next_waiting(pool, &cursor, &request);) {
        uint32_t kind = policy->kind_of(policy->user, request.key.conversation);
        if ((hopeless >> kind & 1) != 0)
            continue;
        if (choose(policy, pool, kind, &chosen)) {
            offer(policy, &request, &chosen, now_ms, out);
            return;
        }
        hopeless |= 1u << kind;
    }
}

void policy_decide(
        struct policy *policy, const struct pool *pool, uint64_t now_ms, struct pool_decisions *out)
{
    check(policy->kind < POLICY_COUNT);
    if (policy->kind == POLICY_WEFT)
        pool_decide(pool, &policy->route, now_ms, out);
    else
        decide_plainly(policy, pool, now_ms, out);
}
