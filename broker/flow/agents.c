/* SPDX-License-Identifier: Apache-2.0 */
/* Agents' desks on this node: their sessions, and when they count as gone.
 *
 *   first session --> lease; told of colleagues, chats and offers --> lease renewed, each 3 s
 *   last session gone --> lease ends with the grace --> a look at it: gone, or elsewhere, or back
 *
 * Invariant: a desk is the node's own; whether an agent is present is the pool's to say, and
 * whether anybody still has a session of theirs the lease's (desk_leases.c). A reload of the page,
 * a restart of the node, a move to another node or a short tunnel end before the grace does.
 */
#include "base/check.h"
#include "flow/desks.h"
#include "flow/pool_news.h"

#include <stdlib.h>

static struct slice desk_key(struct slice tenant, struct slice agent, char out[2 * ID_MAX + 1])
{
    struct buffer key = buffer_make(out, 2 * ID_MAX + 1);
    buffer_put_slice(&key, tenant);
    buffer_put_char(&key, '/');
    buffer_put_slice(&key, agent);
    return buffer_slice(&key);
}

struct agent_desk *desk_find(struct node *node, struct slice tenant, struct slice agent)
{
    char bytes[2 * ID_MAX + 1];
    if (agent.len > ID_MAX)
        return NULL;
    struct map_node *found = map_find(&node->agents, desk_key(tenant, agent, bytes));
    return MAP_ITEM(found, struct agent_desk, by_key);
}

struct agent_desk *desk_next(
        struct node *node, struct slice tenant, const struct agent_desk *cursor)
{
    const struct map_node *at = cursor ? &cursor->by_key : NULL;
    while ((at = map_next(&node->agents, at)) != NULL) {
        struct agent_desk *desk = MAP_ITEM((struct map_node *)at, struct agent_desk, by_key);
        if (tenant.len == 0 || slice_equal(id_slice(&desk->tenant), tenant))
            return desk;
    }
    return NULL;
}

/* ---- what is shown of an agent ----------------------------------------------------------------
 */

static enum proto_availability status_word(enum pool_status status)
{
    return status == POOL_ONLINE ? PROTO_AVAILABILITY_ONLINE
           : status == POOL_AWAY ? PROTO_AVAILABILITY_AWAY
                                 : PROTO_AVAILABILITY_OFFLINE;
}

enum proto_availability agents_presence(struct session *session)
{
    struct team *team = pools_team(session->node, session->tenant);
    struct pool_agent_view view;
    bool is_known =
            team != NULL && pool_find_agent(team_pool(team), id_slice(&session->subject), &view);
    return is_known ? status_word(view.status) : PROTO_AVAILABILITY_OFFLINE;
}

struct proto_frame agents_presence_frame(const struct pool_agent_view *view)
{
    struct proto_frame frame = {.kind = PROTO_KIND_PRESENCE};
    frame.as.presence = (struct proto_presence){.agent = view->agent,
            .name = view->name,
            .status = status_word(view->status),
            .has_chats = true,
            .chats = view->load - view->offers - view->wraps,
            .has_capacity = true,
            .capacity = view->capacity,
            .has_weight = true,
            .weight = view->weight};
    return frame;
}

struct session *agents_session(
        struct node *node, struct slice tenant, struct slice agent, const struct session *cursor)
{
    struct agent_desk *desk = desk_find(node, tenant, agent);
    if (desk == NULL)
        return NULL;
    struct list *next = cursor ? cursor->of_role.next : desk->sessions.next;
    return next == &desk->sessions ? NULL : LIST_ITEM(next, struct session, of_role);
}

/* ---- coming and going -------------------------------------------------------------------------
 */

static void drop_desk(struct agent_desk *desk)
{
    desk->node->timers->ops->cancel(desk->node->timers, &desk->timer);
    map_remove(&desk->node->agents, &desk->by_key);
    free(desk);
}

void desk_look_soon(struct agent_desk *desk, uint64_t in_ms)
{
    struct node *node = desk->node;
    node->timers->ops->arm(node->timers, &desk->timer, node_clock_ms(node) + in_ms);
}

/* Without a session for the grace: the lease tells whether another node has one. */
static void on_desk_due(struct timer *timer)
{
    struct agent_desk *desk = LIST_ITEM(timer, struct agent_desk, timer);
    struct team *team = pools_team(desk->node, id_slice(&desk->tenant));
    if (desk_is_manned(desk)) {
        presence_contest(desk);
        return;
    }
    drop_desk(desk);
    if (team != NULL)
        leases_sweep(team);
}

static struct agent_desk *take_desk(struct node *node, struct slice tenant, struct slice agent)
{
    struct agent_desk *desk = desk_find(node, tenant, agent);
    if (desk != NULL)
        return desk;
    desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->node = node;
    desk->timer.on_due = on_desk_due;
    id_set(&desk->tenant, tenant);
    id_set(&desk->agent, agent);
    list_init(&desk->sessions);
    map_put(&node->agents, &desk->by_key, desk_key(tenant, agent, desk->key_bytes));
    return desk;
}

void agents_enter(struct session *session)
{
    struct node *node = session->node;
    struct slice tenant = session->tenant, agent = id_slice(&session->subject);
    struct agent_desk *desk = take_desk(node, tenant, agent);
    struct team *team = pools_team(node, tenant);
    struct pool_agent_view view;
    check(team != NULL);
    node->timers->ops->cancel(node->timers, &desk->timer);
    list_append(&desk->sessions, &session->of_role);
    lease_renew(desk);
    if (pool_find_agent(team_pool(team), agent, &view))
        desk->wished = view.status;
    news_enter(team, session);
}

void agents_leave(struct session *session)
{
    struct node *node = session->node;
    struct slice tenant = session->tenant;
    struct agent_desk *desk = desk_find(node, tenant, id_slice(&session->subject));
    check(desk != NULL);
    list_remove(&session->of_role);
    news_leave(pools_team(node, tenant));
    if (!desk_is_manned(desk))
        desk_look_soon(desk, lease_end(desk) + 1);
}

/* What somebody else says of an agent who is here: their own wish, or a mistake. */
void agents_note(struct team *team, const struct pool_entry *entry)
{
    struct node *node = team_node(team);
    bool is_status = entry->kind == POOL_STATUS || entry->kind == POOL_PRESENCE;
    struct agent_desk *desk = is_status ? desk_find(node, team_tenant(team), entry->agent) : NULL;
    if (!desk_is_manned(desk))
        return;
    if (!slice_equal(entry->reason, PRESENCE_GONE))
        desk->wished = entry->profile.status;
    else if (entry->profile.status == POOL_OFFLINE && desk->wished != POOL_OFFLINE)
        desk_look_soon(desk, 1);
}

void agents_compare(struct team *team)
{
    struct agent_desk *desk = NULL;
    struct pool_agent_view view;
    while ((desk = desk_next(team_node(team), team_tenant(team), desk)) != NULL)
        if (desk_is_manned(desk) && desk->wished != POOL_OFFLINE &&
                (!pool_find_agent(team_pool(team), id_slice(&desk->agent), &view) ||
                        view.status == POOL_OFFLINE))
            desk_look_soon(desk, 1);
}
