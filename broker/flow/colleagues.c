/* SPDX-License-Identifier: Apache-2.0 */
/* What agents' sessions are shown of their colleagues: who is there, and how busy.
 *
 *   the agent's own sessions           each change at once: it is their room
 *   colleagues: who is there           at once: status, name, capacity
 *   colleagues: how much they have     at once while the second's frames last, then in turn
 *
 * Every chat that comes or goes changes what all colleagues could be told: with a thousand agents
 * that were a thousand frames for each offer. Invariant: everybody is shown a change once: what is
 * sent differs from what was sent before (by its digest), and is the fold as it is then; so being
 * told late costs nothing but its age. Who comes is shown the fold at once, also what no barrier
 * has confirmed yet; then all are told anew, whatever becomes of that. A session that awaits its
 * news is left out, since it is shown all at once when it gets them.
 */
#include "flow/colleagues.h"

#include "base/check.h"
#include "flow/desks.h"
#include "port/crypto.h"

#include <stdlib.h>

enum { PRESENCE_FRAME_MAX = 4096, ROUND_MS = 1000 };

struct shown_agent {
    struct map_node by_id;
    struct list changed, stale;
    struct id_text agent;
    /* Digests of what was sent last; 0: nothing. */
    uint64_t own, shown, standing; /* to the agent; to colleagues, and who they are of that */
    bool is_mixed; /* who came since then was shown something else, which may never come to be */
};

static void drop_agent(struct pool_news *news, struct shown_agent *shown)
{
    list_remove(&shown->changed);
    list_remove(&shown->stale);
    map_remove(&news->agents, &shown->by_id);
    free(shown);
}

static struct shown_agent *take_agent(struct pool_news *news, struct slice agent)
{
    struct map_node *found = map_find(&news->agents, agent);
    struct shown_agent *shown = MAP_ITEM(found, struct shown_agent, by_id);
    if (shown != NULL)
        return shown;
    shown = calloc(1, sizeof *shown);
    check(shown != NULL);
    list_init(&shown->changed);
    list_init(&shown->stale);
    id_set(&shown->agent, agent);
    map_put(&news->agents, &shown->by_id, id_slice(&shown->agent));
    return shown;
}

void colleagues_note(struct pool_news *news, struct slice agent)
{
    if (agent.len == 0)
        return;
    struct shown_agent *shown = take_agent(news, agent);
    list_remove(&shown->changed);
    list_append(&news->changed_agents, &shown->changed);
}

/* 0 is never a digest. */
static uint64_t presence_digest(struct team *team, const struct proto_frame *frame)
{
    struct arena *scratch = &team_node(team)->scratch;
    size_t mark = scratch->used;
    struct buffer out = buffer_make(arena_take(scratch, PRESENCE_FRAME_MAX), PRESENCE_FRAME_MAX);
    check(out.bytes != NULL);
    proto_frame_write(PROTO_MSGPACK, frame, &out);
    check(!out.overflowed);
    uint64_t digest = crypto_digest(buffer_slice(&out));
    scratch->used = mark;
    return digest ? digest : 1;
}

/* Of who is there, without how much they have to do. */
static uint64_t standing_of(struct team *team, struct proto_frame frame)
{
    frame.as.presence.chats = 0;
    frame.as.presence.weight = 0;
    return presence_digest(team, &frame);
}

static void send_to_desk(struct agent_desk *desk, const struct proto_frame *frame)
{
    LIST_EACH (at, next, &desk->sessions) {
        struct session *session = LIST_ITEM(at, struct session, of_role);
        if (!session->awaits_news)
            session_send(session, frame);
    }
}

/* Takes one frame for each session of the second's frames. The first of a second is always there.
 */
static bool may_tell(struct team *team)
{
    struct pool_news *news = team_news(team);
    uint64_t now_ms = node_clock_ms(team_node(team));
    if (now_ms - news->round_ms >= ROUND_MS) {
        news->round_ms = now_ms;
        news->frames_left = news->frames_per_s;
    }
    if (news->sessions > news->frames_left && news->frames_left < news->frames_per_s)
        return false;
    news->frames_left -= news->sessions < news->frames_left ? news->sessions : news->frames_left;
    return true;
}

