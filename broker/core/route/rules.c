/* SPDX-License-Identifier: Apache-2.0 */
/* What may be folded, and when: the state machine of a request, as a table of conditions.
 *
 *   QUEUED -> WAITING -> OFFER_OPEN(agent, deadline) -> ACTIVE(agent) -> WRAP_UP -> released
 *                ^------- declined, expired, offline --'       '-- assigned --^
 *
 * A refusal is a domain outcome: routers race, and the one that comes too late is told why. It
 * depends on the fold alone, so every node refuses the same entries. Skills and exclusions are not
 * looked at: they are the policy's matter, and a person may overrule them.
 */
#include "core/route/fold.h"

/* ---- form ---- */

static bool is_id(struct slice id)
{
    return id.len > 0 && id.len <= POOL_ID_MAX;
}

static bool is_id_or_empty(struct slice id)
{
    return id.len <= POOL_ID_MAX;
}

static bool is_word(struct slice word)
{
    return word.len > 0 && word.len <= POOL_WORD_MAX;
}

static bool lists_are_well_formed(const struct pool_profile *profile)
{
    if (profile->queue_count > POOL_QUEUES_MAX || profile->channel_count > POOL_CHANNELS_MAX)
        return false;
    for (size_t i = 0; i < profile->queue_count; i++)
        if (!is_word(profile->queues[i]))
            return false;
    for (size_t i = 0; i < profile->channel_count; i++)
        if (!is_word(profile->channels[i].name) || profile->channels[i].weight > POOL_WEIGHT_FULL)
            return false;
    return true;
}

static bool profile_is_well_formed(const struct pool_profile *profile)
{
    if (profile->shift.len > POOL_WORD_MAX || profile->status > POOL_ONLINE ||
            profile->capacity > POOL_CAPACITY_MAX || profile->name.len > POOL_NAME_MAX ||
            profile->skill_count > POOL_SKILLS_MAX ||
            profile->language_count > POOL_LANGUAGES_MAX || !lists_are_well_formed(profile))
        return false;
    for (size_t i = 0; i < profile->skill_count; i++)
        if (!is_word(profile->skills[i].name) || profile->skills[i].level > POOL_LEVEL_MAX)
            return false;
    for (size_t i = 0; i < profile->language_count; i++)
        if (profile->languages[i].len == 0 || profile->languages[i].len > POOL_LANGUAGE_MAX)
            return false;
    return true;
}

static bool words_are_well_formed(const struct pool_need *need)
{
    if (need->queue.len > POOL_WORD_MAX || need->channel.len > POOL_WORD_MAX ||
            need->class_name.len > POOL_WORD_MAX || need->value > POOL_VALUE_MAX ||
            need->weight > POOL_WEIGHT_FULL || need->prefer_count > POOL_PREFERS_MAX)
        return false;
    for (size_t i = 0; i < need->prefer_count; i++)
        if (!is_id(need->prefers[i]))
            return false;
    return true;
}

static bool need_is_well_formed(const struct pool_entry *entry)
{
    const struct pool_need *need = &entry->need;
    if (!words_are_well_formed(need))
        return false;
    if (need->skill_count > POOL_REQUIREMENTS_MAX || need->language.len > POOL_LANGUAGE_MAX ||
            !is_id_or_empty(need->last_agent) || !is_id_or_empty(need->to_agent) ||
            entry->exclusion_count > POOL_EXCLUSIONS_MAX)
        return false;
    for (size_t i = 0; i < need->skill_count; i++)
        if (!is_word(need->skills[i].name) || need->skills[i].min_level > POOL_LEVEL_MAX)
            return false;
    for (size_t i = 0; i < entry->exclusion_count; i++)
        if (!is_id(entry->exclusions[i].agent))
            return false;
    return true;
}

static bool terms_are_well_formed(const struct pool_entry *entry)
{
    if (entry->term_count > POOL_TERMS_MAX)
        return false;
    for (size_t i = 0; i < entry->term_count; i++)
        if (!is_word(entry->terms[i].name))
            return false;
    return true;
}

static bool key_is_well_formed(const struct pool_entry *entry)
{
    return is_id(entry->request.conversation) && !name_is_none(&entry->request.name);
}

