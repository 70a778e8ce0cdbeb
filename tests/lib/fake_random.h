/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded stream of random numbers: the same seed gives the same run. */
#ifndef WEFT_TESTS_FAKE_RANDOM_H
#define WEFT_TESTS_FAKE_RANDOM_H

#include "port/random.h"

#include <stdbool.h>
#include <stdint.h>

struct fake_random {
    struct random base; /* the port; first, so that the two pointers are one */
    uint64_t state;
};

void fake_random_init(struct fake_random *random, uint64_t seed);
uint64_t fake_random_u64(struct fake_random *random);
/* 0..bound-1; 0 when the bound is 0. */
uint64_t fake_random_below(struct fake_random *random, uint64_t bound);
/* low..high, both included. */
uint64_t fake_random_between(struct fake_random *random, uint64_t low, uint64_t high);
/* True in per_mille of a thousand draws. Draws nothing when per_mille is 0, so that a fault
 * switched off leaves the rest of a run as it was. */
bool fake_random_chance(struct fake_random *random, unsigned per_mille);

#endif
