/* SPDX-License-Identifier: Apache-2.0 */
/* A store whose reads are counted on their way: how many were asked for, and how many at a time.
 *
 * owns:    the store is borrowed; one is counted at a time, from counted_reads_begin to _end */
#ifndef WEFT_LIB_COUNTED_READS_H
#define WEFT_LIB_COUNTED_READS_H

#include "port/store.h"

struct counted_reads {
    size_t count, under_way, most;
    void (*on_read)(const struct store_read *request); /* as it is asked for; NULL: nobody cares */
};
extern struct counted_reads counted_reads;

/* Its other calls may be taken over in the operations that this gives back. */
struct store_ops *counted_reads_begin(struct store *store);
void counted_reads_end(void);

#endif
