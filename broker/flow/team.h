/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's pool on this node, inside: for pools.c, pool_*.c door_routing.c and door_metrics.c
 * only. */
#ifndef WEFT_FLOW_TEAM_H
#define WEFT_FLOW_TEAM_H

#include "flow/bus.h"
#include "flow/policies.h"
#include "flow/pool_metrics.h"
#include "flow/pool_news.h"

struct assigned_key {
    struct id_text conversation;
    struct name name;
    uint64_t seq; /* the entry that says so */
};

struct pool_batch;
struct pool_parts;

struct team {
    struct node *node;
    struct map_node by_tenant;
    struct id_text tenant;
    char log_key[POOL_STORE_NAME_MAX], topic_name[POOL_STORE_NAME_MAX];
    struct log log;
    struct bus_topic topic; /* what other nodes tell of it */
    struct pool *pool;
    struct timer timer;
    struct pool_batch *open; /* changes that wait for the log; takes more. NULL: none does */
    struct pool_change decision;
    struct log_change snapshot;
    struct pool_parts *parts; /* of a snapshot that is being written; NULL: none */
    bool is_deciding, is_saving;
    bool is_undecided;      /* the fold moved since the router decided last */
    bool is_large;          /* one entry was tried, and does not hold it */
    bool is_thinking;       /* an auction is under way, in slices */
    bool is_in_doubt;       /* something may not have been said: compare with the conversations */
    size_t check_cursor;    /* where comparing goes on: pool_next_request */
    size_t checks_left;     /* of a round that is in a hurry */
    bool is_gone;           /* the tenant is: nothing is appended any more */
    uint64_t saved_seq;     /* the newest snapshot stands for all before */
    uint64_t folded_values; /* after it, about; and at the first part of the newest one */
    uint64_t folded_at_part;
    uint64_t reconciled_generation;
    uint64_t folded_clock_ms; /* monotonic: when the log's last entry was folded */
    uint64_t looked_clock_ms; /* and when it was looked for, since none came */
    struct team_policy policy;
    struct pool_metrics metrics;
    struct pool_news news;
    bool is_queue_changed;
    struct assigned_key assigned[ROUTE_DECISIONS_MAX]; /* not given yet */
    size_t assigned_count;
    uint64_t queue_told_ms; /* monotonic */
    /* Monotonic. Of a node that does not lead: since when there is something to decide (0: there is
     * not), when it looked whether there is, and when the first entry after that came (0: none). */
    uint64_t pending_since_ms, standby_looked_ms, moved_ms;
    uint64_t standby_due_ms; /* of the log's clock: before, only an entry can call for something */
    uint64_t led_clock_ms;   /* when a leader's entry was folded last */
    uint64_t lead_before;
};

/* pool_router.c */
enum { LOOK_AGAIN_MS = 1000 };
void team_on_timer(struct timer *timer);
/* What the router decides on the fold as it is, for the entry that is being made: at most
 * ROUTE_DECISIONS_MAX values; 0 when it is not ours to route, or nothing changed. */
size_t team_decide(struct team *team, uint64_t now_ms, struct pool_entry *out);

/* pool_lead.c */
bool lead_is_mine(const struct team *team);
bool lead_is_vacant(const struct team *team);
/* How long something to decide may wait for the leader. 0: it is us, or there is nobody else. */
uint64_t lead_patience_ms(const struct team *team);
void lead_note(struct team *team, const struct pool_entry *entry); /* before it is folded */
void lead_take(struct team *team);

#endif
