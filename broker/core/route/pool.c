/* SPDX-License-Identifier: Apache-2.0 */
/* Folding a pool log.
 *
 * Invariant: the fold is a function of the entries alone, without policy and clock, so every node
 * holds the same pool. An entry that the rules refuse changes nothing. What an entry needs is
 * reserved before anything changes, so that running out of memory changes nothing either.
 *
 * Finished requests are not remembered (rule 13 of docs/explanation/log.md): a conversation that
 * still waits queues again, one that has an owner adopts.
 */
#include "base/check.h"
#include "core/route/market.h"

enum { PACE_SHARE = 4 /* a new sample moves the mean by a quarter */ };

void *pool_grow(const struct pool *pool, void *old, size_t bytes)
{
    return pool->memory.resize(pool->memory.user, old, bytes);
}

static void drop(struct pool *pool, void *array)
{
    if (array != NULL)
        pool_grow(pool, array, 0);
}

struct pool *pool_create(struct pool_memory memory, uint64_t seed)
{
    struct pool *pool = memory.resize(memory.user, NULL, sizeof *pool);
    if (pool == NULL)
        return NULL;
    *pool = (struct pool){.memory = memory,
            .words.seed = seed,
            .first_free_agent = SLOT_NONE,
            .first_free_request = SLOT_NONE,
            .first_free_line = SLOT_NONE};
    pool->market = pool_grow(pool, NULL, sizeof *pool->market);
    if (pool->market == NULL || !grid_reserve(&pool->grid, &memory, 1, 0)) {
        drop(pool, pool->market);
        pool_grow(pool, pool, 0);
        return NULL;
    }
    *pool->market = (struct market){.owner = pool};
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    pool_capture_end(pool);
    seek_forget_all(pool);
    words_finish(&pool->words, &pool->memory);
    table_finish(&pool->requests_by_key, &pool->memory);
    grid_finish(&pool->grid, &pool->memory);
    drop(pool, pool->agents);
    drop(pool, pool->planned);
    drop(pool, pool->requests);
    drop(pool, pool->places);
    drop(pool, pool->loose.cards);
    drop(pool, pool->lines);
    table_finish(&pool->lines_by_need, &pool->memory);
    drop(pool, pool->waiting_storage);
    drop(pool, pool->offers);
    drop(pool, pool->wraps);
    market_finish(pool);
    drop(pool, pool->market);
    drop(pool, pool->policy);
    pool->memory.resize(pool->memory.user, pool, 0);
}

bool pool_keep_policy(struct pool *pool, uint64_t version, struct slice text)
{
    char *copy = text.len > 0 ? pool_grow(pool, NULL, text.len) : NULL;
    if (text.len > 0 && copy == NULL)
        return false;
    if (text.len > 0)
        memcpy(copy, text.bytes, text.len);
    drop(pool, pool->policy);
    pool->policy = copy;
    pool->policy_len = (uint32_t)text.len;
    pool->policy_version = version;
    return true;
}

void pool_forget_all(struct pool *pool)
{
    pool_capture_end(pool);
    pool_keep_policy(pool, 0, SLICE_NONE);
    seek_forget_all(pool);
    words_clear(&pool->words);
    table_clear(&pool->requests_by_key);
    grid_clear(&pool->grid);
    pool->agent_count = pool->request_count = pool->live_count = 0;
    pool->first_free_agent = pool->first_free_request = SLOT_NONE;
    pool->waiting_count = pool->offer_count = pool->wrap_count = 0;
    pool->listed_agents = pool->odd_agents = pool->soft_count = pool->over_count = 0;
    pool->classes = (struct load_classes){0};
    pool->pace = (struct pool_pace){0};
    pool->presence++;
    market_forget_plan(pool);
    pool->market->is_under_way = false;
}

enum pool_outcome pool_may_apply(const struct pool *pool, const struct pool_entry *entry)
{
    if (pool->is_read_only)
        return POOL_READ_ONLY;
    return rules_check(pool, entry);
}

/* ---- one function a kind ---- */

/* One entry on its way into the fold. */
struct step {
    const struct name *at;
    uint64_t time_ms;
    const struct pool_entry *entry;
    uint32_t agent, request; /* slots; SLOT_NONE: not there yet */
};

