/* SPDX-License-Identifier: Apache-2.0 */
/* The live requests of a pool.
 *
 * Invariant: a live request is in exactly one place: in `waiting` (ordered by original age), or in
 * `offers` or `wraps` and its agent's list, or in its agent's list alone. An agent's load is the
 * length of that list, and its weight the sum over it; link and unlink are the only code that
 * touches both. waiting, offers and wraps have room for every live request, so moving never needs
 * memory.
 */
#include "base/check.h"
#include "core/route/market.h"

static uint64_t hash_of(const struct pool *pool, const struct pool_key *key)
{
    return table_hash(table_hash(pool->words.seed, key->conversation) ^ key->name.seq,
            slice_make(key->name.mark, MARK_SIZE));
}

uint32_t request_find(const struct pool *pool, const struct pool_key *key)
{
    uint64_t hash = hash_of(pool, key);
    uint32_t slot;
    for (size_t cursor = 0; table_next(&pool->requests_by_key, hash, &cursor, &slot);) {
        const struct request *request = &pool->requests[slot];
        if (name_equal(&request->name, &key->name) &&
                slice_equal(request_conversation(request), key->conversation))
            return slot;
    }
    return SLOT_NONE;
}

/* ---- offers and agents' lists ---- */

static void leave_list(struct offer_item *items, uint32_t *count, uint32_t slot)
{
    uint32_t at = 0;
    while (at < *count && items[at].request != slot)
        at++;
    check(at < *count);
    items[at] = items[--*count];
}

static void hold_weight(struct pool *pool, struct agent *agent, struct request *request)
{
    uint32_t weight = request->weighed > 0 ? request->weighed
                                           : agent_weight(agent, request->channel, request->weight);
    request->held = weight;
    *(request->is_interruptible ? &agent->soft : &agent->firm) += weight;
    pool->soft_count += request->is_interruptible;
}

static void drop_weight(struct pool *pool, struct agent *agent, struct request *request)
{
    uint32_t *sum = request->is_interruptible ? &agent->soft : &agent->firm;
    check(*sum >= request->held);
    *sum -= request->held;
    request->held = 0;
    pool->soft_count -= request->is_interruptible;
}

static void link_to_agent(struct pool *pool, uint32_t slot, uint32_t agent_slot)
{
    struct agent *agent = &pool->agents[agent_slot];
    struct request *request = &pool->requests[slot];
    request->agent = agent_slot;
    request->prev = SLOT_NONE;
    request->next = agent->first_request;
    if (request->next != SLOT_NONE)
        pool->requests[request->next].prev = slot;
    agent->first_request = slot;
    agent->load++;
    hold_weight(pool, agent, request);
    agent_refresh(pool, agent_slot);
}

static void unlink_from_agent(struct pool *pool, uint32_t slot)
{
    struct request *request = &pool->requests[slot];
    uint32_t agent_slot = request->agent;
    struct agent *agent = &pool->agents[agent_slot];
    check(agent->load > 0);
    if (request->prev == SLOT_NONE)
        agent->first_request = request->next;
    else
        pool->requests[request->prev].next = request->next;
    if (request->next != SLOT_NONE)
        pool->requests[request->next].prev = request->prev;
    request->agent = request->next = request->prev = SLOT_NONE;
    agent->load--;
    drop_weight(pool, agent, request);
    agent_refresh(pool, agent_slot);
}

static void leave_place(struct pool *pool, uint32_t slot)
{
    const struct request *request = &pool->requests[slot];
    if (request->state == POOL_WAITING) {
        waiting_leave(pool, slot);
        return;
    }
    if (request->state == POOL_OFFER_OPEN)
        leave_list(pool->offers, &pool->offer_count, slot);
    if (request->state == POOL_WRAP_UP)
        leave_list(pool->wraps, &pool->wrap_count, slot);
    unlink_from_agent(pool, slot);
}

