/* SPDX-License-Identifier: Apache-2.0 */
/* The routing policy of each tenant's pool: which is in force, and putting another.
 *
 * A policy is a text in the pool's log (POOL_POLICY), so every node decides by the same one. The
 * reader is the settings' (read_policy): flows know no YAML.
 */
#ifndef WEFT_FLOW_POLICIES_H
#define WEFT_FLOW_POLICIES_H

#include "flow/pools.h"

/* What a team remembers; zero at the start. */
struct team_policy {
    struct route_policy *read; /* what the log's newest good text says; NULL: none */
    struct route_policy plain; /* the settings' own, numbered 0 */
    uint64_t version;          /* of the text that was read last, good or not */
    bool is_proposing;
    uint64_t proposed_hash; /* of the file's text that was compared last */
    /* Of the file's text that these agents cannot serve, and the directory's revision then. */
    uint64_t refused_hash, refused_at;
};

/* order: the pool's fold is as the log says */
const struct route_policy *policy_in_force(
        struct node *node, const struct pool *pool, struct team_policy *kept);
/* Reads a text that is to be put, for the agents that the tenant has now.
 *
 * owns:    free() the policy
 * errors:  NULL: out_why is a sentence */
struct route_policy *policy_read_to_put(
        struct node *node, struct slice tenant, struct slice text, char out_why[POLICY_WHY_MAX]);
/* Puts the policy file's text when the pool has another one. Once for each text that the file ever
 * had in this process, so that nodes with different files do not argue for ever. */
void policy_propose(struct team *team, struct team_policy *kept);

/* One policy on its way into a pool's log. */
struct policy_put {
    struct pool_change change;
    char *text;
    size_t len;
    void (*done)(struct policy_put *put, enum log_outcome outcome);
    void *user;
};

/* Puts a text that was read before: it is not looked at again.
 *
 * owns:    copies the text
 * done:    called once, later; then the put is freed. LOG_WAS_ALREADY: it is the one in force
 * errors:  false: no memory, done will not be called */
bool policy_put(struct team *team, struct slice text,
        void (*done)(struct policy_put *put, enum log_outcome outcome), void *user);

/* The policy file has this text now; it was read before and is borrowed until the next call. */
void policies_set_file(struct node *node, struct slice text);

#endif
