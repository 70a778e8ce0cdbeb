/* SPDX-License-Identifier: Apache-2.0 */
/* The agents of a pool.
 *
 * Invariant: an agent's bits in the grid say what the agent's own fields say: able, online (and in
 * a shift that is not over), open (with room), one bit for each skill. Everything that changes
 * those fields ends with agent_refresh. An agent stays known while offline, because requests refer
 * to who has a skill at all; only a removed one without chats is forgotten.
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

static bool reserve(struct pool *pool, uint32_t more_rows)
{
    bool is_enough =
            pool->first_free_agent != SLOT_NONE || pool->agent_count < pool->agent_capacity;
    if (!is_enough && !grow(pool, pool->agent_capacity ? pool->agent_capacity * 2 : 16))
        return false;
    return grid_reserve(&pool->grid, &pool->memory, pool->agent_capacity, more_rows);
}

static uint32_t free_slot(struct pool *pool)
{
    uint32_t slot = pool->first_free_agent;
    if (slot == SLOT_NONE)
        return pool->agent_count++;
    pool->first_free_agent = pool->agents[slot].next_free;
    return slot;
}

uint32_t agent_take(struct pool *pool, struct slice id, uint64_t now_ms, uint32_t more_rows)
{
    uint32_t slot = agent_find(pool, id), word;
    if (!reserve(pool, more_rows))
        return SLOT_NONE;
    if (slot != SLOT_NONE)
        return slot;
    if (!words_take(&pool->words, &pool->memory, id, &word))
        return SLOT_NONE;
    slot = free_slot(pool);
    pool->planned[slot] = (struct planned){0};
    pool->words.items[word].agent = slot;
    pool->agents[slot] = (struct agent){.id = word,
            .status = POOL_OFFLINE,
            .first_request = SLOT_NONE,
            .since_ms = now_ms,
            .idle_since_ms = now_ms};
    grid_set(&pool->grid, GRID_EVERY, slot, true);
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
    for (uint32_t i = 0; i < agent->queue_count; i++)
        words_give_back(words, agent->queues[i]);
    for (uint32_t i = 0; i < agent->channel_count; i++)
        words_give_back(words, agent->channels[i].word);
    if (agent->shift != WORD_NONE)
        words_give_back(words, agent->shift);
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

static bool take_queues(struct pool *pool, const struct pool_profile *profile, struct agent *draft)
{
    for (size_t i = 0; i < profile->queue_count; i++) {
        uint32_t *queue = &draft->queues[draft->queue_count];
        if (!words_take(&pool->words, &pool->memory, profile->queues[i], queue))
            return false;
        draft->queue_count++;
    }
    return true;
}

static bool take_channels(
        struct pool *pool, const struct pool_profile *profile, struct agent *draft)
{
    for (size_t i = 0; i < profile->channel_count; i++) {
        struct agent_channel *channel = &draft->channels[draft->channel_count];
        if (!words_take(&pool->words, &pool->memory, profile->channels[i].name, &channel->word))
            return false;
        channel->weight = profile->channels[i].weight;
        draft->channel_count++;
    }
    return true;
}

static bool take_shift(struct pool *pool, const struct pool_profile *profile, struct agent *draft)
{
    return profile->shift.len == 0 ||
           words_take(&pool->words, &pool->memory, profile->shift, &draft->shift);
}

static void leave_row(struct pool *pool, uint32_t *row, uint32_t slot)
{
    if (*row == SLOT_NONE) /* a queue that is listed twice */
        return;
    grid_set(&pool->grid, *row, slot, false);
    if (grid_is_empty(&pool->grid, *row)) {
        grid_give_back_row(&pool->grid, *row);
        *row = SLOT_NONE;
    }
}

static void enter_row(struct pool *pool, uint32_t word, uint32_t *row, uint32_t slot)
{
    if (*row == SLOT_NONE)
        *row = grid_take_row(&pool->grid, word);
    grid_set(&pool->grid, *row, slot, true);
}

/* Leaves the rows of the skills and queues before, or enters those of now. */
static void clear_rows(struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    struct word *words = pool->words.items;
    for (uint32_t i = 0; i < agent->skill_count; i++)
        leave_row(pool, &words[agent->skills[i].word].row, slot);
    for (uint32_t i = 0; i < agent->queue_count; i++)
        leave_row(pool, &words[agent->queues[i]].queue_row, slot);
    grid_set(&pool->grid, GRID_EVERY, slot, false);
    pool->listed_agents -= agent->queue_count > 0;
    pool->odd_agents -= agent->channel_count > 0;
}

static void set_rows(struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    struct word *words = pool->words.items;
    for (uint32_t i = 0; i < agent->skill_count; i++)
        enter_row(pool, agent->skills[i].word, &words[agent->skills[i].word].row, slot);
    for (uint32_t i = 0; i < agent->queue_count; i++)
        enter_row(pool, agent->queues[i], &words[agent->queues[i]].queue_row, slot);
    grid_set(&pool->grid, GRID_EVERY, slot, agent->queue_count == 0);
    pool->listed_agents += agent->queue_count > 0;
    pool->odd_agents += agent->channel_count > 0;
}

