/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation against closed forms: one chat an agent, exponential times, no skills. */
#ifndef WEFT_LAB_SELF_CHECK_H
#define WEFT_LAB_SELF_CHECK_H

#include "lab/erlang.h"
#include "lab/spread.h"

#include <stdbool.h>

enum { SELF_CHECK_SYSTEMS = 6, SELF_CHECK_FIGURES = 3 };

struct self_check_system {
    const char *name;
    double per_hour, service_s, patience_s; /* patience 0: Erlang C, else Erlang A */
    uint32_t agents, hours;                 /* hours of one run */
    uint32_t values,
            runs; /* that narrow the intervals enough: values, each a mean of so many runs */
};

extern const struct self_check_system self_check_systems[SELF_CHECK_SYSTEMS];

struct self_check_figure {
    const char *name;
    double closed_form;
    struct spread ratio; /* what was seen over what the closed form says; one value a run */
};

struct self_check {
    struct self_check_figure figures[SELF_CHECK_FIGURES];
    uint32_t figure_count;
    uint64_t waiting_while_free, customers;
};

/* Simulates values x runs times, with different customers each; adds to nothing.
 *
 * errors: false: no memory */
bool self_check_run(const struct self_check_system *system, uint32_t values, uint32_t runs,
        uint64_t seed, struct self_check *out);

/* Percent by which the simulation is off, and half the width of the 95 % interval of that. */
double self_check_off_pct(const struct self_check_figure *figure, double *out_half_width);

#endif
