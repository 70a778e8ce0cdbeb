/* SPDX-License-Identifier: Apache-2.0 */
/* What a case needs of an agent, as a value of its own. */
#ifndef WEFT_FLOW_CASE_NEEDS_H
#define WEFT_FLOW_CASE_NEEDS_H

#include "core/conversation/conversation.h"
#include "core/route/policy.h"
#include "flow/directory.h"
#include "proto/frames.h"

struct case_needs {
    struct pool_need need; /* its slices point into this very struct: it must not move */
    struct pool_requirement skills[POOL_REQUIREMENTS_MAX];
    struct slice prefers[POOL_PREFERS_MAX];
    size_t text_len;
    char texts[4096];
};

/* From the conversation; needs is zero before. */
void needs_begin(struct case_needs *needs, const struct conversation *fold);
/* From the packet of the case, which may be older than its request. */
void needs_take(struct case_needs *needs, const struct proto_handoff *handoff);
/* What nobody said and the policy knows: weight, promise, the queue's skills, the agent
 * of the case before. */
void needs_complete(struct case_needs *needs, const struct conversation *fold,
        const struct route_policy *policy);
/* No agent of the tenant, present or not, could take it as it is. */
bool needs_are_stranded(const struct case_needs *needs, const struct node *node,
        struct slice tenant, const struct route_policy *policy);

#endif
