/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a run: one line of JSON on standard output. */
#ifndef WEFT_BENCH_REPORT_H
#define WEFT_BENCH_REPORT_H

#include "load.h"

/* From here on the generator's own time counts, and load.begin_ns is set. */
void report_measuring(void);
/* A second to warm up, then report_measuring, is_measuring is true, and load.seconds pass.
 * before_turn: NULL, or what each turn of the net begins with; returns for how many milliseconds
 * the net may wait then. */
void report_measure(bool *is_measuring, int (*before_turn)(void));
void report_begin(void); /* with workload, dialect, customers, seconds */
void report_number(const char *name, double value);
void report_samples(const char *prefix, const struct samples *samples); /* p50_ms p99_ms p999_ms */
void report_end(void); /* with generator_cpu_s and generator_share of the measured time */

#endif
