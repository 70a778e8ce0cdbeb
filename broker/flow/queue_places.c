/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the queue, told to the customers who wait and are here.
 *
 * Invariant: a place is told when it differs from the one told last, at most some times a second
 * for the whole queue: one departure moves everybody behind it. So is the estimate of the wait,
 * when it became another by much. Each node tells its own sessions, whoever routes.
 */
#include "flow/deliver.h"
#include "flow/pools.h"

enum { WAIT_MOVES_MS = 15000 };

static void send_place(struct chat *chat, uint64_t place, bool has_wait, uint64_t wait_ms)
{
    struct proto_frame frame = {.kind = PROTO_KIND_QUEUE};
    frame.as.queue = (struct proto_queue){.conversation = chat_id(chat),
            .position = place,
            .has_wait_ms = has_wait,
            .wait_ms = wait_ms};
    chat->told_place = place;
    chat->told_wait_ms = has_wait ? wait_ms : 0;
    deliver_frame(chat, &frame, true, false, NULL);
}

static bool is_far(uint64_t told_ms, uint64_t wait_ms)
{
    uint64_t apart_ms = told_ms > wait_ms ? told_ms - wait_ms : wait_ms - told_ms;
    return apart_ms > WAIT_MOVES_MS && apart_ms > told_ms / 4;
}

static void tell_place(struct team *team, struct chat *chat, const struct pool_key *key)
{
    uint64_t place = pool_position(team_pool(team), key), wait_ms = 0;
    bool has_wait = pool_wait_estimate(team_pool(team), key, team_time_ms(team), &wait_ms);
    if (place != 0 &&
            (place != chat->told_place || is_far(chat->told_wait_ms, has_wait ? wait_ms : 0)))
        send_place(chat, place, has_wait, wait_ms);
}

void queue_tell(struct team *team)
{
    struct pool_request_view view;
    size_t cursor = 0;
    while (pool_next_waiting(team_pool(team), &cursor, &view)) {
        struct chat *chat = chat_find(team_node(team), view.key.conversation);
        if (chat != NULL && !list_is_empty(&chat->followers))
            tell_place(team, chat, &view.key);
    }
}

void queue_tell_one(struct chat *chat)
{
    struct team *team = pools_team(chat->node, id_slice(&chat->tenant));
    struct pool_key key = {chat_id(chat), chat_fold(chat)->request};
    if (team != NULL && chat_fold(chat)->phase == PHASE_QUEUED)
        tell_place(team, chat, &key);
}

void queue_tell_left(struct chat *chat)
{
    if (chat->told_place != 0)
        send_place(chat, 0, false, 0);
}
