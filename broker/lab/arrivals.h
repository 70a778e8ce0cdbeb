/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of arrivals by time slot, and the customers that are made of them. */
#ifndef WEFT_LAB_ARRIVALS_H
#define WEFT_LAB_ARRIVALS_H

#include "lab/scenario.h"

enum { ARRIVALS_SLOTS_MAX = 288, ARRIVALS_DAYS_MAX = 4000, ARRIVALS_COUNT_MAX = 1000000 };

struct arrival_slot {
    uint32_t day, slot; /* rising */
    double count;
};

struct arrivals {
    struct arrival_slot *slots;
    size_t slot_count;
    uint32_t slot_s;       /* how long a slot is */
    uint32_t days;         /* different ones */
    uint32_t slots_of_day; /* the highest slot of any day, plus 1 */
};

/* Reads the header day,slot_5min,calls and a row for each slot, in rising order.
 *
 * shape:   keeps days first_day .. first_day + days_max - 1, counted in the file's order from 0
 * owns:    arrivals_finish() what was read
 * errors:  false: out_why is a sentence and out_line its line (0: none) */
bool arrivals_read(const char *path, uint32_t first_day, uint32_t days_max, struct arrivals *out,
        char out_why[256], uint32_t *out_line);
/* The same number in every slot. errors: false: no memory */
bool arrivals_constant(double per_hour, uint32_t hours, uint32_t days, struct arrivals *out);
void arrivals_finish(struct arrivals *arrivals);

struct customer {
    uint64_t arrives_ms;
    uint64_t patience_ms; /* UINT64_MAX: for ever */
    double work_ms;       /* at one chat at a time, at level 1000 */
    uint32_t kind;
};

struct customers {
    struct customer *all; /* by arrival */
    size_t count;
    uint32_t days, from_s, to_s; /* open on so many days, between these times */
};

/* Draws them: the same for every policy and number of agents.
 *
 * units:   time 0 is midnight before the first day
 * owns:    customers_finish() what was made
 * errors:  false: no memory, or more customers than a simulation holds */
bool customers_make(const struct scenario *scenario, const struct arrivals *arrivals, uint64_t seed,
        struct customers *out);
/* Those who arrive between these times of any day. errors: false: no memory */
bool customers_of_interval(
        const struct customers *customers, uint32_t from_s, uint32_t to_s, struct customers *out);
void customers_finish(struct customers *customers);

#endif
