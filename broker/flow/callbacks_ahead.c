/* SPDX-License-Identifier: Apache-2.0 */
/* The index of callbacks that lie ahead.
 *
 *   {p:<tenant>}ahead   conversation -> due_ms
 *
 *   a conversation is followed up, and its callback is ahead   added, or moved
 *   it is due, or this node ended it                           removed
 *   a list is made, and the conversation says otherwise        removed
 *   a new life of the store's link, or it could not be added    added anew at the next look at it
 *
 * Invariant: nothing depends on it but what supervisors are shown; it says where to look, and the
 * conversation's log says what is so. A case that is due is found by the due index, whether it is
 * in here or not. It holds ids and times, no names and no numbers.
 */
#include "flow/callbacks_ahead.h"

#include "flow/callbacks.h"
#include "flow/pools.h"

enum { LIFE_SHIFT = 48 }; /* above any time in ms */

static struct slice ahead_key(struct slice tenant, char out[POOL_STORE_NAME_MAX])
{
    return pool_store_name(tenant, "ahead", out);
}

bool callback_is_ahead_of(const struct chat *chat)
{
    return chat_fold(chat)->phase == PHASE_QUEUED && callback_waits(chat);
}

static void on_added(void *user, const struct store_reply *reply)
{
    struct chat *chat = user;
    if (reply->outcome != STORE_OK)
        chat->told_ahead = 0;
    chat_release(chat);
}

/* Another callback may have been agreed since by who is ahead of this node, and a removal that
 * comes after it would take that one: so only the node that ended one removes it, before the others
 * hear of it. One that is due, or erased, comes to an end by nobody's wish. */
static bool may_remove(const struct chat *chat)
{
    bool is_own = chat->told != NULL && chat->told->at.seq == chat->own_seq;
    return is_own || chat->is_erased || callback_is_agreed(&chat_fold(chat)->callback);
}

void ahead_follow_up(struct chat *chat)
{
    struct store *store = chat->node->store;
    char key[POOL_STORE_NAME_MAX];
    uint64_t due_ms = chat_fold(chat)->callback.due_ms;
    uint64_t generation = store->ops->generation(store);
    bool is_ahead = callback_is_ahead_of(chat);
    uint64_t mark = is_ahead ? (due_ms * 2 + 1) ^ generation << LIFE_SHIFT : due_ms * 2;
    if (mark == chat->told_ahead || generation == 0)
        return;
    chat->told_ahead = mark;
    if (!is_ahead) {
        if (may_remove(chat))
            ahead_forget(chat->node, chat->tenant, chat_id(chat));
        return;
    }
    chat_hold_again(chat);
    store->ops->zset_add(
            store, ahead_key(chat->tenant, key), chat_id(chat), due_ms, ZSET_SET, on_added, chat);
}

void ahead_find(struct node *node, struct slice tenant, size_t count, store_done done, void *user)
{
    char key[POOL_STORE_NAME_MAX];
    node->store->ops->zset_range(
            node->store, ahead_key(tenant, key), 0, UINT64_MAX, count, done, user);
}

void ahead_forget(struct node *node, struct slice tenant, struct slice conversation)
{
    char key[POOL_STORE_NAME_MAX];
    node->store->ops->zset_remove(node->store, ahead_key(tenant, key), conversation, NULL, NULL);
}

void ahead_remove_all(struct node *node, struct slice tenant)
{
    char key[POOL_STORE_NAME_MAX];
    node->store->ops->remove(node->store, ahead_key(tenant, key), NULL, NULL);
}
