/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that belong to somebody: the stream of one customer or one slot of arrivals is
 * fixed by the seed and their number alone. So every policy meets the very same customers, and one
 * customer more or less changes nothing for the others. */
#ifndef WEFT_LAB_STREAM_H
#define WEFT_LAB_STREAM_H

#include <stdint.h>

struct stream {
    uint64_t state;
};

enum stream_purpose { STREAM_COUNT, STREAM_TIMES, STREAM_KIND, STREAM_PATIENCE, STREAM_SERVICE };

struct stream stream_of(uint64_t seed, uint64_t number, enum stream_purpose purpose);

/* Above 0, below 1. */
double stream_unit(struct stream *stream);
double stream_exponential(struct stream *stream, double mean);
/* Mean 1 with the given coefficient of variation. */
double stream_lognormal(struct stream *stream, double variation);
uint64_t stream_poisson(struct stream *stream, double mean);

#endif
