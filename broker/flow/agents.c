/* SPDX-License-Identifier: Apache-2.0 */
/* Agents on this node: their sessions and their presence in the pool.
 *
 *   first session, online --> PRESENCE(profile) in the pool
 *   last session gone ------> grace timer --> STATUS offline
 *   pool loaded, somebody is present without a session here --> grace timer as well
 *
 * Invariant: presence is an entry of the pool log; sessions only say when to write it. A reload of
 * the page, a restart of the node or a short tunnel ends before the grace does.
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/pools.h"

#include <stdlib.h>

struct agent_desk {
    struct node *node;
    struct map_node by_key;
    char key_bytes[2 * ID_MAX + 1];
    struct id_text tenant, agent;
    struct list sessions;
    struct timer grace;
    uint64_t told_revision; /* of the profile that the pool has from here */
};

static struct slice desk_key(struct slice tenant, struct slice agent, char out[2 * ID_MAX + 1])
{
    struct buffer key = buffer_make(out, 2 * ID_MAX + 1);
    buffer_put_slice(&key, tenant);
    buffer_put_char(&key, '/');
    buffer_put_slice(&key, agent);
    return buffer_slice(&key);
}

static struct agent_desk *find_desk(struct node *node, struct slice tenant, struct slice agent)
{
    char bytes[2 * ID_MAX + 1];
    struct map_node *found = map_find(&node->agents, desk_key(tenant, agent, bytes));
    return MAP_ITEM(found, struct agent_desk, by_key);
}

/* The desks of the team's tenant, in any order: NULL starts, NULL ends. */
static struct agent_desk *next_desk(struct team *team, const struct agent_desk *cursor)
{
    const struct map_node *at = cursor ? &cursor->by_key : NULL;
    while ((at = map_next(&team_node(team)->agents, at)) != NULL) {
        struct agent_desk *desk = MAP_ITEM((struct map_node *)at, struct agent_desk, by_key);
        if (slice_equal(id_slice(&desk->tenant), team_tenant(team)))
            return desk;
    }
    return NULL;
}

static struct agent_desk *take_desk(struct node *node, struct slice tenant, struct slice agent);
static void start_grace(struct agent_desk *desk);

/* ---- presence ---------------------------------------------------------------------------------
 */

struct presence_change {
    struct pool_change change;
    struct id_text agent;
    enum pool_status status;
    struct session_handle asker;
    struct id_text request_id;
    uint64_t revision;
};

/* The pool has this very presence already: a client that says it again changes nothing. */
static bool is_told(const struct presence_change *change, const struct pool *pool,
        const struct agent_profile *profile)
{
    struct team *team = change->change.team;
    struct slice agent = id_slice(&change->agent);
    struct agent_desk *desk = find_desk(team_node(team), team_tenant(team), agent);
    struct pool_agent_view view;
    return profile != NULL && desk != NULL && desk->told_revision == profile->revision &&
           pool_find_agent(pool, agent, &view) && view.status == change->status;
}

/* Always the whole profile: it is small, and the pool log is to need no other source. */
static size_t decide_presence(struct pool_change *pool_change, const struct pool *pool,
        uint64_t now_ms, struct pool_entry *entries)
{
    struct presence_change *change = LIST_ITEM(pool_change, struct presence_change, change);
    struct team *team = change->change.team;
    struct slice agent = id_slice(&change->agent);
    const struct agent_profile *profile =
            directory_agent(team_node(team), team_tenant(team), agent);
    (void)now_ms;
    if (is_told(change, pool, profile))
        return 0;
    entries[0] = (struct pool_entry){.agent = agent, .profile.status = change->status};
    if (change->status == POOL_OFFLINE || profile == NULL) {
        entries[0].kind = profile ? POOL_STATUS : POOL_AGENT_REMOVED;
    } else {
        entries[0].kind = POOL_PRESENCE;
        change->revision = profile->revision;
        entries[0].profile = (struct pool_profile){change->status, profile->capacity,
                profile->skills, profile->skill_count, profile->languages, profile->language_count,
                profile->name};
    }
    return pool_may_apply(pool, &entries[0]) == POOL_DONE;
}

