/* SPDX-License-Identifier: Apache-2.0 */
/* Policies in force, and how they get there.
 *
 *   file changes, or an administrator puts one --> read --> POLICY in the pool's log --> in force
 *                                                   `--> refused: the one before stays
 *
 * Invariant: a pool decides by the newest text in its log that this node can read, and each offer
 * says its number. A text that was refused is never appended. Whether somebody has the skills that
 * it names is asked when it is put and never later: agents come and go, and a case that nobody can
 * take is seen to when it is queued (case_needs.c).
 */
#include "flow/policies.h"

#include "base/check.h"
#include "base/log_line.h"
#include "core/route/setup.h"
#include "flow/directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- in force ---- */

static void read_newest(
        struct node *node, const struct pool_policy *newest, struct team_policy *kept)
{
    char why[POLICY_WHY_MAX] = "this node cannot read policies";
    struct route_policy *policy = NULL;
    kept->version = newest->version;
    if (node->settings->read_policy != NULL)
        policy = node->settings->read_policy(newest->text, NULL, why);
    if (policy == NULL) {
        log_line(LOG_ERROR, "policy.not_readable", "version=%" PRIu64 " why=\"%s\"",
                newest->version, why);
        return;
    }
    policy->version = newest->version;
    free(kept->read);
    kept->read = policy;
}

const struct route_policy *policy_in_force(
        struct node *node, const struct pool *pool, struct team_policy *kept)
{
    struct pool_policy newest = pool_policy(pool);
    if (newest.version == 0) {
        kept->plain = node->settings->policy;
        kept->plain.version = 0;
        return &kept->plain;
    }
    if (newest.version != kept->version)
        read_newest(node, &newest, kept);
    if (kept->read != NULL)
        return kept->read;
    kept->plain = node->settings->policy;
    return &kept->plain;
}

/* ---- reading what is to be put ---- */

struct staff {
    struct node *node;
    struct slice tenant;
};

static bool has_skill(void *user, struct slice skill, uint32_t min_level)
{
    const struct staff *staff = user;
    const struct agent_profile *agent = NULL;
    uint32_t least = min_level > 0 ? min_level : 1;
    while ((agent = directory_next_agent(staff->node, staff->tenant, agent)) != NULL)
        for (size_t i = 0; i < agent->skill_count && agent->capacity > 0; i++)
            if (slice_equal(agent->skills[i].name, skill) && agent->skills[i].level >= least)
                return true;
    return false;
}

struct route_policy *policy_read_to_put(
        struct node *node, struct slice tenant, struct slice text, char out_why[POLICY_WHY_MAX])
{
    struct staff staff = {node, tenant};
    if (node->settings->read_policy != NULL)
        return node->settings->read_policy(text, &(struct route_staff){has_skill, &staff}, out_why);
    snprintf(out_why, POLICY_WHY_MAX, "This node cannot read policies.");
    return NULL;
}

/* ---- putting ---- */

static size_t decide_policy(struct pool_change *change, const struct pool *pool, uint64_t now_ms,
        struct pool_entry *entries)
{
    struct policy_put *put = LIST_ITEM(change, struct policy_put, change);
    struct pool_policy newest = pool_policy(pool);
    struct slice text = slice_make(put->text, put->len);
    (void)now_ms;
    if (newest.version > 0 && slice_equal(newest.text, text))
        return 0;
    entries[0] = (struct pool_entry){
            .kind = POOL_POLICY, .policy_version = newest.version + 1, .policy = text};
    return 1;
}

static void end_put(struct policy_put *put, enum log_outcome outcome)
{
    put->done(put, outcome);
    free(put->text);
    free(put);
}

static void on_kept(void *user, const struct store_reply *reply)
{
    end_put(user, reply->outcome == STORE_OK ? LOG_WAS_ALREADY : LOG_RETRY);
}

/* The very same is in force: it is told so once that is durable, whoever appended it. */
static void on_put(struct pool_change *change, enum log_outcome outcome)
{
    struct policy_put *put = LIST_ITEM(change, struct policy_put, change);
    struct store *store = team_node(change->team)->store;
    if (outcome == LOG_REFUSED) {
        store->ops->barrier(store, store->ops->generation(store), on_kept, put);
        return;
    }
    if (outcome == LOG_APPENDED) {
        struct pool_policy newest = pool_policy(team_pool(change->team));
        log_line(LOG_INFO, "policy.in_force", "tenant=%.*s version=%" PRIu64 " hash=%016" PRIx64,
                SLICE_ARGS(team_tenant(change->team)), newest.version, newest.hash);
    }
    end_put(put, outcome);
}

bool policy_put(struct team *team, struct slice text,
        void (*done)(struct policy_put *put, enum log_outcome outcome), void *user)
{
    struct policy_put *put = calloc(1, sizeof *put);
    char *copy = malloc(text.len + 1);
    check(text.len <= POOL_POLICY_MAX);
    if (put == NULL || copy == NULL) {
        free(put);
        free(copy);
        return false;
    }
    memcpy(copy, text.len > 0 ? text.bytes : "", text.len);
    *put = (struct policy_put){.text = copy, .len = text.len, .done = done, .user = user};
    put->change.is_alone = true;
    put->change.decide = decide_policy;
    put->change.done = on_put;
    pool_submit(team, &put->change);
    return true;
}

/* ---- the file ---- */

static void on_proposed(struct policy_put *put, enum log_outcome outcome)
{
    struct team_policy *kept = put->user;
    bool is_said = outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY;
    kept->is_proposing = false;
    if (is_said)
        kept->proposed_hash = pool_policy_hash(slice_make(put->text, put->len));
}

/* Anew when agents have changed: the first may come after the file. */
static bool may_propose(struct team *team, struct slice text, struct team_policy *kept)
{
    struct node *node = team_node(team);
    uint64_t hash = pool_policy_hash(text), revision = directory_revision(node);
    char why[POLICY_WHY_MAX];
    if (!directory_is_whole(node) || (kept->refused_hash == hash && kept->refused_at == revision))
        return false;
    struct route_policy *policy = policy_read_to_put(node, team_tenant(team), text, why);
    bool is_good = policy != NULL;
    free(policy);
    if (!is_good && kept->refused_hash != hash)
        log_line(LOG_ERROR, "policy.refused",
                "tenant=%.*s why=\"%s\" note=\"the one before stays in force\"",
                SLICE_ARGS(team_tenant(team)), why);
    kept->refused_hash = is_good ? 0 : hash;
    kept->refused_at = revision;
    return is_good;
}

void policy_propose(struct team *team, struct team_policy *kept)
{
    struct slice text = team_node(team)->policy_file;
    bool is_compared = kept->proposed_hash == pool_policy_hash(text) &&
                       pool_policy(team_pool(team)).version > 0; /* else the log was lost */
    if (text.bytes == NULL || kept->is_proposing || is_compared)
        return;
    kept->is_proposing = may_propose(team, text, kept) && policy_put(team, text, on_proposed, kept);
}

void policies_set_file(struct node *node, struct slice text)
{
    struct team *team = NULL;
    node->policy_file = text;
    while ((team = pools_next(node, team)) != NULL)
        team_look(team);
}
