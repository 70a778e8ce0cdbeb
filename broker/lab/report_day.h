/* SPDX-License-Identifier: Apache-2.0 */
/* What each interval of a day needs, and the schedules made of it: for report.c and report_svg.c.
 */
#ifndef WEFT_LAB_REPORT_DAY_H
#define WEFT_LAB_REPORT_DAY_H

#include "lab/comparison.h"

#include <stdio.h>

/* The policy whose schedule is shown: weft, or the first. */
const struct policy_figures *report_day_policy(const struct comparison *comparison);

void report_day_table(const struct comparison *comparison, FILE *out);
/* Members of an object, each with a comma before it. */
void report_day_json(const struct comparison *comparison, FILE *out);
void report_schedule_json(const struct policy_figures *figures, FILE *out);
void report_day_svg(const struct comparison *comparison, double top, FILE *out);

#endif
