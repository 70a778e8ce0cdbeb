/* SPDX-License-Identifier: Apache-2.0 */
/* The key store port on a link of a made-up Redis, with all of that link's faults. */
#ifndef WEFT_TESTS_FAKE_KEYSTORE_H
#define WEFT_TESTS_FAKE_KEYSTORE_H

#include "base/list.h"
#include "port/keystore.h"
#include "port/store.h"

struct fake_keystore {
    struct keystore base;
    struct store *store; /* borrowed, from fake_server_join: cut, crash and doom it there */
    struct list waiting;
};

/* Join a server of its own, as in the broker: failovers of the logs then leave the keys alone. */
void fake_keystore_init(struct fake_keystore *keystore, struct store *store);
/* Forgets what is outstanding: call it after the store has crashed, or its server was destroyed. */
void fake_keystore_finish(struct fake_keystore *keystore);

#endif
