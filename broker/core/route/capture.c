/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot taken piece by piece while the pool goes on.
 *
 *   begin   all there is now is owed: a bit for each agent and each request
 *   next    visits some that are owed still
 *   touch   an entry is about to be folded: what it may change is visited first, if it is owed
 *
 * Invariant: each value is visited once, and as it was at the beginning. An entry changes the agent
 * it names and the request it names, whoever has that request, and, when it is about the agent
 * alone, what that agent has; nobody else. A slot that is taken anew was touched when it became
 * free, or was free at the beginning: so newcomers are never visited.
 */
#include "core/route/fold.h"

struct capture {
    pool_visit visit;
    void *user;
    uint32_t agent_count, slot_count; /* agents' slots come first */
    uint32_t next;
    uint64_t owed[];
};

enum { WORD_BITS = 64 };

static uint64_t bit_of(uint32_t slot)
{
    return UINT64_C(1) << slot % WORD_BITS;
}

static void owe(struct capture *capture, uint32_t slot, bool is_there)
{
    if (is_there)
        capture->owed[slot / WORD_BITS] |= bit_of(slot);
}

bool pool_capture_begin(struct pool *pool, pool_visit visit, void *user)
{
    uint32_t slot_count = pool->agent_count + pool->request_count;
    size_t bytes = (slot_count / WORD_BITS + 1) * sizeof(uint64_t);
    pool_capture_end(pool);
    struct capture *capture = pool_grow(pool, NULL, sizeof *capture + bytes);
    if (capture == NULL)
        return false;
    *capture = (struct capture){visit, user, pool->agent_count, slot_count, 0};
    memset(capture->owed, 0, bytes);
    for (uint32_t slot = 0; slot < pool->agent_count; slot++)
        owe(capture, slot, pool->agents[slot].id != WORD_NONE);
    for (uint32_t slot = 0; slot < pool->request_count; slot++)
        owe(capture, pool->agent_count + slot, pool->requests[slot].is_live);
    pool->capture = capture;
    snapshot_visit_head(pool, visit, user);
    return true;
}

void pool_capture_end(struct pool *pool)
{
    if (pool->capture != NULL)
        pool_grow(pool, pool->capture, 0);
    pool->capture = NULL;
}

bool pool_is_captured(const struct pool *pool)
{
    return pool->capture != NULL;
}

/* Visits the slot if that is owed. */
static void pay(const struct pool *pool, uint32_t slot)
{
    struct capture *capture = pool->capture;
    if (slot >= capture->slot_count || (capture->owed[slot / WORD_BITS] & bit_of(slot)) == 0)
        return;
    capture->owed[slot / WORD_BITS] &= ~bit_of(slot);
    if (slot < capture->agent_count)
        snapshot_visit_agent(pool, slot, capture->visit, capture->user);
    else
        snapshot_visit_request(pool, slot - capture->agent_count, capture->visit, capture->user);
}

static void pay_agent(const struct pool *pool, uint32_t agent)
{
    if (agent < pool->capture->agent_count)
        pay(pool, agent);
}

static void pay_request(const struct pool *pool, uint32_t request)
{
    pay(pool, pool->capture->agent_count + request);
}

/* The first slot that is owed, or slot_count. */
static uint32_t next_owed(struct capture *capture)
{
    while (capture->next < capture->slot_count &&
            (capture->owed[capture->next / WORD_BITS] & bit_of(capture->next)) == 0)
        capture->next = capture->owed[capture->next / WORD_BITS] == 0
                                ? (capture->next / WORD_BITS + 1) * WORD_BITS
                                : capture->next + 1;
    if (capture->next > capture->slot_count)
        capture->next = capture->slot_count;
    return capture->next;
}

enum pool_left pool_capture_next(const struct pool *pool, size_t most)
{
    struct capture *capture = pool->capture;
    uint32_t slot = next_owed(capture);
    for (size_t i = 0; i < most && slot < capture->slot_count; i++) {
        pay(pool, slot);
        slot = next_owed(capture);
    }
    return slot < capture->agent_count  ? POOL_LEFT_AGENTS
           : slot < capture->slot_count ? POOL_LEFT_REQUESTS
                                        : POOL_LEFT_NOTHING;
}

void capture_touch(
        const struct pool *pool, const struct pool_entry *entry, uint32_t agent, uint32_t request)
{
    if (pool->capture == NULL)
        return;
    if (agent != SLOT_NONE)
        pay_agent(pool, agent);
    if (request != SLOT_NONE) {
        pay_request(pool, request);
        if (pool->requests[request].agent != SLOT_NONE)
            pay_agent(pool, pool->requests[request].agent);
    } else if (agent != SLOT_NONE && entry->request.conversation.len == 0) {
        uint32_t at = pool->agents[agent].first_request;
        for (; at != SLOT_NONE; at = pool->requests[at].next)
            pay_request(pool, at);
    }
}
