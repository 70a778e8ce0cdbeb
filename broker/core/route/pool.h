/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: the fold of a pool log. Who is busy with what, who waits.
 *
 * Every node folds the same log to the same pool: what apply does depends on nothing but the fold
 * and the entry. An entry that is not allowed is a no-op, on every node alike. Requests that ended
 * are not remembered.
 */
#ifndef WEFT_CORE_ROUTE_POOL_H
#define WEFT_CORE_ROUTE_POOL_H

#include "core/route/pool_entry.h"

struct pool;

/* resize behaves as realloc, and frees when bytes is 0. NULL for bytes > 0: no memory. */
struct pool_memory {
    void *(*resize)(void *user, void *old, size_t bytes);
    void *user;
};

enum pool_outcome {
    POOL_DONE,
    POOL_MALFORMED,    /* a missing or too long id, more elements or a higher number than bounded */
    POOL_ALREADY_LIVE, /* QUEUED, TAKEN, ADOPTED: nothing would change */
    POOL_NO_SUCH_REQUEST, /* not live (ended, or never seen) */
    POOL_NOT_WAITING,     /* somebody else has it, or an offer is open */
    POOL_NO_SUCH_AGENT,
    POOL_NOT_ONLINE,
    POOL_NO_ROOM,
    POOL_NO_SUCH_OFFER,   /* over, or another one */
    POOL_NOT_ACTIVE,      /* no agent talks to them, or nothing would change */
    POOL_ALREADY_OFFERED, /* this log entry has already offered this agent a request */
    POOL_READ_ONLY,       /* may_apply only: a newer version of Weft wrote to this log */
    POOL_UNKNOWN_KIND,    /* apply only: the pool is read-only from here on */
    POOL_FULL, /* no memory; nothing changed. Apply the same entry again or give this fold
                  up: to skip it would fold another pool than the other nodes do */
};

/* seed: of the hash tables; any number. NULL: no memory. */
struct pool *pool_create(struct pool_memory memory, uint64_t seed);
void pool_destroy(struct pool *pool);

/* May this be appended now? The same answer that apply gives, but for POOL_ALREADY_OFFERED, which
 * depends on the log entry's name, and POOL_FULL. Looks at one value, so of a batch only what does
 * not build on the batch's earlier values. */
enum pool_outcome pool_may_apply(const struct pool *pool, const struct pool_entry *entry);

/* Folds one value of the log entry named at, written at time_ms of the log's clock. */
enum pool_outcome pool_apply(
        struct pool *pool, const struct name *at, uint64_t time_ms, const struct pool_entry *entry);

/* The whole fold as values: SNAPSHOT, the POLICY if there is one, each SHIFT that is over, each
 * agent, then each request. Applied in this order to any pool they make an equal one. What visit
 * sees is borrowed until it returns. */
typedef void (*pool_visit)(void *user, const struct pool_entry *entry);
void pool_snapshot(const struct pool *pool, pool_visit visit, void *user);

/* ---- a snapshot in pieces -----------------------------------------------------------------------
 * The same values as pool_snapshot's, as they are at the beginning, while entries are folded in
 * between. Once everything is forgotten (SNAPSHOT) the pool is not captured any more. */
enum pool_left { POOL_LEFT_NOTHING, POOL_LEFT_REQUESTS, POOL_LEFT_AGENTS };

/* Visits SNAPSHOT, POLICY and SHIFTs; the others are visited by pool_capture_next, each of them
 * once, or by pool_apply when they are about to change: so requests may come before agents, and
 * are to be applied after them. One at a time: an earlier one ends.
 *
 * owns:    visit and user are kept until pool_capture_end; what visit sees is borrowed until it
 *          returns; it must not look at the pool
 * errors:  false: no memory */
bool pool_capture_begin(struct pool *pool, pool_visit visit, void *user);
/* Visits at most so many more, agents first. Says what is left. The pool must be captured. */
enum pool_left pool_capture_next(const struct pool *pool, size_t most);
bool pool_is_captured(const struct pool *pool);
void pool_capture_end(struct pool *pool);

