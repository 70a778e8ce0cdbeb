/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from where a conversation stands. */
#ifndef WEFT_FLOW_FOLLOW_UP_H
#define WEFT_FLOW_FOLLOW_UP_H

#include "flow/conversations.h"

/* Brings everything outside the log in line with the fold: the open turn to a bot, the request to
 * the pool, the owner to the agents, settled obligations out of the due index. Looks only at the
 * state, so it may run at any time and any number of times. The fold must be loaded. */
void follow_up(struct chat *chat);

#endif
