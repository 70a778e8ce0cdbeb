/* SPDX-License-Identifier: Apache-2.0 */
/* The agents of a pool.
 *
 * Invariant: an agent's bits in the grid say what the agent's own fields say: able, online, open
 * (with room), one bit for each skill. Everything that changes those fields ends with
 * agent_refresh. An agent stays known while offline, because requests refer to who has a skill at
 * all; only a removed one without chats is forgotten.
 */
#include "base/check.h"
#include "core/route/fold.h"

uint32_t agent_find(const struct pool *pool, struct slice id)
{
    uint32_t word = words_find(&pool->words, id);
    return word == WORD_NONE ? SLOT_NONE : pool->words.items[word].agent;
}

static bool grow(struct pool *pool, uint32_t capacity)
{
    void *agents = pool_grow(pool, pool->agents, capacity * sizeof *pool->agents);
    pool->agents = agents ? agents : pool->agents;
    void *planned = pool_grow(pool, pool->planned, capacity * sizeof *pool->planned);
    pool->planned = planned ? planned : pool->planned;
    if (agents == NULL || planned == NULL || !grid_reserve(&pool->grid, &pool->memory, capacity, 0))
        return false;
    pool->agent_capacity = capacity;
    return true;
}

static bool reserve(struct pool *pool, uint32_t more_skills)
{
    bool is_enough =
            pool->first_free_agent != SLOT_NONE || pool->agent_count < pool->agent_capacity;
    if (!is_enough && !grow(pool, pool->agent_capacity ? pool->agent_capacity * 2 : 16))
        return false;
    return grid_reserve(&pool->grid, &pool->memory, pool->agent_capacity, more_skills);
}

static uint32_t free_slot(struct pool *pool)
{
    uint32_t slot = pool->first_free_agent;
    if (slot == SLOT_NONE)
        return pool->agent_count++;
    pool->first_free_agent = pool->agents[slot].next_free;
    return slot;
}

uint32_t agent_take(struct pool *pool, struct slice id, uint64_t now_ms, uint32_t more_skills)
{
    uint32_t slot = agent_find(pool, id), word;
    if (!reserve(pool, more_skills))
        return SLOT_NONE;
    if (slot != SLOT_NONE)
        return slot;
    if (!words_take(&pool->words, &pool->memory, id, &word))
        return SLOT_NONE;
    slot = free_slot(pool);
    pool->planned[slot] = 0;
    pool->words.items[word].agent = slot;
    pool->agents[slot] = (struct agent){.id = word,
            .status = POOL_OFFLINE,
            .first_request = SLOT_NONE,
            .since_ms = now_ms,
            .idle_since_ms = now_ms};
    return slot;
}

/* ---- profile ---- */

static void give_back_words(struct words *words, const struct agent *agent)
{
    for (uint32_t i = 0; i < agent->skill_count; i++)
        words_give_back(words, agent->skills[i].word);
    for (uint32_t i = 0; i < agent->language_count; i++) {
        words_give_back(words, agent->languages[i].tag);
        words_give_back(words, agent->languages[i].primary);
    }
}

static bool take_skills(struct pool *pool, const struct pool_profile *profile, struct agent *draft)
{
    for (size_t i = 0; i < profile->skill_count; i++) {
        struct agent_skill skill = {.level = profile->skills[i].level};
        if (skill.level == 0)
            continue;
        if (!words_take(&pool->words, &pool->memory, profile->skills[i].name, &skill.word))
            return false;
        if (agent_level(draft, skill.word) > 0) /* listed twice: the first counts */
            words_give_back(&pool->words, skill.word);
        else
            draft->skills[draft->skill_count++] = skill;
    }
    return true;
}

static bool take_languages(
        struct pool *pool, const struct pool_profile *profile, struct agent *draft)
{
    for (size_t i = 0; i < profile->language_count; i++) {
        struct agent_language *language = &draft->languages[draft->language_count];
        if (!words_take_language(&pool->words, &pool->memory, profile->languages[i], &language->tag,
                    &language->primary))
            return false;
        draft->language_count++;
    }
    return true;
}

