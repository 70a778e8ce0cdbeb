/* SPDX-License-Identifier: Apache-2.0 */
/* What agents' chats do to their capacity: silence gives it back, a customer's words take it again,
 * and a customer who is left without an answer goes back to the queue.
 *
 *   active, nobody spoke for idle_ms ------------> WEIGHED idle_weight
 *   weighed lightly, somebody spoke -------------> WEIGHED in full
 *   active, the customer unanswered, silence_ms -> queued again, with the age; the agent is passed
 *                                                  over for a while
 *   active, called back without an outcome ------> the same, after the queue's own time
 *
 * Invariant: each of these follows from the two folds and the clock, so every node that has the
 * chat open may see it, and the logs take it once. A chat that nobody has open is opened by the due
 * index, and looked at then.
 */
#include "base/check.h"
#include "flow/callbacks.h"
#include "flow/pools.h"

#include <stdlib.h>

/* ---- weight ---- */

struct weigh_change {
    struct pool_change change;
    struct id_text conversation;
    struct name request;
    uint32_t weight;
};

static size_t decide_weight(struct pool_change *pool_change, const struct pool *pool,
        uint64_t now_ms, struct pool_entry *entries)
{
    struct weigh_change *change = LIST_ITEM(pool_change, struct weigh_change, change);
    (void)now_ms;
    entries[0] = (struct pool_entry){.kind = POOL_WEIGHED,
            .request = {id_slice(&change->conversation), change->request},
            .weight = change->weight};
    return pool_may_apply(pool, &entries[0]) == POOL_DONE;
}

static void on_weighed(struct pool_change *pool_change, enum log_outcome outcome)
{
    (void)outcome; /* while it is so, the next look says it again */
    free(LIST_ITEM(pool_change, struct weigh_change, change));
}

static void weigh(struct team *team, const struct pool_key *key, uint32_t weight)
{
    struct weigh_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    id_set(&change->conversation, key->conversation);
    change->request = key->name;
    change->weight = weight;
    change->change.decide = decide_weight;
    change->change.done = on_weighed;
    pool_submit(team, &change->change);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void look_at_weight(
        struct team *team, const struct chat *chat, const struct pool_request_view *view)
{
    const struct route_policy *policy = team_policy(team);
    uint64_t now_ms = team_time_ms(team);
    uint64_t since_ms = later(chat_fold(chat)->spoken_ms, view->since_ms);
    bool is_called = callback_is_agreed(&chat_fold(chat)->callback); /* they speak elsewhere */
    bool is_idle = policy->idle_ms > 0 && !is_called && now_ms >= since_ms + policy->idle_ms;
    if (is_idle && view->weighed == 0 && view->held > policy->idle_weight)
        weigh(team, &view->key, policy->idle_weight);
    else if (!is_idle && view->weighed != 0)
        weigh(team, &view->key, 0);
}

/* ---- silence ---- */

struct silence_change {
    struct chat_change change;
    struct name request;
    uint64_t least_ms; /* unanswered since then or before; 0: a callback without an outcome */
};

static void decide_silence(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct silence_change *change = LIST_ITEM(chat_change, struct silence_change, change);
    struct author author = {.kind = AUTHOR_SYSTEM};
    bool is_silent = change->least_ms > 0
                             ? fold->unanswered_ms != 0 && fold->unanswered_ms <= change->least_ms
                             : callback_is_agreed(&fold->callback);
    bool is_so = fold->phase == PHASE_ACTIVE && name_equal(&fold->request, &change->request) &&
                 is_silent;
    struct requeue requeue = {.by = author,
            .owner = is_so ? fold->owner : (struct name){0},
            .reason = SLICE_OF("agent_silent")};
    conversation_requeue(fold, &requeue, now_ms, decision);
}

static void on_silence(struct chat_change *chat_change, enum log_outcome outcome)
{
    (void)outcome; /* while it is so, the next look tries again */
    free(LIST_ITEM(chat_change, struct silence_change, change));
}

static void look_at_silence(
        struct team *team, struct chat *chat, const struct pool_request_view *view)
{
    bool is_called = callback_is_agreed(&chat_fold(chat)->callback);
    uint64_t now_ms = team_time_ms(team), asked_ms = chat_fold(chat)->unanswered_ms;
    uint64_t silence_ms =
            is_called ? callback_outcome_ms(team, view->queue) : team_policy(team)->silence_ms;
    uint64_t since_ms = is_called ? view->since_ms : later(asked_ms, view->since_ms);
    if (silence_ms == 0 || (asked_ms == 0 && !is_called) || view->is_interrupted ||
            now_ms < since_ms + silence_ms)
        return;
    struct silence_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->request = view->key.name;
    change->least_ms = is_called ? 0 : asked_ms;
    change->change.decide = decide_silence;
    change->change.done = on_silence;
    chat_change(chat, &change->change);
}

/* ---- looking ---- */

void activity_look_at(struct team *team, struct chat *chat, const struct pool_request_view *view)
{
    bool is_known = chat->log.state == LOG_READY && team_is_read(team) &&
                    chat_fold(chat)->phase == PHASE_ACTIVE &&
                    name_equal(&chat_fold(chat)->request, &view->key.name);
    if (!is_known || view->state != POOL_ACTIVE)
        return;
    look_at_weight(team, chat, view);
    look_at_silence(team, chat, view);
}

void activity_look(struct team *team)
{
    const struct route_policy *policy = team_policy(team);
    struct pool_request_view view;
    size_t cursor = 0;
    if (policy->idle_ms == 0 && policy->silence_ms == 0)
        return;
    while (pool_next_request(team_pool(team), &cursor, &view)) {
        struct chat *chat = chat_find(team_node(team), view.key.conversation);
        if (chat != NULL)
            activity_look_at(team, chat, &view);
    }
}
