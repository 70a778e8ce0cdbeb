/* SPDX-License-Identifier: Apache-2.0 */
/* Chats whose agent is gone for longer than the grace: back to the queue, with their age.
 *
 * Invariant (rule 12): the conversation goes first; its new request and the release of the old one
 * then follow by themselves (pool_requests.c).
 */
#include "base/check.h"
#include "flow/pools.h"

#include <stdlib.h>

struct orphan_change {
    struct chat_change change;
    struct name request;
    struct id_text agent;
};

static void decide_requeue(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct orphan_change *change = LIST_ITEM(chat_change, struct orphan_change, change);
    struct author author = {.kind = AUTHOR_SYSTEM};
    bool is_theirs = fold->phase == PHASE_ACTIVE && name_equal(&fold->request, &change->request) &&
                     slice_equal(id_slice(&fold->owner_id), id_slice(&change->agent));
    struct name owner = is_theirs ? fold->owner : (struct name){0};
    struct requeue requeue = {.by = author, .owner = owner, .reason = SLICE_OF("agent_absent")};
    conversation_requeue(fold, &requeue, now_ms, decision);
}

static void on_requeued(struct chat_change *chat_change, enum log_outcome outcome)
{
    (void)outcome; /* while they are orphans, the next look tries again */
    free(LIST_ITEM(chat_change, struct orphan_change, change));
}

static void requeue(struct team *team, const struct pool_orphan *orphan)
{
    struct chat *chat = pools_chat(team, &orphan->request);
    if (chat == NULL)
        return;
    struct orphan_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->request = orphan->request.name;
    id_set(&change->agent, orphan->agent);
    change->change.decide = decide_requeue;
    change->change.done = on_requeued;
    chat_change(chat, &change->change);
    chat_release(chat);
}

void orphans_requeue(struct team *team)
{
    struct pool_orphans orphans;
    pool_orphans(team_pool(team), team_policy(team), team_time_ms(team), &orphans);
    for (size_t i = 0; i < orphans.count; i++)
        requeue(team, &orphans.items[i]);
}
