/* SPDX-License-Identifier: Apache-2.0 */
/* When a link comes back, and when that would be no use. Pure. */
#ifndef WEFT_BOTS_LINK_RETRY_H
#define WEFT_BOTS_LINK_RETRY_H

#include "bots/sdk/c/link.h"

/* source: the close codes of proto/schema.yaml */
bool link_retry_is_use(const struct link_reason *reason);

/* The wait that a server asked for, within reason. */
uint64_t link_retry_floor_ms(uint64_t asked_ms);

#endif
