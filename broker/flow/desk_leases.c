/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an agent is still there, agreed upon by all nodes without talking to each other.
 *
 *   {p:<tenant>}desks   agent -> gone_at: from then on they are gone, unless somebody knows better
 *
 *   a session here, each 3 s      gone_at raised to now + lease + grace
 *   the last session here left    gone_at set to now + grace; who has another one raises it again
 *   gone_at is past               every node sees it; without a session of theirs it says "gone"
 *                                 in the pool, and the first to say so is the one that is heard
 *
 * Invariant: only the pool's log makes somebody offline; what is here only says when to ask it to.
 * So a node that died with its agents is found by the others, a node never says "gone" of somebody
 * who is at a desk of its own, and one that says it wrongly is contradicted (presence.c). Times are
 * the store's, the same for all nodes.
 */
#include "base/check.h"
#include "flow/desks.h"

#include <stdlib.h>

enum {
    LEASE_MS = 10000,
    RENEW_MS = 3000,
    GRACE_MIN_MS = RENEW_MS + 1000, /* so that another node with a session speaks up in time */
    LOOK_MS = 1000,
    LOOKS_PER_RENEWAL = RENEW_MS / LOOK_MS,
    GONE_MAX = 64, /* at a look */
};

struct leases {
    struct node *node;
    struct timer timer;
    unsigned looks;
};

static uint64_t grace_ms(const struct node *node)
{
    uint64_t ms = node->settings->presence_grace_ms;
    return ms > GRACE_MIN_MS ? ms : GRACE_MIN_MS;
}

static struct slice lease_key(struct slice tenant, char out[POOL_STORE_NAME_MAX])
{
    return pool_store_name(tenant, "desks", out);
}

static void write_lease(struct node *node, struct slice tenant, struct slice agent, uint64_t for_ms,
        enum zset_rule rule)
{
    char key[POOL_STORE_NAME_MAX];
    if (node->store->ops->generation(node->store) != 0)
        node->store->ops->zset_add(node->store, lease_key(tenant, key), agent,
                node_time_ms(node) + for_ms, rule, NULL, NULL);
}

void lease_renew(struct agent_desk *desk)
{
    write_lease(desk->node, id_slice(&desk->tenant), id_slice(&desk->agent),
            LEASE_MS + grace_ms(desk->node), ZSET_RAISE);
}

uint64_t lease_end(struct agent_desk *desk)
{
    uint64_t ms = grace_ms(desk->node);
    write_lease(desk->node, id_slice(&desk->tenant), id_slice(&desk->agent), ms, ZSET_SET);
    return ms;
}

void leases_grant(struct team *team)
{
    struct node *node = team_node(team);
    struct pool_agent_view view;
    size_t cursor = 0;
    while (pool_next_agent(team_pool(team), &cursor, &view))
        if (view.status != POOL_OFFLINE)
            write_lease(node, team_tenant(team), view.agent, grace_ms(node), ZSET_RAISE);
}

/* ---- who is gone ------------------------------------------------------------------------------
 */

static void forget_lease(struct team *team, struct slice agent)
{
    char key[POOL_STORE_NAME_MAX];
    struct store *store = team_node(team)->store;
    store->ops->zset_remove(store, lease_key(team_tenant(team), key), agent, NULL, NULL);
}

static void look_at(struct team *team, struct slice agent)
{
    struct node *node = team_node(team);
    struct agent_desk *desk = desk_find(node, team_tenant(team), agent);
    struct pool_agent_view view;
    if (desk_is_manned(desk))
        lease_renew(desk);
    else if (pool_find_agent(team_pool(team), agent, &view) && view.status != POOL_OFFLINE)
        presence_end(node, team_tenant(team), agent);
    else
        forget_lease(team, agent);
}

static void on_expired(void *user, const struct store_reply *reply)
{
    struct team *team = user;
    struct node *node = team_node(team);
    if (reply->outcome != STORE_OK || !team_is_read(team) || node->is_draining)
        return;
    for (size_t i = 0; i < reply->item_count; i++)
        look_at(team, reply->items[i].value);
}

void leases_sweep(struct team *team)
{
    struct node *node = team_node(team);
    char key[POOL_STORE_NAME_MAX];
    if (node->store->ops->generation(node->store) == 0 || !team_is_read(team) ||
            pool_counts(team_pool(team)).agents == 0)
        return;
    node->store->ops->zset_range(node->store, lease_key(team_tenant(team), key), 0,
            node_time_ms(node), GONE_MAX, on_expired, team);
}

static void on_look(struct timer *timer)
{
    struct leases *leases = LIST_ITEM(timer, struct leases, timer);
    struct node *node = leases->node;
    struct agent_desk *desk = NULL;
    struct team *team = NULL;
    node->timers->ops->arm(node->timers, timer, node_clock_ms(node) + LOOK_MS);
    bool is_renewal = leases->looks++ % LOOKS_PER_RENEWAL == 0;
    while (is_renewal && (desk = desk_next(node, SLICE_NONE, desk)) != NULL)
        if (desk_is_manned(desk))
            lease_renew(desk);
    while ((team = pools_next(node, team)) != NULL)
        leases_sweep(team);
}

bool leases_create(struct node *node)
{
    node->leases = calloc(1, sizeof *node->leases);
    if (node->leases == NULL)
        return false;
    uint16_t phase; /* nodes that were started together need not all look at once */
    node->random->fill(node->random, &phase, sizeof phase);
    node->leases->node = node;
    node->leases->timer.on_due = on_look;
    node->timers->ops->arm(
            node->timers, &node->leases->timer, node_clock_ms(node) + LOOK_MS + phase % LOOK_MS);
    return true;
}
