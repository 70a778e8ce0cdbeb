/* SPDX-License-Identifier: Apache-2.0 */
/* Routing on this node: each tenant's pool log, the decisions, offers and presence. */
#ifndef WEFT_FLOW_POOLS_H
#define WEFT_FLOW_POOLS_H

#include "core/route/route.h"
#include "flow/conversations.h"
#include "flow/sessions.h"

struct team; /* a tenant's pool on this node */

/* A change of a pool log: a few values, all in one entry, with those of other changes that wait at
 * the same time (pool_batch.c). */
enum { POOL_SHARED_MAX = 128 }; /* values of an entry; no change begins beyond */
struct pool_change {
    /* Writes the entries from the fold; returns how many, 0: nothing to do any more (a no). Looks,
     * of all requests and agents, at those alone that it writes of, or says so (is_alone); for a no
     * it names them in entries[0], which is zero before. Slices must live until the entry is
     * encoded: they are the fold's, the change's, or in the node's scratch. entries has room for
     * ROUTE_DECISIONS_MAX. */
    size_t (*decide)(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
            struct pool_entry *entries);
    void (*done)(struct pool_change *change, enum log_outcome outcome);
    bool is_alone;     /* shares no entry */
    struct team *team; /* set by pool_submit, as what follows */
    struct list link;
    size_t value_count;
};

/* What lies in the store for a tenant's pool, and what it is told under: "{p:<tenant>}<what>". */
enum { POOL_STORE_NAME_MAX = ID_MAX + 16 };
struct slice pool_store_name(struct slice tenant, const char *what, char out[POOL_STORE_NAME_MAX]);

bool pools_create(struct node *node);
/* Opens the pools of all tenants, so that what waited before a restart goes on. */
void pools_open_all(struct node *node);
/* NULL: out of memory, or no tenant, as of a conversation whose key is gone */
struct team *pools_team(struct node *node, struct slice tenant);
/* The conversation of a request, held. Where its key is gone, the pool alone knows whose it is.
 * NULL: there is no room, or it is none */
struct chat *pools_chat(struct team *team, const struct pool_key *key);
struct team *pools_next(
        struct node *node, const struct team *cursor);           /* any order; NULL: the end */
void pool_submit(struct team *team, struct pool_change *change); /* pool_batch.c */
/* Reads the pool up to its end, and appends nothing. outcome LOG_REFUSED: it is no older than the
 * call, so a no may rest on it (rule 6). */
void pool_look(struct team *team, struct pool_change *change);
const struct pool *team_pool(const struct team *team);
struct node *team_node(const struct team *team);
struct slice team_tenant(const struct team *team);
struct slice team_topic(const struct team *team); /* of hints on this pool */
/* How far the newest batch of offers may be from the best, per mille. */
uint64_t team_gap(const struct team *team);
/* An entry of this node says so of a callback: one of pool_metrics.h. */
void team_count_callback(struct team *team, uint8_t event);
/* Milliseconds of the pool's own time: the store's clock, which does not stand still when that
 * clock is set back. */
uint64_t team_time_ms(const struct team *team);
/* The policy in force, with its number; borrowed until the next entry. */
const struct route_policy *team_policy(struct team *team);
/* The newest entry that the fold holds; and whether a barrier has held for this one: the fold is
 * ahead of the barrier, and what is told of it, or done to a conversation, may not be. */
uint64_t team_seq(const struct team *team);
bool team_has_kept(const struct team *team, uint64_t seq);
/* The pool was read, some time ago: see pool_look. */
bool team_is_read(const struct team *team);
/* A release could not be said: the pool is compared with its conversations soon. */
void pool_doubt(struct team *team);
/* The tenant is gone, and its pool with it. */
void pools_remove(struct node *node, struct slice tenant);
/* Something was learnt or appended: decide, tell, arm. (pools.c calls it after each entry.) */
void team_look(struct team *team);

/* What the conversation's state calls for in the pool (follow_up.c). */
void pools_follow_up(struct chat *chat); /* pool_requests.c */
/* The agent has finished with the closed case: the place is free. */
void pool_wrapped_up(struct chat *chat, const struct name *request);
/* Asks the conversation whether a live request still is one; releases it if not. */
void pool_check_request(struct team *team, const struct pool_key *key);
/* Gives the conversation to the agent whose acceptance is in the pool; undoes that when it went on.
 */
void pool_own(struct chat *chat, const struct name *request, struct slice agent);

/* The pool says, by the entry seq, that an agent has this case: the conversation is given as soon
 * as that entry is durable. pool_router.c */
void pool_give_later(struct team *team, const struct pool_key *key, uint64_t seq);

/* What is told of a pool: pool_news.c, with the offers in pool_offers.c. */
struct pool_news;
struct pool_news *team_news(struct team *team);
/* To all sessions of the offer's agent, or to this one. */
void offer_tell(
        struct team *team, const struct pool_request_view *view, const struct session *only);

/* Places in the queue, to customers: queue_places.c */
bool queue_tell(struct team *team); /* false: of some it is too early to tell */
void queue_tell_one(struct chat *chat);
void queue_tell_left(struct chat *chat); /* it waits no more */

/* Agents' sessions: agents.c */
void agents_enter(struct session *session); /* after welcome */
void agents_leave(struct session *session); /* the session ended */
struct session *agents_session(struct node *node, struct slice tenant, struct slice agent,
        const struct session *cursor); /* each session of an agent; NULL at the end */
/* An entry of the pool that is about to be folded; and: the pool was read anew. */
void agents_note(struct team *team, const struct pool_entry *entry);
void agents_compare(struct team *team);
struct proto_frame agents_presence_frame(const struct pool_agent_view *view);
void agents_set_presence(struct session *session, const struct proto_set_presence *request);
enum proto_availability agents_presence(struct session *session);

/* An agent was asked into a conversation, says another node: supervise.c */
struct bus_hint;
void invited_hear(struct team *team, const struct bus_hint *hint);

/* Silent chats and silent agents: activity.c */
void activity_look(struct team *team);
void activity_look_at(struct team *team, struct chat *chat, const struct pool_request_view *view);

/* Outside the queue's hours the customer is told so: offline_answer.c */
void offline_answer(struct team *team, struct chat *chat, struct slice queue_name);

/* Chats whose agent stays away: back to the queue. orphans.c */
void orphans_requeue(struct team *team);

#endif