bool agent_set_profile(struct pool *pool, uint32_t slot, const struct pool_profile *profile)
{
    struct agent draft = pool->agents[slot];
    draft.skill_count = draft.language_count = draft.queue_count = draft.channel_count = 0;
    draft.shift = WORD_NONE;
    if (!take_skills(pool, profile, &draft) || !take_languages(pool, profile, &draft) ||
            !take_queues(pool, profile, &draft) || !take_channels(pool, profile, &draft) ||
            !take_shift(pool, profile, &draft)) {
        give_back_words(&pool->words, &draft);
        return false;
    }
    draft.capacity = profile->capacity;
    draft.auto_accept = profile->auto_accept;
    draft.name_len = (uint8_t)profile->name.len;
    if (profile->name.len > 0)
        memcpy(draft.name, profile->name.bytes, profile->name.len);
    clear_rows(pool, slot);
    give_back_words(&pool->words, &pool->agents[slot]);
    pool->presence++;
    pool->agents[slot] = draft;
    set_rows(pool, slot);
    requests_weigh_again(pool, slot);
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
    clear_rows(pool, slot);
    give_back_words(&pool->words, agent);
    pool->words.items[agent->id].agent = SLOT_NONE;
    words_give_back(&pool->words, agent->id);
    *agent = (struct agent){.next_free = pool->first_free_agent};
    pool->first_free_agent = slot;
}

/* ---- shifts ---- */

bool agents_shift_is_over(const struct pool *pool, uint32_t shift)
{
    for (uint32_t i = 0; shift != WORD_NONE && i < pool->over_count; i++)
        if (pool->over[i] == shift)
            return true;
    return false;
}

bool agent_is_there(const struct pool *pool, const struct agent *agent)
{
    return agent->status == POOL_ONLINE && !agents_shift_is_over(pool, agent->shift);
}

static void refresh_shift(struct pool *pool, uint32_t shift)
{
    for (uint32_t slot = 0; slot < pool->agent_count; slot++)
        if (pool->agents[slot].id != WORD_NONE && pool->agents[slot].shift == shift)
            agent_refresh(pool, slot);
}

bool agents_end_shift(struct pool *pool, struct slice shift)
{
    uint32_t word;
    check(pool->over_count < POOL_SHIFTS_MAX);
    if (!words_take(&pool->words, &pool->memory, shift, &word))
        return false;
    pool->over[pool->over_count++] = word;
    refresh_shift(pool, word);
    return true;
}

void agents_begin_shift(struct pool *pool, uint32_t shift)
{
    uint32_t at = 0;
    while (pool->over[at] != shift)
        at++;
    pool->over[at] = pool->over[--pool->over_count];
    refresh_shift(pool, shift);
    words_give_back(&pool->words, shift);
}

/* ---- room ---- */

bool agent_has_room(const struct pool *pool, uint32_t slot, const struct request *request)
{
    const struct agent *agent = &pool->agents[slot];
    uint32_t weight = agent_weight(agent, request->channel, request->weight);
    return agent_fits(agent, &pool->planned[slot], weight, request->is_interruptible);
}

bool agent_is_open(const struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    const struct planned *planned = &pool->planned[slot];
    for (uint32_t i = 0; i < pool->classes.count; i++) {
        const struct load_class *one = &pool->classes.items[i];
        uint32_t weight = agent_weight(agent, one->channel, one->weight);
        if (agent_fits(agent, planned, weight, one->is_interruptible))
            return true;
    }
    return pool->classes.others > 0 && agent_fits(agent, planned, 1, false);
}

void agents_refresh_open(struct pool *pool)
{
    uint32_t slot = 0;
    for (; (slot = grid_next(&pool->grid, GRID_ONLINE, slot)) != SLOT_NONE; slot++)
        grid_set(&pool->grid, GRID_OPEN, slot, agent_is_open(pool, slot));
}

void agent_refresh(struct pool *pool, uint32_t slot)
{
    const struct agent *agent = &pool->agents[slot];
    bool is_able = agent->capacity > 0 && !agent->is_removed;
    bool is_online = is_able && agent_is_there(pool, agent);
    pool->presence += is_able != grid_has(&pool->grid, GRID_ABLE, slot) ||
                      is_online != grid_has(&pool->grid, GRID_ONLINE, slot);
    grid_set(&pool->grid, GRID_ABLE, slot, is_able);
    grid_set(&pool->grid, GRID_ONLINE, slot, is_online);
    grid_set(&pool->grid, GRID_OPEN, slot, is_online && agent_is_open(pool, slot));
    if (agent->is_removed && agent->load == 0)
        forget(pool, slot);
}

void agent_remove(struct pool *pool, uint32_t slot)
{
    pool->agents[slot].is_removed = true;
    agent_refresh(pool, slot);
}
