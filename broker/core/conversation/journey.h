/* SPDX-License-Identifier: Apache-2.0 */
/* Which events of the journey came lately, so that one that is sent again is not taken again.
 *
 * Invariant: the newest JOURNEY_WINDOW events are in it, the oldest first. It is as long as what a
 * sender may have on its way at once, so every retry of those is known.
 */
#ifndef WEFT_CORE_CONVERSATION_JOURNEY_H
#define WEFT_CORE_CONVERSATION_JOURNEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOURNEY_WINDOW = 64 };

struct journey {
    uint64_t digests[JOURNEY_WINDOW];
    uint8_t count;
};

bool journey_knows(const struct journey *journey, uint64_t digest);
void journey_record(struct journey *journey, uint64_t digest);

#endif