static void enter_place(struct pool *pool, uint32_t slot, uint32_t agent)
{
    const struct request *request = &pool->requests[slot];
    check((request->state == POOL_WAITING) == (agent == SLOT_NONE));
    if (request->state == POOL_WAITING) {
        waiting_enter(pool, slot);
        return;
    }
    if (request->state == POOL_OFFER_OPEN)
        pool->offers[pool->offer_count++] = (struct offer_item){request->deadline_ms, slot};
    if (request->state == POOL_WRAP_UP)
        pool->wraps[pool->wrap_count++] = (struct offer_item){request->deadline_ms, slot};
    link_to_agent(pool, slot, agent);
}

static void drop_terms(struct pool *pool, struct request *request)
{
    for (uint32_t i = 0; i < request->term_count; i++)
        words_give_back(&pool->words, request->terms[i].word);
    request->term_count = 0;
}

void request_move(
        struct pool *pool, uint32_t slot, enum pool_state state, uint32_t agent, uint64_t now_ms)
{
    struct request *request = &pool->requests[slot];
    leave_place(pool, slot);
    if (state == POOL_WAITING) {
        request->offer = (struct name){0};
        request->deadline_ms = request->policy_version = 0;
        request->weighed = 0;
        drop_terms(pool, request);
    }
    request->state = state;
    request->since_ms = now_ms;
    request->moved_seq = pool->at_seq;
    enter_place(pool, slot, agent);
}

/* ---- coming and going ---- */

static void give_back_words(struct pool *pool, struct request *request)
{
    struct words *words = &pool->words;
    words_give_back(words, request->language);
    words_give_back(words, request->language_primary);
    words_give_back(words, request->last_agent);
    words_give_back(words, request->to_agent);
    words_give_back(words, request->queue);
    words_give_back(words, request->channel);
    words_give_back(words, request->class_name);
    for (uint32_t i = 0; i < request->prefer_count; i++)
        words_give_back(words, request->prefers[i]);
    for (uint32_t i = 0; i < request->requirement_count; i++)
        words_give_back(words, request->requirements[i].word);
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        words_give_back(words, request->exclusions[i].agent);
    drop_terms(pool, request);
}

static bool take_requirements(
        struct pool *pool, const struct pool_need *need, struct request *draft)
{
    for (size_t i = 0; i < need->skill_count; i++) {
        struct requirement *requirement = &draft->requirements[draft->requirement_count];
        if (!words_take(&pool->words, &pool->memory, need->skills[i].name, &requirement->word))
            return false;
        requirement->must = need->skills[i].must;
        requirement->min_level = (uint16_t)need->skills[i].min_level;
        draft->requirement_count++;
    }
    return true;
}

static bool take_prefers(struct pool *pool, const struct pool_need *need, struct request *draft)
{
    for (size_t i = 0; i < need->prefer_count; i++) {
        if (!words_take(&pool->words, &pool->memory, need->prefers[i],
                    &draft->prefers[draft->prefer_count]))
            return false;
        draft->prefer_count++;
    }
    return true;
}

static bool take_exclusions(
        struct pool *pool, const struct pool_entry *entry, struct request *draft)
{
    for (size_t i = 0; i < entry->exclusion_count; i++) {
        struct exclusion *exclusion = &draft->exclusions[draft->exclusion_count];
        if (!words_take(&pool->words, &pool->memory, entry->exclusions[i].agent, &exclusion->agent))
            return false;
        exclusion->until_ms = entry->exclusions[i].until_ms;
        draft->exclusion_count++;
    }
    return true;
}

static bool take_words(struct pool *pool, const struct pool_entry *entry, struct request *draft)
{
    const struct pool_need *need = &entry->need;
    struct words *words = &pool->words;
    return words_take_language(words, &pool->memory, need->language, &draft->language,
                   &draft->language_primary) &&
           words_take(words, &pool->memory, need->last_agent, &draft->last_agent) &&
           words_take(words, &pool->memory, need->to_agent, &draft->to_agent) &&
           words_take(words, &pool->memory, need->queue, &draft->queue) &&
           words_take(words, &pool->memory, need->channel, &draft->channel) &&
           words_take(words, &pool->memory, need->class_name, &draft->class_name) &&
           take_requirements(pool, need, draft) && take_prefers(pool, need, draft) &&
           take_exclusions(pool, entry, draft);
}