static void tell_colleagues(
        struct team *team, struct shown_agent *shown, const struct proto_frame *frame)
{
    struct agent_desk *desk = NULL;
    while ((desk = desk_next(team_node(team), team_tenant(team), desk)) != NULL)
        if (!slice_equal(id_slice(&desk->agent), id_slice(&shown->agent)))
            send_to_desk(desk, frame);
    shown->shown = presence_digest(team, frame);
    shown->standing = standing_of(team, *frame);
    shown->is_mixed = false;
    list_remove(&shown->stale);
}

static void tell_own(struct team *team, struct shown_agent *shown, const struct proto_frame *frame)
{
    uint64_t digest = presence_digest(team, frame);
    struct agent_desk *desk =
            desk_find(team_node(team), team_tenant(team), id_slice(&shown->agent));
    if (desk != NULL && (digest != shown->own || shown->is_mixed))
        send_to_desk(desk, frame);
    shown->own = digest;
}

static void tell_agent(struct team *team, struct shown_agent *shown)
{
    struct pool_news *news = team_news(team);
    struct pool_agent_view view;
    if (!pool_find_agent(team_pool(team), id_slice(&shown->agent), &view)) {
        drop_agent(news, shown);
        return;
    }
    struct proto_frame frame = agents_presence_frame(&view);
    tell_own(team, shown, &frame);
    if (!shown->is_mixed && presence_digest(team, &frame) == shown->shown)
        list_remove(&shown->stale); /* as they know it, again */
    else if (shown->is_mixed || standing_of(team, frame) != shown->standing ||
             (list_is_empty(&news->stale_agents) && may_tell(team)))
        tell_colleagues(team, shown, &frame);
    else if (list_is_empty(&shown->stale))
        list_append(&news->stale_agents, &shown->stale);
}

static void tell_stale(struct team *team)
{
    struct pool_news *news = team_news(team);
    struct pool_agent_view view;
    while (!list_is_empty(&news->stale_agents) && may_tell(team)) {
        struct shown_agent *shown =
                LIST_ITEM(list_take_first(&news->stale_agents), struct shown_agent, stale);
        if (!pool_find_agent(team_pool(team), id_slice(&shown->agent), &view))
            continue; /* gone: what is noted of that drops them */
        struct proto_frame frame = agents_presence_frame(&view);
        tell_colleagues(team, shown, &frame);
    }
}

void colleagues_show(struct team *team, struct session *session)
{
    struct pool_agent_view view;
    size_t cursor = 0;
    while (pool_next_agent(team_pool(team), &cursor, &view)) {
        struct proto_frame frame = agents_presence_frame(&view);
        if (view.is_removed)
            continue;
        struct shown_agent *shown = take_agent(team_news(team), view.agent);
        if (shown->shown == 0) {
            shown->shown = shown->own = presence_digest(team, &frame);
            shown->standing = standing_of(team, frame);
            shown->is_mixed = team_news(team)->sessions > 1; /* the others have not been told yet */
        }
        uint64_t digest = presence_digest(team, &frame);
        shown->is_mixed |= digest != shown->shown || digest != shown->own;
        if (!session_send(session, &frame))
            return;
    }
}

void colleagues_tell(struct team *team)
{
    struct pool_news *news = team_news(team);
    tell_stale(team);
    while (!list_is_empty(&news->changed_agents))
        tell_agent(team,
                LIST_ITEM(list_take_first(&news->changed_agents), struct shown_agent, changed));
}

void colleagues_forget(struct pool_news *news)
{
    struct map_node *at;
    while ((at = map_next(&news->agents, NULL)) != NULL)
        drop_agent(news, MAP_ITEM(at, struct shown_agent, by_id));
}
