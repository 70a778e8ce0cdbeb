/* SPDX-License-Identifier: Apache-2.0 */
/* Consequences, from the state and not from the event.
 *
 * Invariant: whoever loads a conversation, after a crash, a failover or a quiet year, comes to the
 * same consequences as the node that appended its last entry. So there is one path, and the due
 * index needs to do no more than load a conversation.
 */
#include "flow/follow_up.h"

#include "flow/assignments.h"
#include "flow/bot_turns.h"
#include "flow/chat_hints.h"
#include "flow/pools.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_among(uint64_t seq, const uint64_t *seqs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seqs[i] == seq)
            return true;
    return false;
}

static void remove_due(struct chat *chat, uint64_t seq)
{
    char key[64], member[64];
    struct node *node = chat->node;
    size_t key_len = conversation_due_key(chat_id(chat), key);
    int len = snprintf(member, sizeof member, "%.*s:%" PRIu64, SLICE_ARGS(chat_id(chat)), seq);
    node->store->ops->zset_remove(
            node->store, slice_make(key, key_len), slice_make(member, (size_t)len), NULL, NULL);
}

/* Of what was open before, that which is no longer (rule 11). What a failover has taken back may be
 * opened again at the same place by another node: that one stays, for the sweeper to judge. */
static void settle_due(struct chat *chat)
{
    uint64_t open[2];
    size_t count = conversation_obligations(chat_fold(chat), open);
    for (size_t i = 0; i < chat->obligation_count; i++)
        if (chat->obligations[i] <= chat_fold(chat)->tail.seq &&
                !is_among(chat->obligations[i], open, count))
            remove_due(chat, chat->obligations[i]);
    memcpy(chat->obligations, open, sizeof open);
    chat->obligation_count = count;
}

void follow_up(struct chat *chat)
{
    bool is_known = chat->log.state == LOG_READY || chat->is_erased;
    if (!is_known || chat_fold(chat)->phase == PHASE_UNBORN)
        return;
    chat_hold_again(chat);
    settle_due(chat);
    bots_follow_up(chat);
    pools_follow_up(chat);
    assignments_follow_up(chat);
    if (chat_fold(chat)->phase != PHASE_QUEUED)
        queue_tell_left(chat);
    chat_listen(chat);
    chat_release(chat);
}
