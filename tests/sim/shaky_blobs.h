/* SPDX-License-Identifier: Apache-2.0 */
/* One node's way to a blob store that all share: slow, and failing now and then, with or without
 * having done what was asked. */
#ifndef WEFT_TESTS_SIM_SHAKY_BLOBS_H
#define WEFT_TESTS_SIM_SHAKY_BLOBS_H

#include "lib/fake_clock.h"
#include "port/blobs.h"

/* May be changed at any time. Chances are in a thousand, of each call. */
struct shaky_faults {
    unsigned fail_per_mille, full_per_mille; /* full: of what is put */
    uint64_t delay_ms_max;
};

struct shaky_blobs {
    struct blobs base;
    struct blobs *disk; /* borrowed: shared */
    struct fake_timers *timers;
    struct fake_random random;
    const struct shaky_faults *faults; /* borrowed */
    uint64_t life;
};

/* timers: they die with the node. */
void shaky_blobs_init(struct shaky_blobs *blobs, struct blobs *disk, struct fake_timers *timers,
        const struct shaky_faults *faults, uint64_t seed);
/* The node died: nothing that is under way completes for it. */
void shaky_blobs_crash(struct shaky_blobs *blobs);

#endif
