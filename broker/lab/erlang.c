/* SPDX-License-Identifier: Apache-2.0 */
/* Erlang C and Erlang A.
 *
 * Erlang A is the stationary distribution of a birth-death chain: with k in the system they leave
 * at min(k, n) / service + max(k - n, 0) / patience. It is summed outward from state n, where it is
 * close to its largest, so nothing over- or underflows before it stops to matter. Mean wait and
 * abandonment follow from the mean queue, by Little's law and the rate at which the queue is left.
 */
#include "lab/erlang.h"

#include "base/check.h"

static const double NEGLIGIBLE = 1e-16;

struct erlang erlang_c(double arrivals_per_s, double service_s, uint32_t agents)
{
    double load = arrivals_per_s * service_s, blocks = 1;
    check(load < (double)agents);
    for (uint32_t n = 1; n <= agents; n++)
        blocks = load * blocks / (n + load * blocks);
    double waits = agents * blocks / (agents - load * (1 - blocks));
    return (struct erlang){.waits = waits, .wait_mean_s = waits * service_s / (agents - load)};
}

/* The sum over the states below n, relative to the one of state n. */
static double sum_below(double load, uint32_t agents)
{
    double state = 1, sum = 0;
    for (uint32_t k = agents; k > 0 && state > NEGLIGIBLE; k--) {
        state *= k / load;
        sum += state;
    }
    return sum;
}

struct erlang erlang_a(double arrivals_per_s, double service_s, double patience_s, uint32_t agents)
{
    double below = sum_below(arrivals_per_s * service_s, agents);
    double state = 1, at_or_above = 1, queue = 0;
    for (uint32_t waiting = 1; state > NEGLIGIBLE * at_or_above; waiting++) {
        state *= arrivals_per_s / (agents / service_s + waiting / patience_s);
        at_or_above += state;
        queue += waiting * state;
    }
    double queue_mean = queue / (below + at_or_above);
    return (struct erlang){.waits = at_or_above / (below + at_or_above),
            .wait_mean_s = queue_mean / arrivals_per_s,
            .abandons = queue_mean / patience_s / arrivals_per_s};
}