/* ---- looking ------------------------------------------------------------------------------------
 * Slices in views are borrowed until the next apply. Cursors start at 0 and are valid until the
 * next apply. */

struct pool_request_view {
    struct pool_key key;
    enum pool_state state;
    uint64_t first_queued_ms, queued_ms, since_ms;
    struct slice language, last_agent, to_agent;
    struct slice agent;   /* offered or active */
    struct name offer;    /* offered: its name · active: of the accepted offer, if there was one */
    uint64_t moved_seq;   /* the log entry that put it into this state, or a snapshot with it */
    uint64_t deadline_ms; /* offered, wrap-up */
    uint64_t policy_version;
    struct slice queue, channel, class_name;
    uint64_t value, promise_ms;
    uint32_t weight;  /* what it needs, in thousandths of a chat */
    uint32_t held;    /* what it weighs at its agent now */
    uint32_t weighed; /* because it was said to, not 0 then */
    bool is_interruptible;
    bool is_interrupted; /* has to wait until its agent has room again */
    bool is_stranded;
    struct pool_term terms[POOL_TERMS_MAX];
    size_t term_count;
};

struct pool_agent_view {
    struct slice agent, name;
    enum pool_status status;
    uint64_t since_ms;      /* in this status */
    uint64_t idle_since_ms; /* when they were last given or last finished something */
    uint32_t capacity;
    uint32_t load;   /* chats, open offers and wrap-ups */
    uint32_t weight; /* of these, in thousandths of a chat */
    uint32_t wraps;  /* wrap-ups among them */
    uint32_t offers; /* open offers among them */
    uint32_t missed; /* offers in a row that they let expire */
    bool is_removed;
    bool is_off_shift; /* out of schedule: no new offers, whatever the status */
};

struct pool_counts {
    size_t waiting, offered, active, wrapping;
    size_t agents, online; /* known, and taking offers */
};

/* The newest ROUTER and the time of the newest entry of any kind, which renews its lead. */
struct pool_lead {
    uint64_t incarnation;
    uint64_t last_ms;
};

/* The policy that is in force by the log. */
struct pool_policy {
    uint64_t version;  /* counts the policies of this pool; 0: none was put yet */
    struct slice text; /* borrowed until the next apply */
    uint64_t hash;     /* of the text: equal texts, equal hashes */
};

struct pool_policy pool_policy(const struct pool *pool);
/* The hash of a policy's text. source: FNV-1a, 64 bits; for telling apart, not for proving. */
uint64_t pool_policy_hash(struct slice text);
bool pool_is_read_only(const struct pool *pool);
struct pool_lead pool_lead(const struct pool *pool);
struct pool_counts pool_counts(const struct pool *pool);

/* false: not live. */
bool pool_find(
        const struct pool *pool, const struct pool_key *key, struct pool_request_view *out_view);
/* What the wire calls an offer: the name, and the agent who answers. Also one that was accepted, as
 * long as the chat is active: an accept may be sent twice. false: over. */
bool pool_find_offer(const struct pool *pool, const struct name *offer, struct slice agent,
        struct pool_request_view *out_view);
bool pool_find_agent(const struct pool *pool, struct slice agent, struct pool_agent_view *out_view);

/* Each returns false at the end, else fills the view and moves the cursor. */
bool pool_next_agent(const struct pool *pool, size_t *cursor, struct pool_agent_view *out_view);
/* Every live request, in no particular order. */
bool pool_next_request(const struct pool *pool, size_t *cursor, struct pool_request_view *out_view);
/* The waiting ones, the oldest first; those with an open offer are not among them. */
bool pool_next_waiting(const struct pool *pool, size_t *cursor, struct pool_request_view *out_view);
/* What the agent has: open offers and chats. */
bool pool_next_of_agent(const struct pool *pool, struct slice agent, size_t *cursor,
        struct pool_request_view *out_view);

#endif
