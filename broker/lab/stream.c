/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of random numbers, by a counter that is hashed (splitmix64).
 *
 * Invariant: a stream depends on seed, number and purpose only, never on what was drawn elsewhere;
 * common random numbers across policies rest on that.
 */
#include "lab/stream.h"

#include <math.h>

static const double POISSON_PART = 32; /* exp(-32) is far from underflow */

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

struct stream stream_of(uint64_t seed, uint64_t number, enum stream_purpose purpose)
{
    uint64_t state = mix(seed + 0x9e3779b97f4a7c15u);
    state = mix(state ^ (number + 0x632be59bd9b4e019u));
    return (struct stream){mix(state ^ ((uint64_t)purpose + 1) * 0xd1b54a32d192ed03u)};
}

static uint64_t next(struct stream *stream)
{
    stream->state += 0x9e3779b97f4a7c15u;
    return mix(stream->state);
}

double stream_unit(struct stream *stream)
{
    return ((double)(next(stream) >> 12) + 0.5) * 0x1p-52;
}

double stream_exponential(struct stream *stream, double mean)
{
    return -mean * log(stream_unit(stream));
}

double stream_lognormal(struct stream *stream, double variation)
{
    double sigma_squared = log1p(variation * variation);
    double radius = sqrt(-2 * log(stream_unit(stream)));
    double normal = radius * cos(2 * M_PI * stream_unit(stream));
    return exp(sqrt(sigma_squared) * normal - sigma_squared / 2);
}

/* Knuth's product of uniforms, for a mean of at most POISSON_PART. */
static uint64_t poisson_part(struct stream *stream, double mean)
{
    double limit = exp(-mean), product = stream_unit(stream);
    uint64_t count = 0;
    for (; product > limit; count++)
        product *= stream_unit(stream);
    return count;
}

uint64_t stream_poisson(struct stream *stream, double mean)
{
    uint64_t count = 0;
    for (; mean > POISSON_PART; mean -= POISSON_PART)
        count += poisson_part(stream, POISSON_PART);
    return mean > 0 ? count + poisson_part(stream, mean) : count;
}
