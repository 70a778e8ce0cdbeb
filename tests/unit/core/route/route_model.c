/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a pool once more, as plainly as can be: no index, no list, no order. */
#include "route_model.h"

#include "lib/test.h"

const char *const model_agent_ids[MODEL_AGENTS] = {"a0", "a1", "a2", "a3", "a4", "a5"};
const char *const model_conversation_ids[MODEL_CONVERSATIONS] = {
        "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13"};

static int index_of(struct slice id, const char *const *ids, int count)
{
    for (int i = 0; i < count; i++)
        if (slice_is(id, ids[i]))
            return i;
    return -1;
}

static bool has(const struct model_request *request, int agent)
{
    return request->state >= OFFERED && request->agent == agent;
}

static uint32_t load_of(const struct model *model, int agent)
{
    uint32_t load = 0;
    for (int i = 0; i < MODEL_CONVERSATIONS; i++)
        load += has(&model->requests[i], agent);
    return load;
}

/* What it weighs at the agent. Soft is what comes by mail. */
static uint32_t weight_at(const struct model *model, const struct model_request *request, int agent)
{
    uint32_t own = model->agents[agent].mail_weight;
    if (!request->is_soft || own == 0)
        return request->weight;
    return own == MODEL_NO_MAIL ? 0 : own;
}

/* Mail takes what is left; the rest takes no notice of mail. */
static bool has_room(const struct model *model, const struct model_request *request, int agent)
{
    uint32_t weight = weight_at(model, request, agent), taken = 0;
    for (int i = 0; i < MODEL_CONVERSATIONS; i++) {
        const struct model_request *other = &model->requests[i];
        if (other != request && has(other, agent) && (request->is_soft || !other->is_soft))
            taken += other->weighed ? other->weighed : weight_at(model, other, agent);
    }
    return weight > 0 && taken + weight <= model->agents[agent].capacity * POOL_WEIGHT_FULL;
}

static void set_need(struct model_request *request, const struct pool_need *need)
{
    request->weight = need->weight ? need->weight : POOL_WEIGHT_FULL;
    request->is_soft = need->is_interruptible;
}

static void apply_offer(struct model *model, struct model_request *request, int agent,
        const struct name *at, bool is_asked)
{
    if (request->state != WAITS || agent < 0 || model->agents[agent].status != POOL_ONLINE ||
            !has_room(model, request, agent))
        return;
    for (int i = 0; i < MODEL_CONVERSATIONS; i++)
        if (has(&model->requests[i], agent) && name_equal(&model->requests[i].offer, at))
            return;
    request->state = is_asked ? OFFERED : TALKS;
    request->agent = agent;
    request->offer = *at;
    request->weighed = 0;
    model->offers++;
}

static void apply_answer(struct model_request *request, const struct pool_entry *entry, int agent)
{
    bool is_this_offer = request->state == OFFERED && request->agent == agent &&
                         name_equal(&request->offer, &entry->offer);
    if (is_this_offer)
        request->state = entry->kind == POOL_ACCEPTED ? TALKS : WAITS;
}

/* What happens to a case that an agent has. */
static void apply_to_active(struct model_request *request, const struct pool_entry *entry)
{
    if (entry->kind == POOL_CHANGED)
        set_need(request, &entry->need);
    else if (request->state != TALKS)
        return;
    else if (entry->kind == POOL_WRAPPING)
        request->state = WRAPS;
    else
        request->weighed = entry->weight;
}

static void apply_status(struct model *model, int agent, enum pool_status status)
{
    model->agents[agent].status = status;
    for (int i = 0; i < MODEL_CONVERSATIONS && status == POOL_OFFLINE; i++)
        if (model->requests[i].state == OFFERED && model->requests[i].agent == agent)
            model->requests[i].state = WAITS;
}

