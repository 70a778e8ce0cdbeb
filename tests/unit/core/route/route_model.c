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

static bool has_room(const struct model *model, int agent)
{
    return load_of(model, agent) < model->agents[agent].capacity;
}

static void apply_offer(
        struct model *model, struct model_request *request, int agent, const struct name *at)
{
    if (request->state != WAITS || agent < 0 || model->agents[agent].status != POOL_ONLINE ||
            !has_room(model, agent))
        return;
    for (int i = 0; i < MODEL_CONVERSATIONS; i++)
        if (has(&model->requests[i], agent) && name_equal(&model->requests[i].offer, at))
            return;
    request->state = OFFERED;
    request->agent = agent;
    request->offer = *at;
    model->offers++;
}

static void apply_answer(struct model_request *request, const struct pool_entry *entry, int agent)
{
    bool is_this_offer = request->state == OFFERED && request->agent == agent &&
                         name_equal(&request->offer, &entry->offer);
    if (is_this_offer)
        request->state = entry->kind == POOL_ACCEPTED ? TALKS : WAITS;
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
    bool may_take = model->agents[agent].status != POOL_OFFLINE && has_room(model, agent) &&
                    (!is_live || request->state == WAITS);
    bool is_so = is_live && request->state == TALKS && request->agent == agent;
    if (is_so || (entry->kind == POOL_TAKEN && !may_take))
        return;
    if (!is_live)
        request->first_queued_ms = entry->need.first_queued_ms;
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
    else if (entry->kind == POOL_QUEUED && !is_live)
        *request = (struct model_request){.key = entry->request,
                .state = WAITS,
                .first_queued_ms = entry->need.first_queued_ms};
    else if (entry->kind == POOL_OFFERED && is_live)
        apply_offer(model, request, agent, &record->at);
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