static enum pool_outcome apply_presence(struct pool *pool, const struct step *step)
{
    const struct pool_profile *profile = &step->entry->profile;
    uint32_t slot = agent_take(pool, step->entry->agent, step->time_ms,
            (uint32_t)(profile->skill_count + profile->queue_count));
    if (slot == SLOT_NONE)
        return POOL_FULL;
    if (!agent_set_profile(pool, slot, profile)) {
        if (step->agent == SLOT_NONE)
            agent_remove(pool, slot);
        return POOL_FULL;
    }
    pool->agents[slot].is_removed = false;
    agent_set_status(pool, slot, profile->status, step->time_ms);
    return POOL_DONE;
}

static enum pool_outcome apply_status(
        struct pool *pool, const struct step *step, enum pool_status status)
{
    agent_set_status(pool, step->agent, status, step->time_ms);
    if (step->entry->kind == POOL_AGENT_REMOVED)
        agent_remove(pool, step->agent);
    return POOL_DONE;
}

static bool was_offered_here(
        const struct pool *pool, const struct name *at, const struct agent *agent)
{
    for (uint32_t i = agent->first_request; i != SLOT_NONE; i = pool->requests[i].next)
        if (name_equal(&pool->requests[i].offer, at))
            return true;
    return false;
}

static enum pool_outcome apply_offered(struct pool *pool, const struct step *step)
{
    struct request *request = &pool->requests[step->request];
    if (was_offered_here(pool, step->at, &pool->agents[step->agent]))
        return POOL_ALREADY_OFFERED;
    if (!request_set_terms(pool, step->request, step->entry))
        return POOL_FULL;
    request->offer = *step->at;
    request->deadline_ms = step->entry->deadline_ms;
    request->policy_version = step->entry->policy_version;
    pool->agents[step->agent].idle_since_ms = step->time_ms;
    request_move(pool, step->request, POOL_OFFER_OPEN, step->agent, step->time_ms);
    return POOL_DONE;
}

static void note_pick_up(struct pool *pool, uint64_t time_ms)
{
    struct pool_pace *pace = &pool->pace;
    if (pace->was_waited && time_ms >= pace->last_ms) {
        uint64_t sample = time_ms - pace->last_ms;
        uint64_t sum = pace->mean_ms * (PACE_SHARE - 1) + sample;
        pace->mean_ms = pace->samples == 0 ? sample : sum / PACE_SHARE;
        pace->samples++;
    }
    pace->last_ms = time_ms;
    pace->was_waited = pool->waiting_count + pool->offer_count > 0;
}

static enum pool_outcome apply_assigned(struct pool *pool, const struct step *step)
{
    struct request *request = &pool->requests[step->request];
    if (was_offered_here(pool, step->at, &pool->agents[step->agent]))
        return POOL_ALREADY_OFFERED;
    if (!request_set_terms(pool, step->request, step->entry))
        return POOL_FULL;
    request->offer = *step->at;
    request->policy_version = step->entry->policy_version;
    pool->agents[step->agent].idle_since_ms = step->time_ms;
    request_move(pool, step->request, POOL_ACTIVE, step->agent, step->time_ms);
    note_pick_up(pool, step->time_ms);
    return POOL_DONE;
}

static enum pool_outcome apply_wrapping(struct pool *pool, const struct step *step)
{
    struct request *request = &pool->requests[step->request];
    request->deadline_ms = step->entry->deadline_ms;
    request_move(pool, step->request, POOL_WRAP_UP, request->agent, step->time_ms);
    return POOL_DONE;
}

static enum pool_outcome apply_changed(struct pool *pool, const struct step *step)
{
    return request_change(pool, step->request, step->entry) ? POOL_DONE : POOL_FULL;
}

static enum pool_outcome apply_accepted(struct pool *pool, const struct step *step)
{
    pool->agents[step->agent].missed = 0;
    request_move(pool, step->request, POOL_ACTIVE, step->agent, step->time_ms);
    note_pick_up(pool, step->time_ms);
    return POOL_DONE;
}

static enum pool_outcome apply_refusal(struct pool *pool, const struct step *step)
{
    struct agent *agent = &pool->agents[step->agent];
    agent->missed = step->entry->kind == POOL_EXPIRED ? agent->missed + 1 : 0;
    agent->idle_since_ms = step->time_ms;
    request_exclude(pool, step->request, agent->id, step->entry->until_ms);
    request_move(pool, step->request, POOL_WAITING, SLOT_NONE, step->time_ms);
    return POOL_DONE;
}

static enum pool_outcome apply_released(struct pool *pool, const struct step *step)
{
    const struct request *request = &pool->requests[step->request];
    if (request->state == POOL_ACTIVE || request->state == POOL_WRAP_UP)
        pool->agents[request->agent].idle_since_ms = step->time_ms;
    request_drop(pool, step->request);
    return POOL_DONE;
}

