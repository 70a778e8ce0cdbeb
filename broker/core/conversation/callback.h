/* SPDX-License-Identifier: Apache-2.0 */
/* A callback: the customer of a waiting case need not wait, somebody comes back to them.
 *
 *   none --asked--> agreed --the case is an agent's, who records--> reached: none
 *                      ^                                      `---> not reached: agreed, an
 *                      |                                            attempt more, due again later
 *                      `-- (cancelled, or the customer writes: none; the case waits as any other)
 *
 * The case stays queued all the while, with its age. Until it is due it has no request in the pool;
 * then it waits there at the place that its age gives it.
 */
#ifndef WEFT_CORE_CONVERSATION_CALLBACK_H
#define WEFT_CORE_CONVERSATION_CALLBACK_H

#include "core/conversation/entry.h"

enum { CALLBACK_ADDRESS_MAX = DISPLAY_NAME_MAX, CALLBACK_CHANNEL_MAX = 16 };

struct callback {
    uint8_t channel_len; /* 0: none is agreed */
    uint8_t address_len; /* 0: none is needed */
    char channel[CALLBACK_CHANNEL_MAX];
    char address[CALLBACK_ADDRESS_MAX];
    uint64_t due_ms;   /* not before; 0: at its turn */
    uint64_t until_ms; /* promised until then; 0: nothing is promised */
    uint64_t attempts; /* that did not reach them */
};

static inline bool callback_is_agreed(const struct callback *callback)
{
    return callback->channel_len > 0;
}

static inline struct slice callback_channel(const struct callback *callback)
{
    return slice_make(callback->channel, callback->channel_len);
}

static inline struct slice callback_address(const struct callback *callback)
{
    return slice_make(callback->address, callback->address_len);
}

/* Agreed, and not before its time. */
static inline bool callback_is_ahead(const struct callback *callback, uint64_t now_ms)
{
    return callback_is_agreed(callback) && callback->due_ms > now_ms;
}

/* What a part says is agreed from now on; a part without a channel: nothing. */
void callback_fold(struct callback *callback, const struct part *part);

#endif
