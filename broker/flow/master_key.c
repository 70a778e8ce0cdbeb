/* SPDX-License-Identifier: Apache-2.0 */
/* The fingerprint of the master key lies in the key store: put by the first node that ever ran
 * there, compared by each that comes. So does a mark of the key store's birth, drawn by chance.
 *
 *   asked: put, if there is none ── mine is there now: right ── the same with the birth: open
 *       ▲                       └── there is one: get ── the same: right
 *       └── no answer: soon ──────────┘              └── another: told once, never open
 *
 * Invariant: a node that holds another key opens to nobody, so it writes nothing: what it sealed
 * no other node could read, and its tenants' tokens would be strangers. A key that is absent where
 * it was a moment ago is asked for again. The fingerprint is a keyed hash and reveals no key.
 * A key store that was emptied has another birth, whoever has started since.
 */
#include "flow/master_key.h"

#include "base/list.h"
#include "base/log_line.h"
#include "port/crypto.h"

#include <stdlib.h>
#include <string.h>

/* A node that starts asks before its link is up: a fixed pause would be the longest part of its
 * start. */
/* No conversation has such an id. */
#define NAME SLICE_OF("master-key")
#define BIRTH SLICE_OF("birth")

enum { AGAIN_MS_MIN = 10, AGAIN_MS_MAX = 500, BIRTH_LEN = 16 };

struct master_key {
    struct node *node;
    struct timer timer;
    uint64_t again_ms; /* the next pause */
    char mine[FINGERPRINT_LEN];
    char birth[BIRTH_LEN]; /* the key store's, as this node found it */
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

static void on_birth_got(void *user, enum keystore_outcome outcome, struct slice birth)
{
    struct master_key *key = user;
    if (outcome != KEYSTORE_OK || birth.len != BIRTH_LEN) {
        ask_again(key);
        return;
    }
    memcpy(key->birth, birth.bytes, BIRTH_LEN);
    on_right(key);
}

static void on_birth_put(void *user, enum keystore_outcome outcome, struct slice none)
{
    struct master_key *key = user;
    (void)none;
    if (outcome == KEYSTORE_OK)
        on_right(key);
    else if (outcome == KEYSTORE_TAKEN)
        master_key_ask_birth(key->node, on_birth_got, key);
    else
        ask_again(key);
}

static void put_birth(struct master_key *key)
{
    struct keystore *store = key->node->keystore;
    key->node->random->fill(key->node->random, key->birth, BIRTH_LEN);
    store->ops->put(store, BIRTH, slice_make(key->birth, BIRTH_LEN), on_birth_put, key);
}

static void on_got(void *user, enum keystore_outcome outcome, struct slice theirs)
{
    struct master_key *key = user;
    if (outcome != KEYSTORE_OK) {
        ask_again(key);
    } else if (slice_equal(theirs, slice_make(key->mine, sizeof key->mine))) {
        put_birth(key);
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
        put_birth(key);
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

void master_key_ask_birth(struct node *node, keystore_done done, void *user)
{
    node->keystore->ops->get(node->keystore, BIRTH, done, user);
}

bool master_key_is_birth(const struct node *node, struct slice birth)
{
    return slice_equal(birth, slice_make(node->master_key->birth, BIRTH_LEN));
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
