/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a pool, for the files of this folder only.
 *
 *   slot  an agent's or a request's place in its array, stable while it lives
 *   word  an interned text
 */
#ifndef WEFT_CORE_ROUTE_FOLD_H
#define WEFT_CORE_ROUTE_FOLD_H

#include "core/route/grid.h"
#include "core/route/pool.h"
#include "core/route/table.h"
#include "core/route/words.h"

struct agent_skill {
    uint32_t word, level;
};

struct agent_language {
    uint32_t tag, primary; /* "de-at", "de" */
};

struct agent_channel {
    uint32_t word, weight;
};

/* What deciding reads comes first, so that it shares few cache lines. */
struct agent {
    uint32_t id; /* word; WORD_NONE: the slot is free */
    uint32_t capacity;
    uint32_t load;       /* the length of the list that begins with first_request */
    uint32_t firm, soft; /* what it weighs: what stays, and what may be interrupted */
    uint32_t skill_count, language_count, queue_count, channel_count;
    bool auto_accept;
    uint32_t shift; /* word; WORD_NONE: always */
    enum pool_status status;
    uint64_t idle_since_ms;
    struct agent_language languages[POOL_LANGUAGES_MAX];
    struct agent_skill skills[POOL_SKILLS_MAX];
    struct agent_channel channels[POOL_CHANNELS_MAX];
    uint32_t queues[POOL_QUEUES_MAX]; /* words; none: all */
    bool is_removed;
    uint32_t missed; /* offers in a row that they let expire */
    uint32_t first_request;
    uint32_t next_free;
    uint64_t since_ms;
    uint8_t name_len;
    char name[POOL_NAME_MAX];
};

struct requirement {
    uint32_t word;
    uint16_t min_level;
    bool must;
};

struct exclusion {
    uint32_t agent; /* word */
    uint64_t until_ms;
};

struct term {
    uint32_t word, value;
};

/* What deciding reads comes first, so that it shares few cache lines. */
struct request {
    uint64_t first_queued_ms, queued_ms, since_ms;
    uint32_t language, language_primary, last_agent, to_agent; /* words */
    uint32_t queue, channel, class_name; /* words; WORD_NONE: default, chat, none */
    uint32_t weight;                     /* thousandths of a chat */
    uint32_t requirement_count, exclusion_count, prefer_count;
    bool is_live, is_interruptible, is_stranded;
    enum pool_state state;
    uint32_t prefers[POOL_PREFERS_MAX]; /* words */
    uint64_t value, promise_ms;
    struct requirement requirements[POOL_REQUIREMENTS_MAX];
    struct exclusion exclusions[POOL_EXCLUSIONS_MAX];
    uint32_t agent;      /* slot; SLOT_NONE while waiting */
    uint32_t weighed;    /* what it was said to weigh; 0: nothing */
    uint32_t held;       /* what it weighs at its agent */
    uint32_t next, prev; /* in the agent's list · next: in the list of free slots */
    struct name offer;
    uint64_t deadline_ms;
    uint64_t policy_version;
    uint64_t moved_seq; /* the entry that put it where it is */
    uint64_t hash;
    struct name name;
    uint8_t conversation_len;
    char conversation[POOL_ID_MAX];
    uint32_t term_count;
    struct term terms[POOL_TERMS_MAX];
};

/* Where a waiting request is in the lists of seek.c. */
struct seek_place {
    uint64_t first_queued_ms;
    uint32_t line;              /* SLOT_NONE: the loose list */
    uint32_t at;                /* in the loose list */
    uint32_t child, next, prev; /* in the heap of its line: slots (line.c) */
};

/* Waiting requests that differ in nothing but their age, as one card of a list. */
struct seek_line {
    uint32_t word; /* whose list; WORD_NONE: of those without a must */
    uint32_t at;   /* its card in that list */
    uint32_t next_free;
    bool is_shared; /* others may come: it is in lines_by_need */
    uint64_t hash;
};

struct waiting_item {
    uint64_t first_queued_ms;
    uint32_t request;
};

struct offer_item {
    uint64_t deadline_ms;
    uint32_t request;
};

/* What a decision has planned for an agent so far. */
struct planned {
    uint32_t count, firm, soft;
};

/* Those who wait and weigh the same. */
struct load_class {
    uint32_t channel, weight, count;
    bool is_interruptible;
};

