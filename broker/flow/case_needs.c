/* SPDX-License-Identifier: Apache-2.0 */
/* What a case needs of an agent: from its handoff packet, its channel, the policy and its past.
 *
 * Invariant: everything is copied, so a need outlives the entry that it was read from. A case that
 * no agent who exists could ever take is said to be so: it is reported, its musts are wishes, and
 * when it is in nobody's queue it is in everybody's.
 */
#include "flow/case_needs.h"

#include "core/route/setup.h"

static struct slice keep(struct case_needs *needs, struct slice text)
{
    if (text.len == 0 || needs->text_len + text.len > sizeof needs->texts)
        return SLICE_NONE;
    char *to = needs->texts + needs->text_len;
    memcpy(to, text.bytes, text.len);
    needs->text_len += text.len;
    return slice_make(to, text.len);
}

void needs_begin(struct case_needs *needs, const struct conversation *fold)
{
    needs->need.first_queued_ms = fold->first_queued_ms;
    needs->need.language = keep(needs, id_slice(&fold->language));
    needs->need.last_agent = keep(needs, id_slice(&fold->last_agent));
    needs->need.channel = keep(needs, id_slice(&fold->channel));
    needs->need.skills = needs->skills;
    needs->need.prefers = needs->prefers;
}

void needs_take(struct case_needs *needs, const struct proto_handoff *handoff)
{
    struct pool_need *need = &needs->need;
    need->skill_count = need->prefer_count = 0;
    for (size_t i = 0; i < handoff->skills_count && i < POOL_REQUIREMENTS_MAX; i++)
        needs->skills[need->skill_count++] =
                (struct pool_requirement){.name = keep(needs, handoff->skills[i].name),
                        .must = handoff->skills[i].has_must && handoff->skills[i].must,
                        .min_level = (uint32_t)handoff->skills[i].level};
    for (size_t i = 0; i < handoff->agents_count && i < POOL_PREFERS_MAX; i++)
        needs->prefers[need->prefer_count++] = keep(needs, handoff->agents[i]);
    if (handoff->language.len > 0)
        need->language = keep(needs, handoff->language);
    need->queue = keep(needs, handoff->queue);
    need->class_name = keep(needs, handoff->class);
    need->value = handoff->value;
    if (handoff->has_promise_ms)
        need->promise_ms = need->first_queued_ms + handoff->promise_ms;
}

/* What the case itself says of a skill stands. */
static void need_skills_of(struct case_needs *needs, const struct route_queue *queue)
{
    struct pool_need *need = &needs->need;
    for (uint32_t i = 0; i < queue->skill_count; i++) {
        struct slice name = route_name_slice(&queue->skills[i].name);
        bool is_said = false;
        for (size_t j = 0; j < need->skill_count && !is_said; j++)
            is_said = slice_equal(need->skills[j].name, name);
        if (!is_said && need->skill_count < POOL_REQUIREMENTS_MAX)
            needs->skills[need->skill_count++] =
                    (struct pool_requirement){keep(needs, name), true, queue->skills[i].min_level};
    }
}

void needs_complete(struct case_needs *needs, const struct conversation *fold,
        const struct route_policy *policy)
{
    struct pool_need *need = &needs->need;
    const struct route_channel *channel = route_find_channel(policy->setup, need->channel);
    const struct route_queue *queue = route_find_queue(policy->setup, need->queue);
    uint64_t promise_ms = queue && queue->promise_ms ? queue->promise_ms : policy->promise_ms;
    if (channel != NULL) {
        need->weight = channel->weight;
        need->is_interruptible = channel->is_interruptible;
    }
    if (queue != NULL)
        need_skills_of(needs, queue);
    if (callback_is_agreed(&fold->callback) && fold->callback.until_ms > 0)
        need->promise_ms = fold->callback.until_ms;
    if (need->promise_ms == 0 && promise_ms > 0)
        need->promise_ms = need->first_queued_ms + promise_ms;
    bool is_soon = policy->continuity_ms > 0 && fold->closed_ms > 0 &&
                   fold->first_queued_ms <= fold->closed_ms + policy->continuity_ms;
    if (is_soon && need->prefer_count == 0 && need->last_agent.len > 0)
        needs->prefers[need->prefer_count++] = need->last_agent;
}

/* ---- whether anybody could ever ---- */

static bool has_skill(const struct agent_profile *agent, const struct pool_requirement *must)
{
    for (size_t i = 0; i < agent->skill_count; i++)
        if (slice_equal(agent->skills[i].name, must->name))
            return agent->skills[i].level > 0 && agent->skills[i].level >= must->min_level;
    return false;
}

static bool takes_channel(const struct agent_profile *agent, struct slice channel)
{
    for (size_t i = 0; i < agent->channel_count; i++)
        if (slice_equal(agent->channels[i].name, channel))
            return agent->channels[i].weight > 0;
    return true;
}

static bool serves(const struct agent_profile *agent, struct slice queue)
{
    struct slice wanted = queue.len > 0 ? queue : SLICE_OF(ROUTE_QUEUE_DEFAULT);
    for (size_t i = 0; i < agent->queue_count; i++)
        if (slice_equal(agent->queues[i], wanted))
            return true;
    return agent->queue_count == 0;
}

static bool is_in_reach(const struct agent_profile *agent, struct slice queue_name,
        const struct route_policy *policy)
{
    const struct route_queue *queue = route_find_queue(policy->setup, queue_name);
    bool is_theirs = serves(agent, queue_name);
    for (uint32_t i = 0; queue != NULL && i < queue->overflow_count && !is_theirs; i++)
        is_theirs = serves(agent, route_name_slice(&queue->overflow[i].queue));
    return is_theirs;
}

static bool could_ever(const struct agent_profile *agent, const struct pool_need *need,
        const struct route_policy *policy)
{
    if (agent->capacity == 0 || !takes_channel(agent, need->channel) ||
            !is_in_reach(agent, need->queue, policy))
        return false;
    for (size_t i = 0; i < need->skill_count; i++)
        if (need->skills[i].must && !has_skill(agent, &need->skills[i]))
            return false;
    return true;
}

bool needs_are_stranded(const struct case_needs *needs, const struct node *node,
        struct slice tenant, const struct route_policy *policy)
{
    const struct agent_profile *agent = NULL;
    while ((agent = directory_next_agent(node, tenant, agent)) != NULL)
        if (could_ever(agent, &needs->need, policy))
            return false;
    return true;
}
