/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated world: one node's lives, its made-up Redis, and the cast around it. */
#ifndef WEFT_TESTS_SIM_WORLD_H
#define WEFT_TESTS_SIM_WORLD_H

#include "cast.h"
#include "flow/conversations.h"
#include "flow/seed.h"
#include "lib/fake_keystore.h"
#include "lib/fake_store.h"

enum {
    CONTACTS = 2,
    DEVICES = 4,
    AGENTS = 2,
    CAPACITY = 2,
    MESSAGES = 8,
    FAULT_MS = 40000,
    UNATTENDED_MS = 90000,
    REST_MS = 400000,
    LIVES_MAX = 16,
    LOG_MAX = 600,
};

struct world {
    uint64_t seed;
    struct fake_clock clock;
    struct fake_random random;
    struct fake_server *server, *key_server;
    struct store *store, *key_store;
    struct fake_keystore keystore;
    struct fake_timers node_timers, cast_timers, world_timers;
    struct fake_random node_random;
    struct fake_peers *peers;
    struct node_settings settings;
    struct node *node, *lives[LIVES_MAX];
    size_t life_count;
    struct timer fault;
    bool is_quiet, is_set_up, is_looked_at;
    const char *unattended; /* what was left open while nobody looked on; NULL: nothing */
    struct seed seeding;
    struct seed_tenant tenant;
    struct seed_bot bot_seed;
    struct device devices[DEVICES];
    struct bot_worker bot;
    struct agent_model agents[AGENTS];
    uint64_t crashes, kills;
};

/* verdict.c: everything has come to rest; and what is wrong then, NULL: nothing. */
bool is_at_rest(struct world *world);
const char *judge(struct world *world);
struct chat *chat_of(struct world *world, const struct device *device);

#endif
