/* SPDX-License-Identifier: Apache-2.0 */
/* The key store on a real Redis of its own, apart from the logs. */
#ifndef WEFT_STORE_REDIS_KEYSTORE_H
#define WEFT_STORE_REDIS_KEYSTORE_H

#include "port/keystore.h"
#include "port/timers.h"
#include "store/redis_options.h"

#include <stdbool.h>

struct redis_keystore;
struct uv_loop_s;

/* Connects from the loop, again and again until it is destroyed. The server must fsync always:
 * a key lost is a conversation lost, a destroyed key that is back is a promise broken.
 *
 * errors: NULL when the options are no good (it is logged), or out of memory */
struct redis_keystore *redis_keystore_create(
        struct uv_loop_s *loop, struct timers *timers, const struct redis_options *options);

/* Outstanding requests never complete. order: the loop must turn once more after it. */
void redis_keystore_destroy(struct redis_keystore *keystore);

/* Borrowed, for the life of the key store. */
struct keystore *redis_keystore_port(struct redis_keystore *keystore);
bool redis_keystore_is_up(const struct redis_keystore *keystore);

#endif
