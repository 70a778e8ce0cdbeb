/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated world: some nodes, each with lives; the Redis that they share; the cast around
 * them. */
#ifndef WEFT_TESTS_SIM_WORLD_H
#define WEFT_TESTS_SIM_WORLD_H

#include "cast.h"
#include "flow/conversations.h"
#include "flow/seed.h"
#include "lib/fake_blobs.h"
#include "lib/fake_hints.h"
#include "lib/fake_keystore.h"
#include "lib/fake_store.h"
#include "lib/fake_verifier.h"
#include "plan.h"
#include "shaky_blobs.h"

enum {
    CONTACTS = 2,
    DEVICES = 4, /* two a contact */
    AGENTS = 3,
    DESKS = 4, /* the first agent sits at two, and a supervisor at the last one */
    BOTS = 2,
    SUPERVISOR = 2, /* the agent who is one */
    CAPACITY = 2,
    DUE_BUCKETS = 8,       /* a look at an empty one teaches nothing */
    DEEDS = 10,            /* of a device: words, and what is done to them */
    UNATTENDED_MS = 90000, /* at most: less when all is settled before */
    REST_MS = 400000,
    LOG_MAX = 600,
    WORLD_WORDS_MAX = 200,
};

struct sim_node {
    struct world *world;
    unsigned index;
    struct store *store, *key_store;
    struct hints *hints;
    struct fake_keystore keystore;
    struct fake_verifier verifier;
    struct fake_timers timers;
    struct fake_random random;
    struct fake_peers *peers;
    struct node *node; /* NULL: it is dead. Its memory is kept: nothing may point into it. */
    struct timer rebirth;
    struct shaky_blobs blobs;
    struct fake_web web;
};

struct planned {
    struct timer timer;
    struct world *world;
    const struct fault *fault;
    bool is_over; /* the timer is that of its end */
};

struct world {
    struct plan plan;
    struct fake_clock clock;
    struct fake_random random; /* of the cast */
    struct fake_server *server, *key_server;
    struct fake_bus *bus;
    struct fake_timers cast_timers, world_timers;
    struct node_settings settings;
    struct sim_node nodes[NODES_MAX];
    struct fake_peers *doors[NODES_MAX]; /* of all nodes, for the cast to choose from */
    struct planned planned[FAULTS_MAX];
    bool is_quiet, is_seeded, is_looked_at;
    unsigned agents_made;
    char unattended[WORLD_WORDS_MAX]; /* what was left open while nobody looked on; empty: nothing
                                       */
    const char *unknown; /* what somebody still did not know in the end; NULL: nothing */
    struct seed seeding;
    struct seed_tenant tenant;
    struct seed_bot bot_seed;
    struct device devices[DEVICES];
    struct bot_worker bots[BOTS];
    struct agent_model desks[DESKS];
    struct heard heard;
    struct split {
        uint64_t from_ms, to_ms;
    } splits[FAULTS_MAX]; /* an old master is still talked to, by some */
    unsigned split_count;
    struct erasure {
        struct timer timer;
        char conversation[32];
        uint64_t done_ms; /* 0: not yet */
    } erasure;
    struct world_files {
        struct fake_blobs disk;
        struct shaky_faults faults;
        struct fake_web *webs[NODES_MAX];
    } files;
    uint64_t quiet_ms; /* when the faults had ended, by the clock on the wall */
    uint64_t faults_done[FAULT_KINDS];
    uint64_t writes_lost;
    uint64_t steps;
};

/* world.c */
enum trace { TRACE_NONE, TRACE_KEPT, TRACE_PRINTED };
void world_begin(struct world *world, const struct plan *plan, enum trace trace);
void world_run(struct world *world); /* the faults, then rest */
void world_end(struct world *world);
void world_run_for(struct world *world, uint64_t ms);

/* faults.c */
void faults_begin(struct world *world);
void faults_end(struct world *world);

/* erasure.c: somebody has a contact forgotten, and asks until it is done. */
void erasure_begin(struct world *world);
/* Is nothing of it there any more, and was nothing shown? NULL: so it is. */
const char *erasure_judge(struct world *world);
/* What comes after it is done, too. */
bool erasure_is_settled(struct world *world);
/* Some may rightly go on as if there had been none. */
bool erasure_is_unheard(const struct world *world);

/* files.c: where files lie, in worlds that attach some. */
void files_begin(struct world *world);
void files_shake(struct world *world); /* with the faults; */
void files_rest(struct world *world);  /* and without */
/* For the disk an hour goes by, and whoever sweeps does. */
void files_grow_old(struct world *world);
const char *files_judge(const struct world *world);
void files_end(struct world *world);

/* life.c: a node's lives, and what is in the world before the cast comes. */
void sim_node_live(struct sim_node *sim);
/* A store that stands between a node and its link, for recalls; NULL: none. */
extern struct store *(*world_bend)(struct sim_node *sim);
void sim_node_die(struct sim_node *sim);
struct sim_node *world_living_node(struct world *world); /* the first that lives; NULL: none */
void world_set_up(struct world *world);

/* epilogue.c: all rests, and what people can know of each other they must now get to know. */
void world_look_back(struct world *world);

/* verdict.c: everything has come to rest; and what is wrong then, NULL: nothing. */
bool is_at_rest(struct world *world);
bool is_settled_alone(struct world *world); /* all customers are gone, and nothing is left to do */
const char *judge(struct world *world);

/* verdict_pool.c: is the pool what its log says, and is each snapshot in it? */
const char *judge_pool(struct world *world);

#endif
