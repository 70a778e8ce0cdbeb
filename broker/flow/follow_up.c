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
#include "flow/callbacks.h"
#include "flow/callbacks_ahead.h"
#include "flow/chat_hints.h"
#include "flow/due.h"
#include "flow/pools.h"

enum { LEARNT_DUE_MS = 10000 };

static bool is_among(uint64_t seq, const uint64_t *seqs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seqs[i] == seq)
            return true;
    return false;
}

static void remove_due(struct chat *chat, uint64_t seq)
{
    struct store *store = chat->node->store;
    struct due_names names;
    due_name(chat_id(chat), seq, &names);
    store->ops->zset_remove(store, names.key, names.member, NULL, NULL);
}

/* Whoever appended an entry whose answer was lost may have died before it could see to the member
 * that the store had refused; whoever reads the entry does, and does it again in each life of the
 * link, with which the last attempt may have gone. One that is there stays. */
static void make_sure_of_due(struct chat *chat, uint64_t seq)
{
    struct store *store = chat->node->store;
    struct due_names names;
    uint64_t at_ms = node_time_ms(chat->node) + LEARNT_DUE_MS;
    due_name(chat_id(chat), seq, &names);
    due_note(chat->node, chat_id(chat), at_ms);
    store->ops->zset_add(store, names.key, names.member, at_ms, ZSET_RAISE, NULL, NULL);
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
    bool is_new_life = chat->sure_in != chat->log.generation;
    for (size_t i = 0; i < count; i++)
        if (chat->is_learnt &&
                (is_new_life || !is_among(open[i], chat->obligations, chat->obligation_count)))
            make_sure_of_due(chat, open[i]);
    if (chat->is_learnt)
        chat->sure_in = chat->log.generation;
    memcpy(chat->obligations, open, sizeof open);
    chat->obligation_count = (uint8_t)count;
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
    if (chat_fold(chat)->phase != PHASE_QUEUED || callback_waits(chat))
        queue_tell_left(chat);
    callback_tell(chat);
    ahead_follow_up(chat);
    chat_listen(chat);
    chat_release(chat);
}
