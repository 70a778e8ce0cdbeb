/* SPDX-License-Identifier: Apache-2.0 */
/* The shelf: a fold is 16 KiB while it is worked with, and some hundred bytes while nothing
 * happens.
 *
 *   in use: fold ----- 5 s without anybody ----> put away: encoded as in a snapshot
 *              <---- whoever asks for it --------
 *
 * Ten thousand customers who only have a page open cost what they have to, not what a busy
 * conversation costs. Nothing is read from the store for it, in either direction.
 *
 * Invariant: a chat has a fold or an encoded one, and chat_fold gives the same value either way.
 * Only the shelf's timer puts away, never anything that a flow calls: a fold in hand stays where it
 * is until the loop turns.
 */
#include "flow/chat_fold.h"

#include "base/check.h"
#include "flow/chat.h"
#include "flow/entry_codec.h"

#include <malloc.h>
#include <stdlib.h>

enum { ENCODED_MAX = 32768, SHELF_GIVE_BACK = 256 };

struct shelf {
    struct node *node;
    struct timer timer;
    unsigned emptied;   /* folds freed that the system does not know of yet */
    struct list in_use; /* chats with a fold, the least recently used first */
};

void chat_fold_used(struct chat *chat)
{
    struct shelf *shelf = chat->node->shelf;
    chat->used_ms = node_clock_ms(chat->node);
    list_remove(&chat->in_use);
    if (chat->fold_in_use != NULL)
        list_append(&shelf->in_use, &chat->in_use);
}

static void drop_encoded(struct chat *chat)
{
    free((char *)chat->fold_away.bytes);
    chat->fold_away = SLICE_NONE;
}

void chat_fold_clear(struct chat *chat)
{
    drop_encoded(chat);
    if (chat->fold_in_use == NULL)
        chat->fold_in_use = malloc(sizeof *chat->fold_in_use);
    check(chat->fold_in_use != NULL);
    memset(chat->fold_in_use, 0, sizeof *chat->fold_in_use);
    chat_fold_used(chat);
}

void chat_fold_finish(struct chat *chat)
{
    drop_encoded(chat);
    free(chat->fold_in_use);
    list_remove(&chat->in_use);
    chat->fold_in_use = NULL;
}

struct conversation *chat_fold_take_out(struct chat *chat)
{
    struct node *node = chat->node;
    size_t mark = node->scratch.used;
    struct slice encoded = chat->fold_away;
    chat->fold_away = SLICE_NONE;
    chat_fold_clear(chat);
    if (encoded.len > 0)
        check(fold_decode(encoded, &node->scratch, chat->fold_in_use));
    chat->fold_in_use->tail = chat->log.tail;
    free((char *)encoded.bytes);
    node->scratch.used = mark;
    return chat->fold_in_use;
}

/* What is being read or appended, or was never read, stays. */
static bool may_go(const struct chat *chat)
{
    return chat_is_idle(chat) && chat->log.state == LOG_READY && chat->paged_count == 0 &&
           name_equal(&chat->fold_in_use->tail, &chat->log.tail);
}

static void put_away(struct shelf *shelf, struct chat *chat)
{
    struct node *node = chat->node;
    size_t mark = node->scratch.used;
    struct buffer out = buffer_make(arena_take(&node->scratch, ENCODED_MAX), ENCODED_MAX);
    check(out.bytes != NULL);
    fold_encode(chat->fold_in_use, &node->scratch, &out);
    char *kept = out.overflowed ? NULL : malloc(out.len);
    if (kept != NULL) {
        memcpy(kept, out.bytes, out.len);
        chat_fold_finish(chat);
        chat->fold_away = slice_make(kept, out.len);
        shelf->emptied++;
    } else {
        chat_fold_used(chat); /* later */
    }
    node->scratch.used = mark;
}

/* Free memory between what is in use stays with the process until somebody says so. It takes some
 * milliseconds, so not while there is more to put away, and not for a few. */
static void give_back(struct shelf *shelf)
{
    if (shelf->emptied < SHELF_GIVE_BACK || !list_is_empty(&shelf->in_use))
        return;
    shelf->emptied = 0;
    malloc_trim(0);
}

static void on_look(struct timer *timer)
{
    struct shelf *shelf = LIST_ITEM(timer, struct shelf, timer);
    struct node *node = shelf->node;
    uint64_t now_ms = node_clock_ms(node);
    for (int i = 0; i < SHELF_AT_ONCE && !list_is_empty(&shelf->in_use); i++) {
        struct chat *chat = LIST_ITEM(shelf->in_use.next, struct chat, in_use);
        if (chat->used_ms + SHELF_AFTER_MS > now_ms)
            break;
        if (may_go(chat))
            put_away(shelf, chat);
        else
            chat_fold_used(chat);
    }
    give_back(shelf);
    node->timers->ops->arm(node->timers, timer, now_ms + SHELF_LOOK_MS);
}

bool shelf_create(struct node *node)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    node->shelf = shelf;
    if (shelf == NULL)
        return false;
    shelf->node = node;
    shelf->timer.on_due = on_look;
    list_init(&shelf->in_use);
    node->timers->ops->arm(node->timers, &shelf->timer, node_clock_ms(node) + SHELF_LOOK_MS);
    return true;
}

void shelf_destroy(struct node *node)
{
    node->timers->ops->cancel(node->timers, &node->shelf->timer);
    free(node->shelf);
    node->shelf = NULL;
}
