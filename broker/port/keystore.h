/* SPDX-License-Identifier: Apache-2.0 */
/* The key store: wrapped conversation keys, apart from the logs and their backups.
 *
 * Same rules of completion as port/store.h. A key is written once and destroyed once; a destroyed
 * key never comes back.
 */
#ifndef WEFT_PORT_KEYSTORE_H
#define WEFT_PORT_KEYSTORE_H

#include "base/slice.h"

#include <stdint.h>

enum keystore_outcome { KEYSTORE_OK, KEYSTORE_TAKEN, KEYSTORE_ABSENT, KEYSTORE_UNKNOWN };

typedef void (*keystore_done)(void *user, enum keystore_outcome outcome, struct slice wrapped);

struct keystore;

struct keystore_ops {
    /* TAKEN when the id has a key already. Durable when OK. */
    void (*put)(
            struct keystore *, struct slice id, struct slice wrapped, keystore_done, void *user);
    void (*get)(struct keystore *, struct slice id, keystore_done, void *user);
    /* OK also when it was absent. Durable when OK. */
    void (*destroy)(struct keystore *, struct slice id, keystore_done, void *user);
};

struct keystore {
    const struct keystore_ops *ops;
};

#endif