static void on_presence(struct pool_change *pool_change, enum log_outcome outcome)
{
    struct presence_change *change = LIST_ITEM(pool_change, struct presence_change, change);
    struct session *session = session_find(team_node(change->change.team), change->asker);
    struct slice request_id = id_slice(&change->request_id);
    struct agent_desk *desk = find_desk(team_node(change->change.team),
            team_tenant(change->change.team), id_slice(&change->agent));
    bool is_done = outcome == LOG_APPENDED || outcome == LOG_REFUSED;
    if (desk != NULL && outcome == LOG_APPENDED)
        desk->told_revision = change->revision;
    if (!is_done && change->status == POOL_OFFLINE && desk == NULL) /* nobody else would say it */
        start_grace(take_desk(team_node(change->change.team), team_tenant(change->change.team),
                id_slice(&change->agent)));
    if (session != NULL && request_id.len > 0) {
        if (is_done)
            session_done(session, request_id, NULL);
        else
            session_error(session, request_id, outcome_code(outcome, REFUSAL_NONE), NULL);
    }
    free(change);
}

static void set_presence(struct node *node, struct slice tenant, struct slice agent,
        enum pool_status status, const struct session *asker, struct slice request_id)
{
    struct team *team = pools_team(node, tenant);
    struct presence_change *change = calloc(1, sizeof *change);
    check(team != NULL && change != NULL);
    change->status = status;
    id_set(&change->agent, agent);
    id_set(&change->request_id, request_id);
    if (asker != NULL)
        change->asker = session_handle(asker);
    change->change.decide = decide_presence;
    change->change.done = on_presence;
    pool_submit(team, &change->change);
}

void agents_set_presence(struct session *session, const struct proto_set_presence *request)
{
    enum pool_status status = request->status == PROTO_AVAILABILITY_ONLINE ? POOL_ONLINE
                              : request->status == PROTO_AVAILABILITY_AWAY ? POOL_AWAY
                                                                           : POOL_OFFLINE;
    set_presence(session->node, id_slice(&session->tenant), id_slice(&session->subject), status,
            session, request->id);
}

static enum proto_availability status_word(enum pool_status status)
{
    return status == POOL_ONLINE ? PROTO_AVAILABILITY_ONLINE
           : status == POOL_AWAY ? PROTO_AVAILABILITY_AWAY
                                 : PROTO_AVAILABILITY_OFFLINE;
}

enum proto_availability agents_presence(struct session *session)
{
    struct team *team = pools_team(session->node, id_slice(&session->tenant));
    struct pool_agent_view view;
    bool is_known =
            team != NULL && pool_find_agent(team_pool(team), id_slice(&session->subject), &view);
    return is_known ? status_word(view.status) : PROTO_AVAILABILITY_OFFLINE;
}

static struct proto_frame presence_frame(const struct pool_agent_view *view)
{
    struct proto_frame frame = {.kind = PROTO_KIND_PRESENCE};
    frame.as.presence = (struct proto_presence){.agent = view->agent,
            .name = view->name,
            .status = status_word(view->status),
            .has_chats = true,
            .chats = view->load - view->offers,
            .has_capacity = true,
            .capacity = view->capacity};
    return frame;
}

void agents_tell_presence(struct team *team, struct slice agent)
{
    struct pool_agent_view view;
    if (!pool_find_agent(team_pool(team), agent, &view))
        return;
    struct proto_frame frame = presence_frame(&view);
    struct agent_desk *desk = NULL;
    while ((desk = next_desk(team, desk)) != NULL)
        LIST_EACH (at, next, &desk->sessions)
            session_send(LIST_ITEM(at, struct session, of_role), &frame);
}

static void tell_colleagues(struct session *session, struct team *team)
{
    struct pool_agent_view view;
    size_t cursor = 0;
    while (pool_next_agent(team_pool(team), &cursor, &view)) {
        struct proto_frame frame = presence_frame(&view);
        if (!view.is_removed && !session_send(session, &frame))
            return;
    }
}

