/* SPDX-License-Identifier: Apache-2.0 */
/* The fingerprint of the master key lies in the key store: put by the first node that ever ran
 * there, compared by each that comes.
 *
 *   asked: put, if there is none ── mine is there now: right
 *       ▲                       └── there is one: get ── the same: right
 *       └── no answer: soon ──────────┘              └── another: told once, never open
 *
 * Invariant: a node that holds another key opens to nobody, so it writes nothing: what it sealed
 * no other node could read, and its tenants' tokens would be strangers. A key that is absent where
 * it was a moment ago is asked for again. The fingerprint is a keyed hash and reveals no key.
 */
#include "flow/master_key.h"

#include "base/list.h"
#include "base/log_line.h"
#include "port/crypto.h"

#include <stdlib.h>

/* A node that starts asks before its link is up: a fixed pause would be the longest part of its
 * start. */
#define NAME SLICE_OF("master-key") /* no conversation has such an id */

enum { AGAIN_MS_MIN = 10, AGAIN_MS_MAX = 500 };

struct master_key {
    struct node *node;
    struct timer timer;
    uint64_t again_ms; /* the next pause */
    char mine[FINGERPRINT_LEN];
    bool is_right;
};

static void ask_again(struct master_key *key)
{
    struct timers *timers = key->node->timers;
    timers->ops->arm(timers, &key->timer, timers->ops->now_ms(timers) + key->again_ms);
    key->again_ms = key->again_ms * 2 < AGAIN_MS_MAX ? key->again_ms * 2 : AGAIN_MS_MAX;
}

static void on_right(struct master_key *key)
{
    key->is_right = true;
    node_open(key->node);
}

static void on_got(void *user, enum keystore_outcome outcome, struct slice theirs)
{
    struct master_key *key = user;
    if (outcome != KEYSTORE_OK) {
        ask_again(key);
    } else if (slice_equal(theirs, slice_make(key->mine, sizeof key->mine))) {
        on_right(key);
    } else {
        log_line(LOG_ERROR, "node.wrong_master_key", "mine=%.8s theirs=%.*s", key->mine,
                (int)(theirs.len < 8 ? theirs.len : 8), theirs.bytes);
        if (key->node->on_wrong_key != NULL)
            key->node->on_wrong_key(key->node->on_ready_user);
    }
}

static void on_put(void *user, enum keystore_outcome outcome, struct slice none)
{
    struct master_key *key = user;
    struct keystore *store = key->node->keystore;
    (void)none;
    if (outcome == KEYSTORE_OK)
        on_right(key);
    else if (outcome == KEYSTORE_TAKEN)
        store->ops->get(store, NAME, on_got, key);
    else
        ask_again(key);
}

static void on_due(struct timer *timer)
{
    struct master_key *key = LIST_ITEM(timer, struct master_key, timer);
    struct keystore *store = key->node->keystore;
    store->ops->put(store, NAME, slice_make(key->mine, sizeof key->mine), on_put, key);
}

bool master_key_is_right(const struct node *node)
{
    return node->master_key->is_right;
}

void master_key_look(struct node *node, keystore_done done, void *user)
{
    node->keystore->ops->get(node->keystore, NAME, done, user);
}

bool master_key_create(struct node *node)
{
    struct master_key *key = node->master_key = calloc(1, sizeof *key);
    if (key == NULL)
        return false;
    key->node = node;
    key->timer.on_due = on_due;
    key->again_ms = AGAIN_MS_MIN;
    crypto_fingerprint(node->settings->master_key, key->mine);
    node->timers->ops->arm(node->timers, &key->timer, node->timers->ops->now_ms(node->timers));
    return true;
}

void master_key_destroy(struct node *node)
{
    node->timers->ops->cancel(node->timers, &node->master_key->timer);
    free(node->master_key);
    node->master_key = NULL;
}
