/* SPDX-License-Identifier: Apache-2.0 */
/* From what each interval needs to a schedule that keeps the target. */
#ifndef WEFT_LAB_SCHEDULING_H
#define WEFT_LAB_SCHEDULING_H

#include "lab/comparison.h"

/* Covers the needs of figures->interval_agents by shifts, lives through all replications with that
 * schedule, and asks for one more where most customers were not answered in time, until the target
 * is kept over all of them. Fills in what figures says of its schedule.
 *
 * errors: false: out_why is a sentence */
bool scheduling_find(const struct comparison_setup *setup, const struct schedule_day *day,
        struct policy_figures *figures, char out_why[256]);

#endif