static bool snapshot_request_is_well_formed(const struct pool_entry *entry)
{
    enum pool_state state = entry->kept_request.state;
    return key_is_well_formed(entry) && need_is_well_formed(entry) &&
           terms_are_well_formed(entry) && state <= POOL_WRAP_UP &&
           entry->kept_request.weighed <= POOL_WEIGHT_FULL &&
           is_id(entry->agent) == (state != POOL_WAITING);
}

bool entry_is_well_formed(const struct pool_entry *entry)
{
    switch (entry->kind) {
    case POOL_ROUTER:
    case POOL_SNAPSHOT:
        return true;
    case POOL_PRESENCE:
    case POOL_SNAPSHOT_AGENT:
        return is_id(entry->agent) && profile_is_well_formed(&entry->profile);
    case POOL_STATUS:
        return is_id(entry->agent) && entry->profile.status <= POOL_ONLINE;
    case POOL_AGENT_REMOVED:
        return is_id(entry->agent);
    case POOL_QUEUED:
        return key_is_well_formed(entry) && need_is_well_formed(entry);
    case POOL_ADOPTED:
    case POOL_TAKEN:
        return key_is_well_formed(entry) && need_is_well_formed(entry) && is_id(entry->agent);
    case POOL_CHANGED:
        return key_is_well_formed(entry) && need_is_well_formed(entry);
    case POOL_WEIGHED:
        return key_is_well_formed(entry) && entry->weight <= POOL_WEIGHT_FULL;
    case POOL_OFFERED:
    case POOL_ASSIGNED:
        return key_is_well_formed(entry) && is_id(entry->agent) && terms_are_well_formed(entry);
    case POOL_ACCEPTED:
    case POOL_DECLINED:
    case POOL_EXPIRED:
        return key_is_well_formed(entry) && is_id(entry->agent);
    case POOL_RELEASED:
    case POOL_WRAPPING:
        return key_is_well_formed(entry);
    case POOL_SNAPSHOT_REQUEST:
        return snapshot_request_is_well_formed(entry);
    case POOL_POLICY:
        return entry->policy_version > 0 && entry->policy.len <= POOL_POLICY_MAX;
    case POOL_SHIFT:
        return is_word(entry->shift);
    case POOL_PART:
        return entry->part != NULL;
    case POOL_UNKNOWN:
    case POOL_KIND_COUNT:
        return false;
    }
    return false;
}

/* ---- state ---- */

static enum pool_outcome check_offered(
        const struct pool *pool, const struct request *request, uint32_t agent_slot)
{
    if (request == NULL)
        return POOL_NO_SUCH_REQUEST;
    if (request->state != POOL_WAITING)
        return POOL_NOT_WAITING;
    if (agent_slot == SLOT_NONE)
        return POOL_NO_SUCH_AGENT;
    const struct agent *agent = &pool->agents[agent_slot];
    if (!agent_is_there(pool, agent))
        return POOL_NOT_ONLINE;
    return agent_has_room(pool, agent_slot, request) ? POOL_DONE : POOL_NO_ROOM;
}

/* One that the pool does not know yet weighs what the entry says. */
static bool may_take(const struct pool *pool, const struct request *request,
        const struct pool_entry *entry, uint32_t agent_slot)
{
    static const struct planned nothing;
    if (request != NULL)
        return agent_has_room(pool, agent_slot, request);
    const struct agent *agent = &pool->agents[agent_slot];
    uint32_t weight = entry->need.weight > 0 ? entry->need.weight : POOL_WEIGHT_FULL;
    uint32_t channel = words_find(&pool->words, entry->need.channel);
    return agent_fits(
            agent, &nothing, agent_weight(agent, channel, weight), entry->need.is_interruptible);
}

static enum pool_outcome check_taken(const struct pool *pool, const struct request *request,
        const struct pool_entry *entry, uint32_t agent_slot)
{
    if (agent_slot == SLOT_NONE)
        return POOL_NO_SUCH_AGENT;
    if (request != NULL && request->state == POOL_ACTIVE && request->agent == agent_slot)
        return POOL_ALREADY_LIVE;
    if (request != NULL && request->state != POOL_WAITING)
        return POOL_NOT_WAITING;
    const struct agent *agent = &pool->agents[agent_slot];
    if (agent->status == POOL_OFFLINE)
        return POOL_NOT_ONLINE;
    return may_take(pool, request, entry, agent_slot) ? POOL_DONE : POOL_NO_ROOM;
}

