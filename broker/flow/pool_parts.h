/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's state as several entries of its log, written while others come in between: for pools
 * that one entry does not hold. */
#ifndef WEFT_FLOW_POOL_PARTS_H
#define WEFT_FLOW_POOL_PARTS_H

#include "flow/team.h"

/* A part is closed as soon as it holds so many bytes; and so much of what is about to change may
 * wait for its part. Beyond, the snapshot is given up, and begun again later. */
enum { PART_BYTES = 16 * 1024, PARTS_WAITING_MAX = 16 * 1024 * 1024 };

/* Begins to append the parts of the pool as it is now, one after the other; team->is_saving until
 * parts_done. The log must be read, and none may be under way. */
void parts_begin(struct team *team);
/* They are all in the log and durable, or they were given up. (pool_router.c) */
void parts_done(struct team *team, bool is_saved);
/* The team ends. */
void parts_forget(struct team *team);

/* Folds what the part holds; parts in their order, the first into a pool that may hold anything.
 *
 * errors:  false: it is damaged; the pool is then anything */
bool part_fold(
        struct pool *pool, const struct pool_part *part, uint64_t base_ms, struct arena *scratch);

/* For the log: what a record says of parts, and the fold from them. */
bool parts_part_of(struct team *team, const struct record *record, struct log_part *out_part);
enum log_fold parts_restore(struct team *team, const struct record *record, uint64_t base_ms);

#endif
