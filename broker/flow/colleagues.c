/* SPDX-License-Identifier: Apache-2.0 */
/* What agents' sessions are shown of their colleagues: who is there, and how busy.
 *
 * Invariant: everybody is shown each change once: what is sent differs from what was sent before
 * (by its digest), and a session that awaits its news is left out, since it is shown all at once
 * when it gets them.
 */
#include "flow/colleagues.h"

#include "base/check.h"
#include "flow/desks.h"
#include "port/crypto.h"

#include <stdlib.h>

enum { PRESENCE_FRAME_MAX = 4096 };

struct shown_agent {
    struct map_node by_id;
    struct list changed;
    struct id_text agent;
    uint64_t digest; /* of the frame that was sent last; 0: none */
};

static void drop_agent(struct pool_news *news, struct shown_agent *shown)
{
    list_remove(&shown->changed);
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

static void send_all(struct team *team, const struct proto_frame *frame)
{
    struct agent_desk *desk = NULL;
    while ((desk = desk_next(team_node(team), team_tenant(team), desk)) != NULL)
        LIST_EACH (at, next, &desk->sessions) {
            struct session *session = LIST_ITEM(at, struct session, of_role);
            if (!session->awaits_news)
                session_send(session, frame);
        }
}

static void tell_agent(struct team *team, struct shown_agent *shown)
{
    struct pool_agent_view view;
    if (!pool_find_agent(team_pool(team), id_slice(&shown->agent), &view)) {
        drop_agent(team_news(team), shown);
        return;
    }
    struct proto_frame frame = agents_presence_frame(&view);
    uint64_t digest = presence_digest(team, &frame);
    if (digest != shown->digest)
        send_all(team, &frame);
    shown->digest = digest;
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
        if (shown->digest == 0)
            shown->digest = presence_digest(team, &frame);
        if (!session_send(session, &frame))
            return;
    }
}

void colleagues_tell(struct team *team)
{
    struct pool_news *news = team_news(team);
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
