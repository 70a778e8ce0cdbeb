/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's pool on this node, inside: for pools.c and pool_router.c only. */
#ifndef WEFT_FLOW_TEAM_H
#define WEFT_FLOW_TEAM_H

#include "flow/policies.h"
#include "flow/pool_news.h"

struct assigned_key {
    struct id_text conversation;
    struct name name;
};

struct team {
    struct node *node;
    struct map_node by_tenant;
    struct id_text tenant;
    struct log log;
    struct pool *pool;
    struct timer timer;
    struct pool_change decision, snapshot;
    bool is_deciding, is_saving;
    bool is_in_doubt; /* a release was not said: compare with the conversations */
    bool is_gone;     /* the tenant is: nothing is appended any more */
    uint64_t saved_seq;
    uint64_t reconciled_generation;
    uint64_t folded_clock_ms; /* monotonic: when the log's last entry was folded */
    struct team_policy policy;
    struct pool_news news;
    bool is_queue_changed;
    struct assigned_key assigned[ROUTE_DECISIONS_MAX]; /* not given yet */
    size_t assigned_count;
    uint64_t queue_told_ms; /* monotonic */
};

/* pool_router.c */
enum { LOOK_AGAIN_MS = 1000 };
void team_on_timer(struct timer *timer);
/* An agent was assigned a request without being asked. */
void team_note_assigned(struct team *team, const struct pool_key *key);
/* Compares all live requests with their conversations. */
void team_reconcile(struct team *team);

#endif
