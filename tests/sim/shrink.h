/* SPDX-License-Identifier: Apache-2.0 */
/* Runs plans in processes of their own, and makes a plan that fails small. */
#ifndef WEFT_TESTS_SIM_SHRINK_H
#define WEFT_TESTS_SIM_SHRINK_H

#include "plan.h"

#include <stdbool.h>

/* In this process. NULL: everything held, else what did not; borrowed until the next run. trace:
 * NULL, or where the end of the trace goes. */
const char *plan_run(const struct plan *plan, FILE *trace);
/* Of the last plan_run: equal for equal runs, and hardly for others. */
uint64_t plan_digest(void);

/* In a process of its own, which may end as it likes: a crash is a failure too, and what the nodes
 * that died left in memory goes with it. out_why: what did not hold, empty if all did. */
enum { WHY_MAX = 300 };
bool plan_holds(const struct plan *plan, char out_why[WHY_MAX]);

/* Takes out of a failing plan whatever it fails without. Returns how many plans were tried. */
unsigned plan_shrink(struct plan *plan);

struct failed_seed {
    uint64_t seed;
    char why[WHY_MAX];
};

/* Runs the plans of the seeds first..last in so many processes. Those that failed are printed at
 * once and go to out_failed, at most room of them; returns how many failed. SIGINT and SIGTERM end
 * it early: then *last says how far it came. */
uint64_t seeds_run(
        uint64_t first, uint64_t *last, unsigned jobs, struct failed_seed *out_failed, size_t room);

#endif
