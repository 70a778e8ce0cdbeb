/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at a desk of this node: agents.c, presence.c and desk_leases.c share it. */
#ifndef WEFT_FLOW_DESKS_H
#define WEFT_FLOW_DESKS_H

#include "flow/pools.h"

/* An agent with a session here, or one who just left. */
struct agent_desk {
    struct node *node;
    struct map_node by_key;
    char key_bytes[2 * ID_MAX + 1];
    struct id_text tenant, agent;
    struct list sessions;
    struct timer timer;      /* when to look: are they gone, does the pool say what they wished? */
    uint64_t told_revision;  /* of the profile that the pool has from here */
    enum pool_status wished; /* what they last said they are; offline: nothing */
};

/* NULL: none. */
struct agent_desk *desk_find(struct node *node, struct slice tenant, struct slice agent);
/* The tenant's, in any order: NULL starts, NULL ends. An empty tenant: everybody's. */
struct agent_desk *desk_next(
        struct node *node, struct slice tenant, const struct agent_desk *cursor);
void desk_look_soon(struct agent_desk *desk, uint64_t in_ms);

static inline bool desk_is_manned(const struct agent_desk *desk)
{
    return desk != NULL && !list_is_empty(&desk->sessions);
}

/* presence.c: says in the pool that the agent is gone, unless they are here, or already offline. */
void presence_end(struct node *node, struct slice tenant, struct slice agent);
/* An entry of the pool says that an agent is gone who is here: says that they are not. */
void presence_contest(struct agent_desk *desk);
#define PRESENCE_GONE SLICE_OF("gone")

/* desk_leases.c */
bool leases_create(struct node *node);
void lease_renew(struct agent_desk *desk); /* manned */
/* The last session went. Returns how long they still count as present, ms. */
uint64_t lease_end(struct agent_desk *desk);
/* Looks now who of the team is gone. */
void leases_sweep(struct team *team);
/* The pool was read anew: nobody in it is gone for want of a lease that nobody wrote. */
void leases_grant(struct team *team);

#endif