/* ---- coming and going -------------------------------------------------------------------------
 */

static void on_grace_over(struct timer *timer)
{
    struct agent_desk *desk = LIST_ITEM(timer, struct agent_desk, grace);
    struct node *node = desk->node;
    if (list_is_empty(&desk->sessions) && !node->is_draining)
        set_presence(node, id_slice(&desk->tenant), id_slice(&desk->agent), POOL_OFFLINE, NULL,
                SLICE_NONE);
    if (list_is_empty(&desk->sessions)) {
        map_remove(&node->agents, &desk->by_key);
        free(desk);
    }
}

static struct agent_desk *take_desk(struct node *node, struct slice tenant, struct slice agent)
{
    struct agent_desk *desk = find_desk(node, tenant, agent);
    if (desk != NULL)
        return desk;
    desk = calloc(1, sizeof *desk);
    check(desk != NULL);
    desk->node = node;
    desk->grace.on_due = on_grace_over;
    id_set(&desk->tenant, tenant);
    id_set(&desk->agent, agent);
    list_init(&desk->sessions);
    map_put(&node->agents, &desk->by_key, desk_key(tenant, agent, desk->key_bytes));
    return desk;
}

static void start_grace(struct agent_desk *desk)
{
    struct node *node = desk->node;
    node->timers->ops->arm(
            node->timers, &desk->grace, node_clock_ms(node) + node->settings->presence_grace_ms);
}

struct session *agents_session(
        struct node *node, struct slice tenant, struct slice agent, const struct session *cursor)
{
    struct agent_desk *desk = find_desk(node, tenant, agent);
    if (desk == NULL)
        return NULL;
    struct list *next = cursor ? cursor->of_role.next : desk->sessions.next;
    return next == &desk->sessions ? NULL : LIST_ITEM(next, struct session, of_role);
}

void agents_enter(struct session *session)
{
    struct node *node = session->node;
    struct slice agent = id_slice(&session->subject);
    struct agent_desk *desk = take_desk(node, id_slice(&session->tenant), agent);
    struct team *team = pools_team(node, id_slice(&session->tenant));
    node->timers->ops->cancel(node->timers, &desk->grace);
    list_append(&desk->sessions, &session->of_role);
    if (team == NULL)
        return;
    tell_colleagues(session, team);
    assignments_tell_all(session, team);
    offers_tell_all(session);
}

void agents_leave(struct session *session)
{
    struct agent_desk *desk =
            find_desk(session->node, id_slice(&session->tenant), id_slice(&session->subject));
    list_remove(&session->of_role);
    if (desk != NULL && list_is_empty(&desk->sessions))
        start_grace(desk);
}

void agents_reconcile(struct team *team)
{
    struct node *node = team_node(team);
    struct pool_agent_view view;
    size_t cursor = 0;
    while (pool_next_agent(team_pool(team), &cursor, &view)) {
        if (view.status == POOL_OFFLINE)
            continue;
        struct agent_desk *desk = take_desk(node, team_tenant(team), view.agent);
        if (list_is_empty(&desk->sessions) && desk->grace.heap_at == 0)
            start_grace(desk);
    }
}

void agents_catch_up(struct team *team, bool with_chats)
{
    struct agent_desk *desk = NULL;
    while ((desk = next_desk(team, desk)) != NULL)
        LIST_EACH (at, next, &desk->sessions) {
            struct session *session = LIST_ITEM(at, struct session, of_role);
            if (with_chats)
                assignments_tell_all(session, team);
            offers_tell_all(session);
        }
}

void agents_destroy(struct node *node)
{
    const struct map_node *at;
    while ((at = map_next(&node->agents, NULL)) != NULL) {
        struct agent_desk *desk = MAP_ITEM((struct map_node *)at, struct agent_desk, by_key);
        node->timers->ops->cancel(node->timers, &desk->grace);
        map_remove(&node->agents, &desk->by_key);
        free(desk);
    }
    map_finish(&node->agents);
}
