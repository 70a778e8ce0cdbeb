/* SPDX-License-Identifier: Apache-2.0 */
/* A naive model of a pool, to compare the real fold with: a few arrays, searched through. It knows
 * one request per conversation, and the agents and conversations of the simulation only. */
#ifndef WEFT_TESTS_ROUTE_MODEL_H
#define WEFT_TESTS_ROUTE_MODEL_H

#include "pool_log.h"

enum { MODEL_AGENTS = 6, MODEL_CONVERSATIONS = 14 };

#define MODEL_NO_MAIL UINT32_MAX

struct model_request {
    struct pool_key key;
    enum { NOWHERE, WAITS, OFFERED, TALKS, WRAPS } state;
    int agent;
    uint32_t weight, weighed; /* weighed: 0 as it needs */
    bool is_soft;
    struct name offer;
    uint64_t first_queued_ms;
};

struct model_agent {
    bool is_known;
    enum pool_status status;
    uint32_t capacity;
    uint32_t mail_weight; /* by a channel of their own; 0: none, MODEL_NO_MAIL: not taken */
};

struct model {
    struct model_request requests[MODEL_CONVERSATIONS];
    struct model_agent agents[MODEL_AGENTS];
    size_t offers;
};

extern const char *const model_agent_ids[MODEL_AGENTS];
extern const char *const model_conversation_ids[MODEL_CONVERSATIONS];

void model_apply(
        struct model *model, const struct pool_log_record *record, const struct pool_entry *entry);
/* Fails the running case when the pool says something else. */
void expect_as_modelled(const struct model *model, const struct pool *pool);

#endif