static uint32_t find_or_add(struct pool *pool, const struct step *step)
{
    if (step->request != SLOT_NONE)
        return step->request;
    return request_add(pool, step->entry, step->time_ms);
}

/* ADOPTED and TAKEN: the agent has it, whatever it was before. */
static enum pool_outcome apply_owned(struct pool *pool, const struct step *step)
{
    uint32_t slot = find_or_add(pool, step);
    if (slot == SLOT_NONE)
        return POOL_FULL;
    uint32_t agent = agent_take(pool, step->entry->agent, step->time_ms, 0);
    if (agent == SLOT_NONE) {
        if (step->request == SLOT_NONE)
            request_drop(pool, slot);
        return POOL_FULL;
    }
    if (pool->requests[slot].state != POOL_WAITING) /* what belonged to the agent before ends */
        request_move(pool, slot, POOL_WAITING, SLOT_NONE, step->time_ms);
    pool->agents[agent].idle_since_ms = step->time_ms;
    request_move(pool, slot, POOL_ACTIVE, agent, step->time_ms);
    return POOL_DONE;
}

static enum pool_outcome apply_shift(struct pool *pool, const struct step *step)
{
    if (step->entry->is_over)
        return agents_end_shift(pool, step->entry->shift) ? POOL_DONE : POOL_FULL;
    agents_begin_shift(pool, words_find(&pool->words, step->entry->shift));
    return POOL_DONE;
}

static enum pool_outcome apply_allowed(struct pool *pool, const struct step *step)
{
    switch (step->entry->kind) {
    case POOL_ROUTER:
        pool->lead.incarnation = step->entry->incarnation;
        return POOL_DONE;
    case POOL_PRESENCE:
        return apply_presence(pool, step);
    case POOL_STATUS:
        return apply_status(pool, step, step->entry->profile.status);
    case POOL_AGENT_REMOVED:
        return apply_status(pool, step, POOL_OFFLINE);
    case POOL_QUEUED:
        return find_or_add(pool, step) == SLOT_NONE ? POOL_FULL : POOL_DONE;
    case POOL_OFFERED:
        return apply_offered(pool, step);
    case POOL_ACCEPTED:
        return apply_accepted(pool, step);
    case POOL_DECLINED:
    case POOL_EXPIRED:
        return apply_refusal(pool, step);
    case POOL_RELEASED:
        return apply_released(pool, step);
    case POOL_ADOPTED:
    case POOL_TAKEN:
        return apply_owned(pool, step);
    case POOL_ASSIGNED:
        return apply_assigned(pool, step);
    case POOL_WRAPPING:
        return apply_wrapping(pool, step);
    case POOL_WEIGHED:
        request_weigh(pool, step->request, step->entry->weight);
        return POOL_DONE;
    case POOL_CHANGED:
        return apply_changed(pool, step);
    case POOL_SHIFT:
        return apply_shift(pool, step);
    case POOL_PART:
        return POOL_DONE; /* it says what is known */
    case POOL_SNAPSHOT:
        return snapshot_begin(pool, step->entry);
    case POOL_SNAPSHOT_AGENT:
        return snapshot_agent(pool, step->time_ms, step->entry);
    case POOL_SNAPSHOT_REQUEST:
        return snapshot_request(pool, step->time_ms, step->entry);
    case POOL_POLICY:
        return pool_keep_policy(pool, step->entry->policy_version, step->entry->policy) ? POOL_DONE
                                                                                        : POOL_FULL;
    case POOL_UNKNOWN:
    case POOL_KIND_COUNT:
        break;
    }
    return POOL_UNKNOWN_KIND;
}

enum pool_outcome pool_apply(
        struct pool *pool, const struct name *at, uint64_t time_ms, const struct pool_entry *entry)
{
    check(!name_is_none(at));
    if (!pool_kind_is_known(entry->kind)) {
        pool->is_read_only = true;
        return POOL_UNKNOWN_KIND;
    }
    enum pool_outcome outcome = rules_check(pool, entry);
    pool->at_seq = at->seq;
    if (outcome == POOL_DONE) {
        struct step step = {.at = at,
                .time_ms = time_ms,
                .entry = entry,
                .agent = agent_find(pool, entry->agent),
                .request = request_find(pool, &entry->request)};
        capture_touch(pool, entry, step.agent, step.request);
        outcome = apply_allowed(pool, &step);
    }
    if (outcome != POOL_FULL && time_ms > pool->lead.last_ms)
        pool->lead.last_ms = time_ms;
    return outcome;
}
