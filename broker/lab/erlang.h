/* SPDX-License-Identifier: Apache-2.0 */
/* Closed forms for queues of one kind: what the simulation must agree with. */
#ifndef WEFT_LAB_ERLANG_H
#define WEFT_LAB_ERLANG_H

#include <stdint.h>

struct erlang {
    double waits;       /* the share of customers who do not get an agent at once */
    double wait_mean_s; /* over all customers, those who leave and those who wait 0 included */
    double abandons;    /* the share who leave */
};

/* M/M/n: nobody leaves. The load must be below the number of agents.
 *
 * units:   per second, seconds
 * source:  A. K. Erlang (1917), by the recursion of Erlang B */
struct erlang erlang_c(double arrivals_per_s, double service_s, uint32_t agents);

/* M/M/n+M: everybody has an exponential patience.
 *
 * source:  C. Palm (1957); Garnett, Mandelbaum, Reiman, "Designing a call center with impatient
 *          customers" (2002): here by the stationary distribution of the birth-death chain */
struct erlang erlang_a(double arrivals_per_s, double service_s, double patience_s, uint32_t agents);

#endif