static bool grow(struct pool *pool, uint32_t capacity)
{
    void *requests = pool_grow(pool, pool->requests, capacity * sizeof *pool->requests);
    pool->requests = requests ? requests : pool->requests;
    void *places = pool_grow(pool, pool->places, capacity * sizeof *pool->places);
    pool->places = places ? places : pool->places;
    bool lists = seek_reserve(pool, capacity);
    bool waiting = waiting_reserve(pool, capacity);
    void *offers = pool_grow(pool, pool->offers, capacity * sizeof *pool->offers);
    pool->offers = offers ? offers : pool->offers;
    void *wraps = pool_grow(pool, pool->wraps, capacity * sizeof *pool->wraps);
    pool->wraps = wraps ? wraps : pool->wraps;
    if (requests == NULL || places == NULL || !lists || !waiting || offers == NULL || wraps == NULL)
        return false;
    pool->request_capacity = capacity;
    return true;
}

static bool reserve(struct pool *pool)
{
    if (!table_reserve(&pool->requests_by_key, &pool->memory))
        return false;
    if (pool->first_free_request != SLOT_NONE || pool->request_count < pool->request_capacity)
        return true;
    return grow(pool, pool->request_capacity ? pool->request_capacity * 2 : 16);
}

static uint32_t free_slot(struct pool *pool)
{
    uint32_t slot = pool->first_free_request;
    if (slot == SLOT_NONE)
        return pool->request_count++;
    pool->first_free_request = pool->requests[slot].next;
    return slot;
}

uint32_t request_add(struct pool *pool, const struct pool_entry *entry, uint64_t now_ms)
{
    const struct pool_key *key = &entry->request;
    uint64_t first_ms = entry->need.first_queued_ms;
    struct request draft = {.is_live = true,
            .name = key->name,
            .conversation_len = (uint8_t)key->conversation.len,
            .hash = hash_of(pool, key),
            .first_queued_ms = first_ms > 0 && first_ms < now_ms ? first_ms : now_ms,
            .queued_ms = now_ms,
            .since_ms = now_ms,
            .moved_seq = pool->at_seq,
            .value = entry->need.value,
            .promise_ms = entry->need.promise_ms,
            .weight = entry->need.weight > 0 ? entry->need.weight : POOL_WEIGHT_FULL,
            .is_interruptible = entry->need.is_interruptible,
            .is_stranded = entry->need.is_stranded,
            .agent = SLOT_NONE,
            .next = SLOT_NONE,
            .prev = SLOT_NONE};
    memcpy(draft.conversation, key->conversation.bytes, key->conversation.len);
    if (!reserve(pool) || !take_words(pool, entry, &draft)) {
        give_back_words(pool, &draft);
        return SLOT_NONE;
    }
    uint32_t slot = free_slot(pool);
    pool->requests[slot] = draft;
    table_put(&pool->requests_by_key, draft.hash, slot);
    pool->live_count++;
    waiting_enter(pool, slot);
    return slot;
}

void request_drop(struct pool *pool, uint32_t slot)
{
    struct request *request = &pool->requests[slot];
    leave_place(pool, slot);
    give_back_words(pool, request);
    table_remove(&pool->requests_by_key, request->hash, slot);
    *request = (struct request){.next = pool->first_free_request};
    pool->first_free_request = slot;
    pool->live_count--;
}

bool request_set_terms(struct pool *pool, uint32_t slot, const struct pool_entry *entry)
{
    struct request draft = {0};
    for (size_t i = 0; i < entry->term_count; i++) {
        struct term *term = &draft.terms[draft.term_count];
        if (!words_take(&pool->words, &pool->memory, entry->terms[i].name, &term->word)) {
            drop_terms(pool, &draft);
            return false;
        }
        term->value = entry->terms[i].value;
        draft.term_count++;
    }
    struct request *request = &pool->requests[slot];
    drop_terms(pool, request);
    memcpy(request->terms, draft.terms, sizeof request->terms);
    request->term_count = draft.term_count;
    return true;
}

