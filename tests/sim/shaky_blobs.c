/* SPDX-License-Identifier: Apache-2.0 */
/* A blob store with faults.
 *
 * Invariant: done comes once, later, and only in the life of the node that asked; a failure says
 * nothing of whether it was done.
 */
#include "shaky_blobs.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

struct shaky_call {
    struct timer timer;
    struct shaky_blobs *blobs;
    uint64_t life;
    bool is_failure; /* so it is told, whatever was done */
    struct blob_reply reply;
    char *bytes; /* of the reply */
    blob_done done;
    void *user;
};

static struct shaky_blobs *of(struct blobs *base)
{
    return LIST_ITEM(base, struct shaky_blobs, base);
}

static void on_told(struct timer *timer)
{
    struct shaky_call *call = LIST_ITEM(timer, struct shaky_call, timer);
    if (call->done != NULL)
        call->done(call->user, &call->reply);
    free(call->bytes);
    free(call);
}

static void tell(struct shaky_call *call)
{
    struct shaky_blobs *blobs = call->blobs;
    call->timer.on_due = on_told;
    fake_timers_arm(blobs->timers, &call->timer,
            blobs->timers->clock->now_ms + 1 +
                    fake_random_below(&blobs->random, blobs->faults->delay_ms_max + 1));
}

static void on_disk_done(void *user, const struct blob_reply *reply)
{
    struct shaky_call *call = user;
    if (call->life != call->blobs->life) {
        free(call);
        return;
    }
    call->reply = *reply;
    call->reply.bytes = SLICE_NONE;
    if (call->is_failure)
        call->reply = (struct blob_reply){.outcome = BLOB_FAILED};
    else if (reply->bytes.len > 0) {
        call->bytes = malloc(reply->bytes.len);
        check(call->bytes != NULL);
        memcpy(call->bytes, reply->bytes.bytes, reply->bytes.len);
        call->reply.bytes = slice_make(call->bytes, reply->bytes.len);
    }
    tell(call);
}

/* NULL: it is not done, and will be told so. */
static struct shaky_call *begin(struct shaky_blobs *blobs, bool is_put, blob_done done, void *user)
{
    struct shaky_call *call = calloc(1, sizeof *call);
    check(call != NULL);
    *call = (struct shaky_call){.blobs = blobs, .life = blobs->life, .done = done, .user = user};
    bool is_full = is_put && fake_random_chance(&blobs->random, blobs->faults->full_per_mille);
    call->is_failure = fake_random_chance(&blobs->random, blobs->faults->fail_per_mille);
    if (!is_full && !(call->is_failure && fake_random_chance(&blobs->random, 500)))
        return call;
    call->reply.outcome = is_full ? BLOB_FULL : BLOB_FAILED;
    tell(call);
    return NULL;
}

static void put(struct blobs *base, const struct blob_name *name, const struct blob_piece *piece,
        blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), true, done, user);
    if (call != NULL)
        disk->ops->put(disk, name, piece, on_disk_done, call);
}

static void finish(struct blobs *base, const struct blob_name *name, blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->finish(disk, name, on_disk_done, call);
}

static void keep(struct blobs *base, const struct blob_name *name, blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->keep(disk, name, on_disk_done, call);
}

static void read_bytes(struct blobs *base, const struct blob_name *name, uint64_t at, uint32_t len,
        blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->read(disk, name, at, len, on_disk_done, call);
}

static void remove_one(struct blobs *base, const struct blob_name *name, blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->remove(disk, name, on_disk_done, call);
}

static void remove_shelf(struct blobs *base, struct slice shelf, blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->remove_shelf(disk, shelf, on_disk_done, call);
}

static void measure(struct blobs *base, struct slice shelf, blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->measure(disk, shelf, on_disk_done, call);
}

static void sweep(struct blobs *base, uint64_t older_than_ms, blob_done done, void *user)
{
    struct blobs *disk = of(base)->disk;
    struct shaky_call *call = begin(of(base), false, done, user);
    if (call != NULL)
        disk->ops->sweep(disk, older_than_ms, on_disk_done, call);
}

static const struct blobs_ops ops = {
        put, finish, keep, read_bytes, remove_one, remove_shelf, measure, sweep};

void shaky_blobs_init(struct shaky_blobs *blobs, struct blobs *disk, struct fake_timers *timers,
        const struct shaky_faults *faults, uint64_t seed)
{
    *blobs = (struct shaky_blobs){
            .base.ops = &ops, .disk = disk, .timers = timers, .faults = faults};
    fake_random_init(&blobs->random, seed);
}

void shaky_blobs_crash(struct shaky_blobs *blobs)
{
    blobs->life++;
}
