/* SPDX-License-Identifier: Apache-2.0 */
/* What was told of receipts.
 *
 * Invariant: what followers are told of a reader never falls, whoever told it to this node and in
 * whatever order: a second device that lags behind, another node's hint that comes late. Places in
 * the store are raised there and need none of this; it is the telling that must be in order.
 *
 * A table that is full lets everything through: a receipt told twice does no harm.
 */
#include "flow/readers.h"

#include "base/check.h"

#include <stdlib.h>

struct reader *readers_find(struct readers *readers, enum proto_author_kind kind, struct slice id)
{
    for (size_t i = 0; i < readers->count; i++)
        if (readers->all[i].kind == kind && slice_equal(id_slice(&readers->all[i].id), id))
            return &readers->all[i];
    if (readers->count == READERS_MAX)
        return NULL;
    readers->all = realloc(readers->all, (readers->count + 1) * sizeof *readers->all);
    check(readers->all != NULL);
    struct reader *reader = &readers->all[readers->count++];
    *reader = (struct reader){.kind = kind};
    id_set(&reader->id, id);
    return reader;
}

bool readers_take_news(struct readers *readers, struct proto_receipts *to_staff,
        struct proto_receipts *to_customers)
{
    struct reader *reader = readers_find(readers, to_staff->who.kind, to_staff->who.id);
    if (reader != NULL) {
        to_staff->has_delivered &= to_staff->delivered.seq > reader->delivered;
        to_staff->has_read &= to_staff->read.seq > reader->read;
        if (to_customers != NULL) {
            to_customers->has_delivered &=
                    to_staff->has_delivered && to_customers->delivered.seq > reader->delivered;
            to_customers->has_read &= to_staff->has_read && to_customers->read.seq > reader->read;
        }
        if (to_staff->has_delivered)
            reader->delivered = to_staff->delivered.seq;
        if (to_staff->has_read)
            reader->read = to_staff->read.seq;
    }
    return to_staff->has_delivered || to_staff->has_read;
}

void readers_finish(struct readers *readers)
{
    free(readers->all);
    *readers = (struct readers){0};
}
