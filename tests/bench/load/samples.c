/* SPDX-License-Identifier: Apache-2.0 */
/* How long things took: a histogram whose buckets grow with the value.
 *
 * Invariant: bucket i of octave o begins at 2^o (1 + i/64) microseconds, so a percentile is right
 * to 1.6 %, whatever the range; below 64 us a bucket is one microsecond.
 */
#include "load.h"

enum { STEPS = 64, STEP_BITS = 6 };

static uint64_t bucket_of(uint64_t us)
{
    if (us < STEPS)
        return us;
    unsigned octave = 63u - (unsigned)__builtin_clzll(us);
    uint64_t bucket =
            (uint64_t)(octave - STEP_BITS + 1) * STEPS + ((us >> (octave - STEP_BITS)) - STEPS);
    return bucket < SAMPLE_BUCKETS ? bucket : SAMPLE_BUCKETS - 1;
}

static double bucket_us(uint64_t bucket)
{
    if (bucket < STEPS)
        return (double)bucket;
    uint64_t octave = bucket / STEPS - 1;
    return (double)((STEPS + bucket % STEPS) << octave);
}

void samples_add(struct samples *samples, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t us = to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;
    samples->buckets[bucket_of(us)]++;
    samples->count++;
}

double samples_ms(const struct samples *samples, double part)
{
    uint64_t wanted = (uint64_t)((double)samples->count * part), seen = 0;
    for (uint64_t i = 0; i < SAMPLE_BUCKETS; i++) {
        seen += samples->buckets[i];
        if (seen > wanted)
            return bucket_us(i) / 1000.0;
    }
    return 0;
}
