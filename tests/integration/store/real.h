/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that tests of the real store wait on. */
#ifndef WEFT_TESTS_STORE_REAL_H
#define WEFT_TESTS_STORE_REAL_H

#include "redis_process.h"
#include "store/redis_store.h"

struct loop;

/* Made at first use, for the whole program. */
struct loop *real_loop(void);
/* Waits until *condition(user) holds; fails the case after ten seconds. */
void real_wait(bool (*condition)(void *user), void *user);
/* Waits until the store is in another generation than this. Returns it. */
uint64_t real_wait_generation(struct store *store, uint64_t other_than);
/* Options with short times, for that process or (NULL) to be filled in. */
struct redis_options real_options(const struct redis_process *process);
struct redis_store *real_store(const struct redis_options *options);
/* Destroys it and turns the loop until it is gone. */
void real_destroy(struct redis_store *store);
/* At the end of the program: kills the contract's server, frees the loop. */
void real_finish(void);

#endif
