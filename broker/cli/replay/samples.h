/* SPDX-License-Identifier: Apache-2.0 */
/* Measured times, kept whole until the end: percentiles are exact. */
#ifndef WEFT_CLI_REPLAY_SAMPLES_H
#define WEFT_CLI_REPLAY_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    uint64_t *all; /* nanoseconds */
    size_t count;
};

void samples_add(struct samples *samples, uint64_t ns);
/* Milliseconds of the sample below which `percent` of 100 lie (nearest rank); 0 when there is
 * none. Sorts. */
double samples_percentile_ms(struct samples *samples, unsigned percent);
void samples_finish(struct samples *samples);

#endif
