/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the queue, told to the customers who wait and are here.
 *
 * Invariant: a place is told when it differs from the one told last, at most some times a second
 * for the whole queue: one departure moves everybody behind it. So is the estimate of the wait,
 * when it became another by much, and the moment at which the queue opens. Each node tells its own
 * sessions, whoever routes. That the case waits is told once the pool's entry is durable; the
 * number is an estimate, and may count others' entries that are not yet.
 */
#include "core/route/setup.h"
#include "flow/callbacks.h"
#include "flow/deliver.h"
#include "flow/pools.h"

enum { WAIT_MOVES_MS = 15000 };

/* What is told of a waiting case. */
struct place {
    uint64_t number; /* 0: it waits no more */
    bool has_wait;
    uint64_t wait_ms;
    uint64_t opens_ms; /* of the pool's clock; 0: it is open, or never will be */
    uint64_t now_ms;
};

static void send_place(struct chat *chat, const struct place *place)
{
    struct proto_frame frame = {.kind = PROTO_KIND_QUEUE};
    frame.as.queue = (struct proto_queue){.conversation = chat_id(chat),
            .position = place->number,
            .has_wait_ms = place->has_wait,
            .wait_ms = place->wait_ms,
            .has_opens_in_ms = place->opens_ms > 0,
            .opens_in_ms = place->opens_ms > 0 ? place->opens_ms - place->now_ms : 0};
    chat->told_place = place->number;
    chat->told_wait_ms = place->has_wait ? place->wait_ms : 0;
    chat->told_opens_ms = place->opens_ms;
    deliver_frame(chat, &frame, true, false, NULL);
}

static bool is_far(uint64_t told_ms, uint64_t wait_ms)
{
    uint64_t apart_ms = told_ms > wait_ms ? told_ms - wait_ms : wait_ms - told_ms;
    return apart_ms > WAIT_MOVES_MS && apart_ms > told_ms / 4;
}

static uint64_t opens_ms(struct team *team, struct slice queue_name, uint64_t now_ms)
{
    const struct route_queue *queue = route_find_queue(team_policy(team)->setup, queue_name);
    if (queue == NULL || !queue->has_hours)
        return 0;
    uint64_t at_ms = hours_open_next_ms(&queue->hours, now_ms);
    return at_ms > now_ms && at_ms != UINT64_MAX ? at_ms : 0;
}

static void tell_place(struct team *team, struct chat *chat, const struct pool_request_view *view)
{
    uint64_t now_ms = team_time_ms(team);
    struct place place = {.number = pool_position(team_pool(team), &view->key),
            .opens_ms = opens_ms(team, view->queue, now_ms),
            .now_ms = now_ms};
    place.has_wait = pool_wait_estimate(team_pool(team), &view->key, now_ms, &place.wait_ms);
    bool is_news = place.number != chat->told_place || place.opens_ms != chat->told_opens_ms ||
                   is_far(chat->told_wait_ms, place.has_wait ? place.wait_ms : 0);
    if (place.number != 0 && is_news)
        send_place(chat, &place);
}

bool queue_tell(struct team *team)
{
    struct pool_request_view view;
    size_t cursor = 0;
    bool is_all = true;
    while (pool_next_waiting(team_pool(team), &cursor, &view)) {
        struct chat *chat = chat_find(team_node(team), view.key.conversation);
        bool is_kept = team_has_kept(team, view.moved_seq);
        is_all &= is_kept;
        if (is_kept && chat != NULL && !list_is_empty(&chat->followers)) {
            tell_place(team, chat, &view);
            callback_tell(chat);
        }
    }
    return is_all;
}

void queue_tell_one(struct chat *chat)
{
    struct team *team = pools_team(chat->node, chat->tenant);
    struct pool_key key = {chat_id(chat), chat_fold(chat)->request};
    struct pool_request_view view;
    if (team != NULL && chat_fold(chat)->phase == PHASE_QUEUED &&
            pool_find(team_pool(team), &key, &view) && team_has_kept(team, view.moved_seq))
        tell_place(team, chat, &view);
}

void queue_tell_left(struct chat *chat)
{
    if (chat->told_place != 0)
        send_place(chat, &(struct place){0});
}
