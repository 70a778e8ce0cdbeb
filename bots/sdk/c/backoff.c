/* SPDX-License-Identifier: Apache-2.0 */
/* The wait between attempts to connect.
 *
 * Invariant: never above the cap plus what the server asked for, so a client is back soon after a
 * restart, and spread over the whole range, so ten thousand clients are not back at once. A wish of
 * the server is a floor: the jitter comes on top of it.
 */
#include "bots/sdk/c/backoff.h"

uint64_t backoff_next_ms(struct backoff *backoff, uint64_t random, uint64_t at_least_ms)
{
    uint32_t doublings = backoff->failures < 16 ? backoff->failures : 16;
    uint64_t range = (uint64_t)BACKOFF_FIRST_MS << doublings;
    if (range > BACKOFF_CAP_MS)
        range = BACKOFF_CAP_MS;
    if (backoff->failures < UINT32_MAX)
        backoff->failures++;
    return at_least_ms + random % (range + 1);
}