enum { LOAD_CLASSES_MAX = 8 };

/* The classes of all who wait, so that GRID_OPEN can mean room for one of them. The last class to
 * leave stays until another comes. */
struct load_classes {
    struct load_class items[LOAD_CLASSES_MAX];
    uint32_t count;
    uint32_t others; /* requests of classes that did not fit in: any room may do */
};

struct market;
struct capture;

struct pool {
    struct pool_memory memory;
    struct capture *capture; /* a snapshot that is being taken; NULL: none */
    struct market *market;   /* scratch of a decision */
    uint64_t presence;       /* counts the changes of who is able, online and skilled */
    bool is_read_only;
    uint64_t at_seq; /* the entry that is being folded */
    struct pool_lead lead;
    struct pool_pace pace;
    uint64_t policy_version; /* 0: none was put yet */
    char *policy;            /* its text; NULL when empty */
    uint32_t policy_len;
    struct words words;
    struct table requests_by_key;
    struct grid grid;
    struct agent *agents;
    uint32_t agent_count, agent_capacity, first_free_agent; /* count: slots ever used */
    struct planned *planned;        /* scratch of a decision, per agent; else 0 */
    uint32_t listed_agents;         /* who name their queues: 0: everybody serves all */
    uint32_t odd_agents;            /* for whom a channel weighs otherwise */
    uint32_t over[POOL_SHIFTS_MAX]; /* words: shifts that are over */
    uint32_t over_count;
    uint32_t soft_count; /* interruptible requests that agents have */
    struct load_classes classes;
    struct request *requests;
    uint32_t request_count, request_capacity, first_free_request, live_count;
    struct seek_place *places; /* per request, while it waits */
    struct seek_list loose;    /* has room for every request; its cards are of one each */
    struct seek_list mustless;
    struct seek_line *lines; /* has room for one a request */
    uint32_t line_count, first_free_line;
    struct table lines_by_need;
    struct waiting_item *waiting; /* the oldest first; within its storage */
    uint32_t waiting_count, waiting_head;
    struct waiting_item *waiting_storage; /* twice as many as there can be */
    struct offer_item *offers;            /* in no order */
    uint32_t offer_count;
    struct offer_item *wraps; /* in no order */
    uint32_t wrap_count;
};

/* ---- agents.c ---- */
uint32_t agent_find(const struct pool *pool, struct slice id);
/* Finds or makes the agent and makes room for so many new skills and queues. SLOT_NONE: no memory.
 */
uint32_t agent_take(struct pool *pool, struct slice id, uint64_t now_ms, uint32_t more_rows);
/* false: no memory, the profile is as before. */
bool agent_set_profile(struct pool *pool, uint32_t slot, const struct pool_profile *profile);
void agent_set_status(struct pool *pool, uint32_t slot, enum pool_status status, uint64_t now_ms);
/* Online, and not out of schedule: may be offered something. */
bool agent_is_there(const struct pool *pool, const struct agent *agent);
bool agents_shift_is_over(const struct pool *pool, uint32_t shift);
/* false: no memory, nothing changed. */
bool agents_end_shift(struct pool *pool, struct slice shift);
void agents_begin_shift(struct pool *pool, uint32_t shift);
/* Brings the grid in line after load, status or capacity changed, and forgets a removed agent who
 * has nothing left. */
void agent_refresh(struct pool *pool, uint32_t slot);
/* Forgets the agent now or when the last request has left. */
void agent_remove(struct pool *pool, uint32_t slot);
static inline uint32_t agent_level(const struct agent *agent, uint32_t skill)
{
    for (uint32_t i = 0; i < agent->skill_count; i++)
        if (agent->skills[i].word == skill)
            return agent->skills[i].level;
    return 0;
}
/* Some room for some of those who wait, with what a decision has planned. */
bool agent_is_open(const struct pool *pool, uint32_t slot);
/* What the request would weigh there; 0: the agent does not take such. */
static inline uint32_t agent_weight(const struct agent *agent, uint32_t channel, uint32_t weight)
{
    for (uint32_t i = 0; i < agent->channel_count; i++)
        if (agent->channels[i].word == channel)
            return agent->channels[i].weight;
    return weight;
}
/* Interruptible work takes what is left; other work takes no notice of it. */
static inline bool agent_fits(const struct agent *agent, const struct planned *planned,
        uint32_t weight, bool is_interruptible)
{
    uint64_t taken = agent->firm + planned->firm;
    if (is_interruptible)
        taken += agent->soft + planned->soft;
    return weight > 0 && taken + weight <= (uint64_t)agent->capacity * POOL_WEIGHT_FULL;
}
/* Room for this very request, with what a decision has planned. */
bool agent_has_room(const struct pool *pool, uint32_t slot, const struct request *request);
/* All rows of open agents anew: what waits weighs otherwise. */
void agents_refresh_open(struct pool *pool);

