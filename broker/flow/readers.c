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

static bool take_news(struct proto_receipts *told, uint64_t *delivered, uint64_t *read)
{
    if (told->has_read && (!told->has_delivered || told->delivered.seq < told->read.seq)) {
        told->has_delivered = true;
        told->delivered = told->read;
    }
    told->has_delivered = told->has_delivered && told->delivered.seq > *delivered;
    told->has_read = told->has_read && told->read.seq > *read;
    if (told->has_delivered)
        *delivered = told->delivered.seq;
    if (told->has_read)
        *read = told->read.seq;
    return told->has_delivered || told->has_read;
}

bool readers_take_news(struct readers *readers, struct proto_receipts *to_staff,
        struct proto_receipts *to_customers)
{
    struct reader *reader = readers_find(readers, to_staff->who.kind, to_staff->who.id);
    struct reader nobody = {0};
    struct reader *known = reader ? reader : &nobody;
    bool is_news = take_news(to_staff, &known->delivered, &known->read);
    if (to_customers != NULL)
        is_news |= take_news(to_customers, &known->shown_delivered, &known->shown_read);
    return is_news;
}

void readers_finish(struct readers *readers)
{
    free(readers->all);
    *readers = (struct readers){0};
}
