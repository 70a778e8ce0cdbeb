/* SPDX-License-Identifier: Apache-2.0 */
/* In each life of the link to the logs, of every conversation that is read in it and whose key is
 * in memory: is the key still there?
 *
 *   waiting ──(CHECKS_AT_ONCE with the key store)──> asked ── it is there: sure, for this life
 *      ▲                                              │ └──── it is gone: as after ERASED
 *      └──────────── no answer: AGAIN_MS later ───────┘
 *
 * A failover under everysec may take ERASED back, and then nothing in the log tells that the
 * conversation was erased; nor does it when the node that destroyed the key died before it could
 * append. The key store never takes a destroyed key back, so it is the one to ask. Nobody waits
 * for it: what goes on meanwhile goes on, also while the key store is away.
 *
 * Invariant: a chat is linked at most once, and held while it is linked or asked for. A key that is
 * absent counts as destroyed only in the key store that this node found when it started
 * (master_key.h): one that was emptied, or is another's, erases nobody. While the key store is away
 * what waits is held, which conversations_hot_max bounds.
 */
#include "flow/key_checks.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/erase.h"
#include "flow/follow_up.h"
#include "flow/master_key.h"

#include <stdlib.h>

enum { CHECKS_AT_ONCE = 64, AGAIN_MS = 1000 };

struct key_checks {
    struct node *node;
    struct timer timer;
    struct list waiting; /* chats, each held for it */
    unsigned asked;
    bool is_pausing; /* the key store does not answer: until the timer fires */
};

static void ask_next(struct key_checks *checks);

static void end(struct key_checks *checks, struct chat *chat)
{
    checks->asked--;
    chat_release(chat);
    ask_next(checks);
}

static void try_later(struct key_checks *checks, struct chat *chat)
{
    struct timers *timers = checks->node->timers;
    checks->asked--;
    if (!list_is_empty(&chat->key_check))
        chat_release(chat); /* it waits for a newer life already */
    else
        list_append(&checks->waiting, &chat->key_check);
    checks->is_pausing = true;
    timers->ops->arm(timers, &checks->timer, timers->ops->now_ms(timers) + AGAIN_MS);
}

/* What was sent here after the others had removed its files. How it ends is nobody's concern: they
 * are sealed with the key that is gone. */
static void remove_files(struct chat *chat)
{
    struct blobs *blobs = chat->node->blobs;
    if (blobs != NULL)
        blobs->ops->remove_shelf(blobs, chat_id(chat), NULL, NULL);
}

static void forget_key(struct chat *chat)
{
    if (chat->key_state != CHAT_KEY_READY)
        return;
    log_line(LOG_WARN, "chat.key_is_gone", "conversation=%.*s", SLICE_ARGS(chat_id(chat)));
    erase_here(chat);
    remove_files(chat);
    follow_up(chat);
}

static void on_birth(void *user, enum keystore_outcome outcome, struct slice birth)
{
    struct chat *chat = user;
    struct key_checks *checks = chat->node->key_checks;
    if (outcome != KEYSTORE_OK || !master_key_is_birth(chat->node, birth)) {
        try_later(checks, chat);
        return;
    }
    forget_key(chat);
    end(checks, chat);
}

static void on_key(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    struct chat *chat = user;
    struct key_checks *checks = chat->node->key_checks;
    (void)wrapped;
    if (outcome == KEYSTORE_ABSENT)
        master_key_ask_birth(chat->node, on_birth, chat);
    else if (outcome == KEYSTORE_OK)
        end(checks, chat);
    else
        try_later(checks, chat);
}

static void ask_next(struct key_checks *checks)
{
    struct keystore *keystore = checks->node->keystore;
    while (!checks->is_pausing && checks->asked < CHECKS_AT_ONCE &&
            !list_is_empty(&checks->waiting)) {
        struct chat *chat = LIST_ITEM(list_take_first(&checks->waiting), struct chat, key_check);
        chat->key_sure_in = chat->log.generation;
        checks->asked++;
        keystore->ops->get(keystore, chat_id(chat), on_key, chat);
    }
}

static void on_due(struct timer *timer)
{
    struct key_checks *checks = LIST_ITEM(timer, struct key_checks, timer);
    checks->is_pausing = false;
    ask_next(checks);
}

void key_check(struct chat *chat)
{
    struct key_checks *checks = chat->node->key_checks;
    bool is_sure = chat->key_sure_in == chat->log.generation;
    if (chat->key_state != CHAT_KEY_READY || is_sure || !list_is_empty(&chat->key_check))
        return;
    chat_hold_again(chat);
    list_append(&checks->waiting, &chat->key_check);
    ask_next(checks);
}

bool key_checks_create(struct node *node)
{
    struct key_checks *checks = node->key_checks = calloc(1, sizeof *checks);
    if (checks == NULL)
        return false;
    *checks = (struct key_checks){.node = node, .timer.on_due = on_due};
    list_init(&checks->waiting);
    return true;
}
