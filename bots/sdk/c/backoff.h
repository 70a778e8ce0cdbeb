/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait before the next attempt: exponential, with full jitter. */
#ifndef WEFT_BOTS_BACKOFF_H
#define WEFT_BOTS_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 50, BACKOFF_CAP_MS = 2000 };

struct backoff {
    uint32_t failures; /* in a row */
};

/* The wait before the next attempt; counts one more failure.
 *
 * units:  milliseconds; at_least_ms is what the server asked for, 0 when it did not
 * source: "Exponential Backoff And Jitter", full jitter: uniform in [0, min(cap, first * 2^n)] */
uint64_t backoff_next_ms(struct backoff *backoff, uint64_t random, uint64_t at_least_ms);

static inline void backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}

#endif
