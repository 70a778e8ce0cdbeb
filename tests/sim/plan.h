/* SPDX-License-Identifier: Apache-2.0 */
/* What a seed means: how many nodes, which faults, when. A plan is made before the world begins and
 * draws from a stream of its own, so that taking a fault out of it leaves the others as they are:
 * that is how a failure is made small (shrink.c). */
#ifndef WEFT_TESTS_SIM_PLAN_H
#define WEFT_TESTS_SIM_PLAN_H

#include "lib/fake_hints.h"
#include "lib/fake_store.h"

#include <stdio.h>

enum { NODES_MAX = 4, FAULTS_MAX = 64, FAULT_MS = 20000 };

enum fault_kind {
    FAULT_NODE_DIES,     /* and lives again after ms */
    FAULT_NODE_STALLS,   /* stands still for ms, and goes on as if nothing had been */
    FAULT_LOGS_KILLED,   /* the Redis of the logs, for ms */
    FAULT_KEYS_KILLED,   /* the Redis of the keys, for ms */
    FAULT_LINK_CUT,      /* a node's link to the logs */
    FAULT_KEY_LINK_CUT,  /* a node's link to the keys */
    FAULT_HINTS_CUT,     /* a node's link to the hints */
    FAULT_HINTS_SILENT,  /* nobody hears a hint, and nobody knows, for ms */
    FAULT_FAIL_OVER,     /* another Redis is the master; links stay with the old one for ms */
    FAULT_CLOCK_FORWARD, /* Redis' clock, by ms */
    FAULT_CLOCK_BACK,
    FAULT_CLIENT_CUT,
    FAULT_KINDS,
};

struct fault {
    enum fault_kind kind;
    uint64_t at_ms, ms; /* since the faults began; how long, how far */
    unsigned who;       /* a node, or a client */
};

struct plan {
    uint64_t seed;
    unsigned node_count;
    bool is_lively; /* people do all that can be done, not only say things */
    bool is_lossy;  /* fsync everysec: a failover may lose what was acked */
    struct fake_faults wire;
    struct fake_bus_faults bus;
    unsigned bot_ignores_per_mille;
    uint64_t wrap_up_ms;   /* that an agent has with a case that was closed; 0: none */
    uint64_t erased_at_ms; /* when the last contact's conversation is to be erased; 0: it is not */
    bool attaches;         /* files, to what is said */
    bool calls_back;       /* who waits may be called back instead */
    bool saves_in_parts;   /* the pool, often: a value a part */
    struct fault faults[FAULTS_MAX];
    unsigned fault_count;
};

void plan_make(struct plan *plan, uint64_t seed);
/* One fault a line, each after "# ". */
void plan_print(const struct plan *plan, FILE *out);
const char *fault_name(enum fault_kind kind);

#endif
