/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant: each read goes on to the store as it is, and its answer to who asked. */
#include "counted_reads.h"

#include "base/check.h"

#include <stdlib.h>

struct counted_reads counted_reads;

static struct store *counted;
static const struct store_ops *real;
static struct store_ops counting;

struct counted_read {
    store_done done;
    void *user;
};

static void on_counted(void *user, const struct store_reply *reply)
{
    struct counted_read read = *(struct counted_read *)user;
    free(user);
    counted_reads.under_way--;
    read.done(read.user, reply);
}

static void count_read(
        struct store *store, const struct store_read *request, store_done done, void *user)
{
    struct counted_read *read = malloc(sizeof *read);
    check(read != NULL);
    *read = (struct counted_read){done, user};
    if (counted_reads.on_read != NULL)
        counted_reads.on_read(request);
    counted_reads.count++;
    if (++counted_reads.under_way > counted_reads.most)
        counted_reads.most = counted_reads.under_way;
    real->read(store, request, on_counted, read);
}

struct store_ops *counted_reads_begin(struct store *store)
{
    counted = store;
    real = store->ops;
    counting = *real;
    counting.read = count_read;
    store->ops = &counting;
    counted_reads = (struct counted_reads){0};
    return &counting;
}

void counted_reads_end(void)
{
    counted->ops = real;
}
