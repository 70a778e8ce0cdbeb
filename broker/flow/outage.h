/* SPDX-License-Identifier: Apache-2.0 */
/* How long something has been away, and for how long whoever is sent away shall wait. */
#ifndef WEFT_FLOW_OUTAGE_H
#define WEFT_FLOW_OUTAGE_H

#include <stdint.h>

/* Zeroed: there is none. */
struct outage {
    uint64_t since_ms, told_ms, wait_ms; /* wait_ms: what the last one was told, but for chance */
};

struct outage_bounds {
    uint64_t ms_min, ms_max;
};

/* A quarter of how long it has lasted, within the bounds, and up to a quarter more or less.
 *
 * units: clock_ms is monotonic; drawn: random bits */
uint64_t outage_wait_ms(struct outage *outage, const struct outage_bounds *bounds,
        uint64_t clock_ms, uint64_t drawn);

#endif