static void apply_owned(struct model *model, struct model_request *request,
        const struct pool_entry *entry, int agent, bool is_live)
{
    struct model_request taken = is_live ? *request : (struct model_request){0};
    if (!is_live)
        set_need(&taken, &entry->need);
    struct model_request before = *request;
    *request = taken;
    bool may_take = model->agents[agent].status != POOL_OFFLINE &&
                    has_room(model, request, agent) && (!is_live || request->state == WAITS);
    *request = before;
    bool is_so = is_live && request->state == TALKS && request->agent == agent;
    if (is_so || (entry->kind == POOL_TAKEN && !may_take))
        return;
    if (!is_live)
        request->first_queued_ms = entry->need.first_queued_ms;
    if (!is_live)
        set_need(request, &entry->need);
    request->weighed = 0;
    request->key = entry->request;
    request->state = TALKS;
    request->agent = agent;
    request->offer = (struct name){0};
}

static void apply_to_agent(struct model *model, const struct pool_entry *entry, int agent)
{
    if (entry->kind == POOL_PRESENCE) {
        model->agents[agent].is_known = true;
        model->agents[agent].capacity = entry->profile.capacity;
        model->agents[agent].mail_weight = 0;
        if (entry->profile.channel_count > 0)
            model->agents[agent].mail_weight = entry->profile.channels[0].weight
                                                       ? entry->profile.channels[0].weight
                                                       : MODEL_NO_MAIL;
    }
    apply_status(model, agent, entry->profile.status);
}

static void apply_to_request(struct model *model, const struct pool_log_record *record,
        const struct pool_entry *entry, struct model_request *request)
{
    int agent = index_of(entry->agent, model_agent_ids, MODEL_AGENTS);
    bool is_live =
            request->state != NOWHERE && name_equal(&request->key.name, &entry->request.name);
    if (entry->kind == POOL_ADOPTED || entry->kind == POOL_TAKEN)
        apply_owned(model, request, entry, agent, is_live);
    else if (entry->kind == POOL_QUEUED && !is_live) {
        *request = (struct model_request){.key = entry->request,
                .state = WAITS,
                .first_queued_ms = entry->need.first_queued_ms};
        set_need(request, &entry->need);
    } else if ((entry->kind == POOL_OFFERED || entry->kind == POOL_ASSIGNED) && is_live)
        apply_offer(model, request, agent, &record->at, entry->kind == POOL_OFFERED);
    else if ((entry->kind == POOL_WRAPPING || entry->kind == POOL_WEIGHED ||
                     entry->kind == POOL_CHANGED) &&
             is_live)
        apply_to_active(request, entry);
    else if (entry->kind == POOL_RELEASED && is_live)
        request->state = NOWHERE;
    else if (entry->kind != POOL_QUEUED && is_live)
        apply_answer(request, entry, agent);
}

void model_apply(
        struct model *model, const struct pool_log_record *record, const struct pool_entry *entry)
{
    int at = index_of(entry->request.conversation, model_conversation_ids, MODEL_CONVERSATIONS);
    if (entry->kind == POOL_PRESENCE || entry->kind == POOL_STATUS)
        apply_to_agent(model, entry, index_of(entry->agent, model_agent_ids, MODEL_AGENTS));
    else if (at >= 0)
        apply_to_request(model, record, entry, &model->requests[at]);
}

static void expect_request(const struct model_request *request, const struct pool *pool)
{
    struct pool_request_view view;
    bool is_live = request->key.name.seq > 0 && pool_find(pool, &request->key, &view);
    expect(is_live == (request->state != NOWHERE));
    if (!is_live)
        return;
    expect_u64((uint64_t)view.state + WAITS, request->state);
    expect_u64(view.first_queued_ms, request->first_queued_ms);
    if (request->state != WAITS)
        expect_text(view.agent, model_agent_ids[request->agent]);
    if (request->state == OFFERED)
        expect(view.deadline_ms > 0 && name_equal(&view.offer, &request->offer));
}

void expect_as_modelled(const struct model *model, const struct pool *pool)
{
    for (int i = 0; i < MODEL_CONVERSATIONS; i++)
        expect_request(&model->requests[i], pool);
    for (int i = 0; i < MODEL_AGENTS; i++) {
        struct pool_agent_view view;
        if (!model->agents[i].is_known)
            continue;
        expect(pool_find_agent(pool, slice_of_string(model_agent_ids[i]), &view));
        expect_u64(view.load, load_of(model, i));
        expect_u64(view.status, model->agents[i].status);
    }
}
