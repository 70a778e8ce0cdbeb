/* SPDX-License-Identifier: Apache-2.0 */
/* A store between a node and its link: it passes everything on, but for what a test changes in its
 * ops. One for each life of a node; world_bend makes them. */
#ifndef WEFT_TESTS_SIM_BENT_STORE_H
#define WEFT_TESTS_SIM_BENT_STORE_H

#include "world.h"

struct bent_store {
    struct store base; /* its ops are the ones below */
    struct store_ops ops;
    struct sim_node *sim;
};

/* owns: nobody frees it; a world's end is the process's. */
struct bent_store *bent_store_create(struct sim_node *sim);
static inline struct bent_store *bent_store_of(struct store *store)
{
    return (struct bent_store *)(void *)store;
}
/* The node's real link. */
static inline struct store *bent_store_link(struct store *store)
{
    return bent_store_of(store)->sim->store;
}
/* false: its node has died since. */
bool bent_store_is_alive(const struct bent_store *bent);

#endif
