/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's whole state as one entry of its log, from which a load begins. */
#ifndef WEFT_FLOW_POOL_SAVE_H
#define WEFT_FLOW_POOL_SAVE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "core/route/pool.h"

enum { POOL_SAVED_MAX = 400 }; /* agents and requests together, and one */

/* Appends the encoded state.
 *
 * errors:  false: it is too much for one entry, or for whoever would read it; out is then spoilt */
bool pool_save(const struct pool *pool, struct arena *scratch, struct buffer *out);

#endif