/* Leaves the rows of the skills before and enters those of now. */
static void clear_skill_bits(struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    for (uint32_t i = 0; i < agent->skill_count; i++) {
        struct word *word = &pool->words.items[agent->skills[i].word];
        grid_set(&pool->grid, word->row, slot, false);
        if (grid_is_empty(&pool->grid, word->row)) {
            grid_give_back_row(&pool->grid, word->row);
            word->row = SLOT_NONE;
        }
    }
}

static void set_skill_bits(struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    for (uint32_t i = 0; i < agent->skill_count; i++) {
        struct word *word = &pool->words.items[agent->skills[i].word];
        if (word->row == SLOT_NONE)
            word->row = grid_take_row(&pool->grid, agent->skills[i].word);
        grid_set(&pool->grid, word->row, slot, true);
    }
}

bool agent_set_profile(struct pool *pool, uint32_t slot, const struct pool_profile *profile)
{
    struct agent draft = pool->agents[slot];
    draft.skill_count = draft.language_count = 0;
    if (!take_skills(pool, profile, &draft) || !take_languages(pool, profile, &draft)) {
        give_back_words(&pool->words, &draft);
        return false;
    }
    draft.capacity = profile->capacity;
    draft.name_len = (uint8_t)profile->name.len;
    if (profile->name.len > 0)
        memcpy(draft.name, profile->name.bytes, profile->name.len);
    clear_skill_bits(pool, slot);
    give_back_words(&pool->words, &pool->agents[slot]);
    pool->presence++;
    pool->agents[slot] = draft;
    set_skill_bits(pool, slot);
    agent_refresh(pool, slot);
    return true;
}

/* ---- status ---- */

static void requeue_offers(struct pool *pool, uint32_t slot, uint64_t now_ms)
{
    uint32_t next;
    for (uint32_t at = pool->agents[slot].first_request; at != SLOT_NONE; at = next) {
        next = pool->requests[at].next;
        if (pool->requests[at].state == POOL_OFFER_OPEN)
            request_move(pool, at, POOL_WAITING, SLOT_NONE, now_ms);
    }
}

void agent_set_status(struct pool *pool, uint32_t slot, enum pool_status status, uint64_t now_ms)
{
    struct agent *agent = &pool->agents[slot];
    if (status != agent->status) {
        if (status == POOL_ONLINE)
            agent->idle_since_ms = now_ms;
        agent->status = status;
        agent->since_ms = now_ms;
    }
    agent->missed = 0;
    if (status == POOL_OFFLINE)
        requeue_offers(pool, slot, now_ms);
    agent_refresh(pool, slot);
}

static void forget(struct pool *pool, uint32_t slot)
{
    struct agent *agent = &pool->agents[slot];
    pool->presence++;
    clear_skill_bits(pool, slot);
    give_back_words(&pool->words, agent);
    pool->words.items[agent->id].agent = SLOT_NONE;
    words_give_back(&pool->words, agent->id);
    *agent = (struct agent){.next_free = pool->first_free_agent};
    pool->first_free_agent = slot;
}

void agent_refresh(struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    bool is_able = agent->capacity > 0 && !agent->is_removed;
    bool is_online = is_able && agent->status == POOL_ONLINE;
    pool->presence += is_able != grid_has(&pool->grid, GRID_ABLE, slot) ||
                      is_online != grid_has(&pool->grid, GRID_ONLINE, slot);
    grid_set(&pool->grid, GRID_ABLE, slot, is_able);
    grid_set(&pool->grid, GRID_ONLINE, slot, is_online);
    grid_set(&pool->grid, GRID_OPEN, slot, is_online && agent_has_room(agent));
    if (agent->is_removed && agent->load == 0)
        forget(pool, slot);
}

void agent_remove(struct pool *pool, uint32_t slot)
{
    pool->agents[slot].is_removed = true;
    agent_refresh(pool, slot);
}