static enum pool_outcome check_answer(
        const struct request *request, uint32_t agent_slot, const struct name *offer)
{
    if (request == NULL)
        return POOL_NO_SUCH_REQUEST;
    bool is_this_offer = request->state == POOL_OFFER_OPEN && request->agent == agent_slot &&
                         name_equal(&request->offer, offer);
    return is_this_offer ? POOL_DONE : POOL_NO_SUCH_OFFER;
}

static enum pool_outcome check_active(const struct request *request)
{
    if (request == NULL)
        return POOL_NO_SUCH_REQUEST;
    return request->state == POOL_ACTIVE ? POOL_DONE : POOL_NOT_ACTIVE;
}

static enum pool_outcome check_adopted(const struct request *request, uint32_t agent_slot)
{
    bool is_so = request != NULL && request->state == POOL_ACTIVE && request->agent == agent_slot;
    return is_so ? POOL_ALREADY_LIVE : POOL_DONE;
}

static enum pool_outcome check_snapshot_request(
        const struct request *request, const struct pool_entry *entry, uint32_t agent_slot)
{
    if (request != NULL)
        return POOL_ALREADY_LIVE;
    bool needs_agent = entry->kept_request.state != POOL_WAITING;
    return needs_agent && agent_slot == SLOT_NONE ? POOL_NO_SUCH_AGENT : POOL_DONE;
}

static enum pool_outcome check_shift(const struct pool *pool, const struct pool_entry *entry)
{
    bool is_over = agents_shift_is_over(pool, words_find(&pool->words, entry->shift));
    if (is_over == entry->is_over)
        return POOL_ALREADY_LIVE;
    return entry->is_over && pool->over_count == POOL_SHIFTS_MAX ? POOL_NO_ROOM : POOL_DONE;
}

enum pool_outcome rules_check(const struct pool *pool, const struct pool_entry *entry)
{
    if (!entry_is_well_formed(entry))
        return POOL_MALFORMED;
    uint32_t agent = agent_find(pool, entry->agent);
    uint32_t slot = request_find(pool, &entry->request);
    const struct request *request = slot == SLOT_NONE ? NULL : &pool->requests[slot];
    switch (entry->kind) {
    case POOL_ROUTER:
    case POOL_PRESENCE:
    case POOL_SNAPSHOT:
    case POOL_PART:
        return POOL_DONE;
    case POOL_STATUS:
        return agent == SLOT_NONE || pool->agents[agent].is_removed ? POOL_NO_SUCH_AGENT
                                                                    : POOL_DONE;
    case POOL_AGENT_REMOVED:
        return agent == SLOT_NONE ? POOL_NO_SUCH_AGENT : POOL_DONE;
    case POOL_QUEUED:
        return request == NULL ? POOL_DONE : POOL_ALREADY_LIVE;
    case POOL_OFFERED:
    case POOL_ASSIGNED:
        return check_offered(pool, request, agent);
    case POOL_WRAPPING:
        return check_active(request);
    case POOL_WEIGHED:
        return request != NULL && request->weighed == entry->weight ? POOL_NOT_ACTIVE
                                                                    : check_active(request);
    case POOL_ACCEPTED:
    case POOL_DECLINED:
    case POOL_EXPIRED:
        return check_answer(request, agent, &entry->offer);
    case POOL_RELEASED:
    case POOL_CHANGED:
        return request == NULL ? POOL_NO_SUCH_REQUEST : POOL_DONE;
    case POOL_ADOPTED:
        return check_adopted(request, agent);
    case POOL_TAKEN:
        return check_taken(pool, request, entry, agent);
    case POOL_SNAPSHOT_AGENT:
        return agent == SLOT_NONE ? POOL_DONE : POOL_ALREADY_LIVE;
    case POOL_SNAPSHOT_REQUEST:
        return check_snapshot_request(request, entry, agent);
    case POOL_SHIFT:
        return check_shift(pool, entry);
    case POOL_POLICY:
        return entry->policy_version > pool->policy_version ? POOL_DONE : POOL_ALREADY_LIVE;
    case POOL_UNKNOWN:
    case POOL_KIND_COUNT:
        return POOL_UNKNOWN_KIND;
    }
    return POOL_UNKNOWN_KIND;
}
