/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier port on virtual time: true answers, in order, some milliseconds later. */
#ifndef WEFT_TESTS_FAKE_VERIFIER_H
#define WEFT_TESTS_FAKE_VERIFIER_H

#include "lib/fake_clock.h"
#include "port/verifier.h"

struct fake_verifier {
    struct verifier base;
    struct fake_timers *timers; /* of the process: its death is the verifier's */
    struct fake_random random;
    struct list waiting;
    struct timer timer;
    size_t count, count_max;
    uint64_t ms_min, ms_max; /* an answer comes after so many */
};

/* count_max: how many may wait; who comes then is told no. Also for a process that died: what it
 * waited for is forgotten. */
void fake_verifier_init(struct fake_verifier *verifier, struct fake_timers *timers, uint64_t seed);

#endif
