/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison for a person's eyes, for a program, and as a picture. */
#ifndef WEFT_LAB_REPORT_H
#define WEFT_LAB_REPORT_H

#include "lab/comparison.h"

#include <stdio.h>

void report_table(const struct comparison *comparison, FILE *out);
/* One object on one line; described in docs/how-to/simulate.md. */
void report_json(const struct comparison *comparison, FILE *out);
/* Agents and waits per policy, as bars with their confidence intervals. */
void report_svg(const struct comparison *comparison, FILE *out);

#endif
