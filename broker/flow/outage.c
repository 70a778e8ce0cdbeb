/* SPDX-License-Identifier: Apache-2.0 */
/* What is away for a moment shall cost a moment; what is away for long shall not be asked for by
 * everybody ten times a second.
 *
 *   told to wait ─── told again within twice that ──▶ the same outage, it lasts
 *        └───────────────── nobody for longer ───────▶ another one
 *
 * Invariant: nobody is told to wait longer than a third of what the outage has lasted, but for the
 * least wait; and the number of times that one who keeps to it is sent away grows as the logarithm
 * of its length, until the longest wait. The quarter more or less tears apart those who were sent
 * away in one moment.
 */
#include "flow/outage.h"

#include <stdbool.h>

enum { SLACK_MS = 200 }; /* for the way there and back */

uint64_t outage_wait_ms(struct outage *outage, const struct outage_bounds *bounds,
        uint64_t clock_ms, uint64_t drawn)
{
    bool is_over = clock_ms - outage->told_ms > 2 * outage->wait_ms + SLACK_MS;
    if (outage->told_ms == 0 || is_over)
        outage->since_ms = clock_ms;
    outage->told_ms = clock_ms;
    uint64_t wait_ms = (clock_ms - outage->since_ms) / 4;
    if (wait_ms < bounds->ms_min)
        wait_ms = bounds->ms_min;
    if (wait_ms > bounds->ms_max)
        wait_ms = bounds->ms_max;
    outage->wait_ms = wait_ms;
    return wait_ms - wait_ms / 4 + drawn % (wait_ms / 2 + 1);
}