/* ---- requests.c ---- */
uint32_t request_find(const struct pool *pool, const struct pool_key *key);
/* A new one, waiting. SLOT_NONE: no memory, nothing changed. */
uint32_t request_add(struct pool *pool, const struct pool_entry *entry, uint64_t now_ms);
/* Into another state, with an agent's slot or SLOT_NONE. Leaves the list of the agent before. */
void request_move(
        struct pool *pool, uint32_t slot, enum pool_state state, uint32_t agent, uint64_t now_ms);
void request_drop(struct pool *pool, uint32_t slot);
/* false: no memory, nothing changed. */
bool request_set_terms(struct pool *pool, uint32_t slot, const struct pool_entry *entry);
/* Another need from now on. false: no memory, nothing changed. */
bool request_change(struct pool *pool, uint32_t slot, const struct pool_entry *entry);
/* What it weighs at its agent from now on; 0: what it needs. */
void request_weigh(struct pool *pool, uint32_t slot, uint32_t weighed);
/* All that the agent has: its channels weigh otherwise for them now. */
void requests_weigh_again(struct pool *pool, uint32_t agent_slot);
/* An agent's interruptible case that has to wait for room: of those, the youngest make way. */
bool request_is_interrupted(const struct pool *pool, const struct request *request);
void request_exclude(struct pool *pool, uint32_t slot, uint32_t agent_word, uint64_t until_ms);
static inline struct slice request_conversation(const struct request *request)
{
    return slice_make(request->conversation, request->conversation_len);
}

/* ---- waiting.c ---- */
/* Room for so many. false: no memory, nothing changed. */
bool waiting_reserve(struct pool *pool, uint32_t capacity);
void waiting_enter(struct pool *pool, uint32_t slot);
void waiting_leave(struct pool *pool, uint32_t slot);
/* How many waiting requests come before this one. */
uint32_t waiting_rank(const struct pool *pool, uint32_t slot);
/* The order of the queue: by original age, then by conversation and name. */
bool request_is_before(const struct request *a, const struct request *b);
int compare_slices(struct slice a, struct slice b);

/* ---- pool.c ---- */
/* NULL: no memory; old is as before. */
void *pool_grow(const struct pool *pool, void *old, size_t bytes);
void pool_forget_all(struct pool *pool);
/* false: no memory, the policy before stays. */
bool pool_keep_policy(struct pool *pool, uint64_t version, struct slice text);

/* ---- rules.c ---- */
bool entry_is_well_formed(const struct pool_entry *entry);
/* May this be folded now? Everything but the batch rule and memory. */
enum pool_outcome rules_check(const struct pool *pool, const struct pool_entry *entry);

/* ---- snapshot.c ---- */
/* SNAPSHOT, and what belongs to the pool as a whole. */
void snapshot_visit_head(const struct pool *pool, pool_visit visit, void *user);
void snapshot_visit_agent(const struct pool *pool, uint32_t slot, pool_visit visit, void *user);
void snapshot_visit_request(const struct pool *pool, uint32_t slot, pool_visit visit, void *user);
enum pool_outcome snapshot_begin(struct pool *pool, const struct pool_entry *entry);
enum pool_outcome snapshot_agent(
        struct pool *pool, uint64_t time_ms, const struct pool_entry *entry);
enum pool_outcome snapshot_request(
        struct pool *pool, uint64_t time_ms, const struct pool_entry *entry);

/* ---- capture.c ---- */
/* The entry, of this agent's and this request's slot (SLOT_NONE: not there), will be folded now. */
void capture_touch(
        const struct pool *pool, const struct pool_entry *entry, uint32_t agent, uint32_t request);

#endif
