/* SPDX-License-Identifier: Apache-2.0 */
/* What a run counts. */
#ifndef WEFT_LAB_TALLY_H
#define WEFT_LAB_TALLY_H

#include "lab/simulation.h"

struct tally {
    const struct simulation *setup;
    uint64_t arrived, answered, abandoned, in_time, delayed, offers, waiting_while_free, digest;
    uint64_t breaches, gap_sum; /* gap_sum: per mille, of each offer */
    double held_out_ms;
    double abandoned_wait_ms;
    uint64_t *waits_ms; /* of the answered */
};

/* errors: false: no memory */
bool tally_init(struct tally *tally, const struct simulation *setup);
void tally_finish(struct tally *tally);

void tally_arrived(struct tally *tally, const struct customer *who);
void tally_answered(
        struct tally *tally, const struct customer *who, uint64_t now_ms, uint32_t agent);
void tally_abandoned(struct tally *tally, const struct customer *who);

/* Fills in all but occupancy and utilisation. */
void tally_report(struct tally *tally, struct simulation_result *out);

#endif
