/* SPDX-License-Identifier: Apache-2.0 */
/* The key store port in terms of the store port: a key is a claimed value.
 *
 * Invariant: every outcome of the store's becomes one of the key store's; a full server counts as
 * unknown, since the key store has no word for it.
 */
#include "lib/fake_keystore.h"

#include "base/buffer.h"
#include "base/check.h"

#include <stdlib.h>

struct waiting {
    struct list at;
    keystore_done done;
    void *user;
};

static struct waiting *wait_for(struct keystore *base, keystore_done done, void *user)
{
    struct waiting *waiting = malloc(sizeof *waiting);
    check(waiting != NULL);
    *waiting = (struct waiting){.done = done, .user = user};
    list_append(&((struct fake_keystore *)(void *)base)->waiting, &waiting->at);
    return waiting;
}

static enum keystore_outcome outcome_of(enum store_outcome outcome)
{
    switch (outcome) {
    case STORE_OK:
        return KEYSTORE_OK;
    case STORE_REFUSED:
        return KEYSTORE_TAKEN;
    case STORE_ABSENT:
        return KEYSTORE_ABSENT;
    case STORE_FULL:
    case STORE_UNKNOWN:
        return KEYSTORE_UNKNOWN;
    }
    return KEYSTORE_UNKNOWN;
}

static void on_reply(void *user, const struct store_reply *reply)
{
    struct waiting waiting = *(struct waiting *)user;
    list_remove(&((struct waiting *)user)->at);
    free(user);
    if (waiting.done != NULL)
        waiting.done(waiting.user, outcome_of(reply->outcome), reply->value);
}

static struct slice key_of(struct slice id, struct buffer *buffer)
{
    buffer_put(buffer, "k:", 2);
    buffer_put_slice(buffer, id);
    check(!buffer->overflowed);
    return buffer_slice(buffer);
}

static void put(struct keystore *base, struct slice id, struct slice wrapped, keystore_done done,
        void *user)
{
    struct store *store = ((struct fake_keystore *)(void *)base)->store;
    char bytes[256];
    struct buffer buffer = buffer_make(bytes, sizeof bytes);
    store->ops->claim(store, key_of(id, &buffer), wrapped, on_reply, wait_for(base, done, user));
}

static void get(struct keystore *base, struct slice id, keystore_done done, void *user)
{
    struct store *store = ((struct fake_keystore *)(void *)base)->store;
    char bytes[256];
    struct buffer buffer = buffer_make(bytes, sizeof bytes);
    store->ops->get(store, key_of(id, &buffer), on_reply, wait_for(base, done, user));
}

static void destroy(struct keystore *base, struct slice id, keystore_done done, void *user)
{
    struct store *store = ((struct fake_keystore *)(void *)base)->store;
    char bytes[256];
    struct buffer buffer = buffer_make(bytes, sizeof bytes);
    store->ops->remove(store, key_of(id, &buffer), on_reply, wait_for(base, done, user));
}

static const struct keystore_ops ops = {put, get, destroy};

void fake_keystore_init(struct fake_keystore *keystore, struct store *store)
{
    *keystore = (struct fake_keystore){.base = {&ops}, .store = store};
    list_init(&keystore->waiting);
}

void fake_keystore_finish(struct fake_keystore *keystore)
{
    LIST_EACH (node, next, &keystore->waiting) {
        list_remove(node);
        free(LIST_ITEM(node, struct waiting, at));
    }
}
