/* SPDX-License-Identifier: Apache-2.0 */
/* Presence: what is said of an agent in the pool, by themselves or by whoever finds them gone.
 *
 *   set_presence ------------------> PRESENCE(profile), or STATUS offline
 *   gone_at is past, not here -----> STATUS offline, "gone"
 *   "gone", but they are here -----> PRESENCE(profile) as they wished
 *
 * Invariant: presence is an entry of the pool log, decided on its newest state: of many nodes that
 * find somebody gone, one says it. Whoever is wrong about it is contradicted by the node that has
 * the session, so nobody stays offline at their desk because a node was slow.
 */
#include "base/check.h"
#include "flow/desks.h"

#include <stdlib.h>

enum { AGAIN_MS = 1000 };

struct presence_change {
    struct pool_change change;
    struct id_text agent;
    enum pool_status status;
    bool is_gone; /* not their wish */
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
    struct agent_desk *desk = desk_find(team_node(team), team_tenant(team), agent);
    struct pool_agent_view view;
    if (!pool_find_agent(pool, agent, &view) || view.status != change->status)
        return false;
    return change->is_gone ||
           (profile != NULL && desk != NULL && desk->told_revision == profile->revision);
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
    bool is_here = desk_is_manned(desk_find(team_node(team), team_tenant(team), agent));
    (void)now_ms;
    entries[0] = (struct pool_entry){.agent = agent,
            .profile.status = change->status,
            .reason = change->is_gone ? PRESENCE_GONE : SLICE_NONE};
    if (is_told(change, pool, profile) || (change->is_gone && is_here))
        return 0;
    if (change->status == POOL_OFFLINE || profile == NULL) {
        entries[0].kind = profile ? POOL_STATUS : POOL_AGENT_REMOVED;
    } else {
        entries[0].kind = POOL_PRESENCE;
        change->revision = profile->revision;
        entries[0].profile = (struct pool_profile){.status = change->status,
                .capacity = profile->capacity,
                .skills = profile->skills,
                .skill_count = profile->skill_count,
                .languages = profile->languages,
                .language_count = profile->language_count,
                .name = profile->name,
                .queues = profile->queues,
                .queue_count = profile->queue_count,
                .channels = profile->channels,
                .channel_count = profile->channel_count,
                .shift = profile->shift,
                .auto_accept = profile->auto_accept};
    }
    return pool_may_apply(pool, &entries[0]) == POOL_DONE;
}

static void on_presence(struct pool_change *pool_change, enum log_outcome outcome)
{
    struct presence_change *change = LIST_ITEM(pool_change, struct presence_change, change);
    struct session *session = session_find(team_node(change->change.team), change->asker);
    struct slice request_id = id_slice(&change->request_id);
    struct agent_desk *desk = desk_find(team_node(change->change.team),
            team_tenant(change->change.team), id_slice(&change->agent));
    bool is_done = outcome == LOG_APPENDED || outcome == LOG_REFUSED;
    if (desk != NULL && outcome == LOG_APPENDED)
        desk->told_revision = change->revision;
    if (desk_is_manned(desk) && !is_done && request_id.len == 0)
        desk_look_soon(desk, AGAIN_MS); /* nobody else would say it */
    if (session != NULL && request_id.len > 0) {
        if (is_done)
            session_done(session, request_id, NULL);
        else
            session_error(session, request_id, outcome_code(outcome, REFUSAL_NONE), NULL);
    }
    free(change);
}

static struct presence_change *make_change(struct slice agent, enum pool_status status)
{
    struct presence_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->status = status;
    id_set(&change->agent, agent);
    change->change.decide = decide_presence;
    change->change.done = on_presence;
    return change;
}

static void submit(struct node *node, struct slice tenant, struct presence_change *change)
{
    struct team *team = pools_team(node, tenant);
    check(team != NULL);
    pool_submit(team, &change->change);
}

void agents_set_presence(struct session *session, const struct proto_set_presence *request)
{
    enum pool_status status = request->status == PROTO_AVAILABILITY_ONLINE ? POOL_ONLINE
                              : request->status == PROTO_AVAILABILITY_AWAY ? POOL_AWAY
                                                                           : POOL_OFFLINE;
    struct slice tenant = session->tenant;
    struct agent_desk *desk = desk_find(session->node, tenant, id_slice(&session->subject));
    struct presence_change *change = make_change(id_slice(&session->subject), status);
    if (desk != NULL)
        desk->wished = status;
    change->asker = session_handle(session);
    id_set(&change->request_id, request->id);
    submit(session->node, tenant, change);
}

void presence_end(struct node *node, struct slice tenant, struct slice agent)
{
    struct presence_change *change = make_change(agent, POOL_OFFLINE);
    change->is_gone = true;
    submit(node, tenant, change);
}

void presence_contest(struct agent_desk *desk)
{
    desk->told_revision = 0;
    if (desk->wished != POOL_OFFLINE)
        submit(desk->node, id_slice(&desk->tenant),
                make_change(id_slice(&desk->agent), desk->wished));
}