/* What was needed before is given back; place, state, age and who refused stay. */
bool request_change(struct pool *pool, uint32_t slot, const struct pool_entry *entry)
{
    struct pool_entry need = {.need = entry->need};
    struct request draft = {0};
    if (!take_words(pool, &need, &draft)) {
        give_back_words(pool, &draft);
        return false;
    }
    struct request *request = &pool->requests[slot];
    struct request before = *request;
    enum pool_state state = request->state;
    uint32_t agent = request->agent;
    leave_place(pool, slot);
    memcpy(request->requirements, draft.requirements, sizeof request->requirements);
    memcpy(request->prefers, draft.prefers, sizeof request->prefers);
    request->requirement_count = draft.requirement_count;
    request->prefer_count = draft.prefer_count;
    request->language = draft.language;
    request->language_primary = draft.language_primary;
    request->last_agent = draft.last_agent;
    request->to_agent = draft.to_agent;
    request->queue = draft.queue;
    request->channel = draft.channel;
    request->class_name = draft.class_name;
    request->value = need.need.value;
    request->promise_ms = need.need.promise_ms;
    request->weight = need.need.weight > 0 ? need.need.weight : POOL_WEIGHT_FULL;
    request->is_interruptible = need.need.is_interruptible;
    request->is_stranded = need.need.is_stranded;
    request->state = state;
    enter_place(pool, slot, agent);
    before.exclusion_count = before.term_count = 0;
    give_back_words(pool, &before);
    return true;
}

void request_weigh(struct pool *pool, uint32_t slot, uint32_t weighed)
{
    struct request *request = &pool->requests[slot];
    struct agent *agent = &pool->agents[request->agent];
    drop_weight(pool, agent, request);
    request->weighed = weighed;
    hold_weight(pool, agent, request);
    agent_refresh(pool, request->agent);
}

void requests_weigh_again(struct pool *pool, uint32_t agent_slot)
{
    struct agent *agent = &pool->agents[agent_slot];
    for (uint32_t i = agent->first_request; i != SLOT_NONE; i = pool->requests[i].next) {
        drop_weight(pool, agent, &pool->requests[i]);
        hold_weight(pool, agent, &pool->requests[i]);
    }
}

bool request_is_interrupted(const struct pool *pool, const struct request *request)
{
    if (!request->is_interruptible || request->state != POOL_ACTIVE)
        return false;
    const struct agent *agent = &pool->agents[request->agent];
    uint64_t capacity = (uint64_t)agent->capacity * POOL_WEIGHT_FULL, taken = agent->firm;
    if (taken + agent->soft <= capacity)
        return false;
    for (uint32_t i = agent->first_request; i != SLOT_NONE; i = pool->requests[i].next) {
        const struct request *other = &pool->requests[i];
        bool is_older = other->since_ms != request->since_ms ? other->since_ms < request->since_ms
                                                             : request_is_before(other, request);
        if (other == request || (other->is_interruptible && is_older))
            taken += other->held;
    }
    return taken > capacity;
}

static struct exclusion *ends_first(struct request *request)
{
    struct exclusion *first = &request->exclusions[0];
    for (uint32_t i = 1; i < request->exclusion_count; i++)
        if (request->exclusions[i].until_ms < first->until_ms)
            first = &request->exclusions[i];
    return first;
}

void request_exclude(struct pool *pool, uint32_t slot, uint32_t agent_word, uint64_t until_ms)
{
    struct request *request = &pool->requests[slot];
    struct exclusion *place = NULL;
    for (uint32_t i = 0; i < request->exclusion_count; i++)
        if (request->exclusions[i].agent == agent_word)
            place = &request->exclusions[i];
    if (place == NULL && request->exclusion_count < POOL_EXCLUSIONS_MAX)
        place = &request->exclusions[request->exclusion_count++];
    else if (place == NULL) {
        place = ends_first(request);
        words_give_back(&pool->words, place->agent);
    }
    if (place->agent != agent_word)
        words_take_again(&pool->words, agent_word);
    *place = (struct exclusion){agent_word, until_ms};
}
