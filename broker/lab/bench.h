/* SPDX-License-Identifier: Apache-2.0 */
/* How fast and how well the routing core matches: a made-up backlog, then a busy hour. */
#ifndef WEFT_LAB_BENCH_H
#define WEFT_LAB_BENCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BENCH_AGENTS_MAX = 50000,
    BENCH_SKILLS_MAX = 4096,
    BENCH_WAITING_MAX = 50000,
    BENCH_ROOM_MAX = 100,
};

struct bench_setup {
    uint32_t agents, skills, waiting;
    uint32_t room; /* chats that each agent may take */
    uint64_t seed;
    uint32_t rounds; /* of the busy hour */
};

struct bench_result {
    uint32_t matched;           /* of the waiting */
    double quality, dual_gap;   /* of the backlog's auction: worth over bound; 1 - quality */
    double quality_greedy;      /* of FIFO + best agent, against the same bound */
    double cpu_ms, fold_cpu_ms; /* deciding the whole backlog; folding the decisions */
    double batch_max_ms;        /* CPU of the longest slice of deciding */
    double greedy_cpu_ms;
    double decisions_per_s;      /* busy hour: one chat ends, decide, fold; both counted */
    double steady_quality;       /* of its decisions */
    uint64_t waiting_while_free; /* after the backlog; must be 0 */
};

/* Drives the pool of core/route through its entries, as the broker does.
 *
 * shape:   agents know five skills each; a request must have one and would like another; a third
 *          speaks another language; ages of up to ten minutes
 * units:   CPU time of this process, not the clock on the wall
 * errors:  false: no memory */
bool bench_run(const struct bench_setup *setup, struct bench_result *out);

#endif
