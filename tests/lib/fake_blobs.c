/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs in memory; each call does its work at once and tells of it a millisecond later.
 *
 * Invariant: a name is in one state only, as files are that are renamed; a part and what is
 * finished under the same name are two.
 */
#include "lib/fake_blobs.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

struct call {
    struct timer timer;
    struct fake_blobs *fake;
    struct blob_reply reply;
    blob_done done;
    void *user;
};

static struct fake_blobs *fake_of(struct blobs *blobs)
{
    return LIST_ITEM(blobs, struct fake_blobs, base);
}

static void on_due(struct timer *timer)
{
    struct call *call = LIST_ITEM(timer, struct call, timer);
    call->fake->waiting--;
    if (call->done != NULL)
        call->done(call->user, &call->reply);
    free((void *)call->reply.bytes.bytes);
    free(call);
}

static void tell(struct fake_blobs *fake, struct blob_reply reply, blob_done done, void *user)
{
    struct call *call = calloc(1, sizeof *call);
    check(call != NULL);
    *call = (struct call){{.on_due = on_due}, fake, reply, done, user};
    if (fake->is_broken)
        call->reply.outcome = BLOB_FAILED;
    fake->waiting++;
    fake->timers->ops->arm(fake->timers, &call->timer, fake->timers->ops->now_ms(fake->timers) + 1);
}

static struct fake_blob *find(
        struct fake_blobs *fake, const struct blob_name *name, enum fake_blob_state state)
{
    check(name->shelf.len == BLOB_NAME_LEN && name->id.len == BLOB_NAME_LEN);
    for (size_t i = 0; i < FAKE_BLOBS_MAX; i++) {
        struct fake_blob *blob = &fake->blobs[i];
        if (blob->state == state && memcmp(blob->shelf, name->shelf.bytes, BLOB_NAME_LEN) == 0 &&
                memcmp(blob->id, name->id.bytes, BLOB_NAME_LEN) == 0)
            return blob;
    }
    return NULL;
}

static void drop(struct fake_blobs *fake, struct fake_blob *blob)
{
    if (blob == NULL)
        return;
    fake->room += blob->len;
    free(blob->bytes);
    *blob = (struct fake_blob){0};
}

static struct fake_blob *begin(struct fake_blobs *fake, const struct blob_name *name)
{
    size_t i = 0;
    drop(fake, find(fake, name, FAKE_BLOB_PART));
    while (i < FAKE_BLOBS_MAX && fake->blobs[i].state != FAKE_BLOB_NONE)
        i++;
    check(i < FAKE_BLOBS_MAX);
    fake->blobs[i].state = FAKE_BLOB_PART;
    memcpy(fake->blobs[i].shelf, name->shelf.bytes, BLOB_NAME_LEN);
    memcpy(fake->blobs[i].id, name->id.bytes, BLOB_NAME_LEN);
    return &fake->blobs[i];
}

static enum blob_outcome add(
        struct fake_blobs *fake, const struct blob_name *name, const struct blob_piece *piece)
{
    if (fake->is_broken)
        return BLOB_FAILED;
    struct fake_blob *blob = piece->at == 0 ? begin(fake, name) : find(fake, name, FAKE_BLOB_PART);
    size_t len = piece->bytes.len;
    if (blob == NULL)
        return BLOB_ABSENT;
    if (len > fake->room)
        return BLOB_FULL;
    check(piece->at == blob->len && len > 0 && blob->len + len <= piece->size);
    blob->bytes = realloc(blob->bytes, blob->len + len);
    check(blob->bytes != NULL);
    memcpy(blob->bytes + blob->len, piece->bytes.bytes, len);
    blob->len += len;
    blob->size = piece->size;
    fake->room -= len;
    blob->written_ms = fake->timers->ops->now_ms(fake->timers);
    return BLOB_OK;
}

static void put(struct blobs *blobs, const struct blob_name *name, const struct blob_piece *piece,
        blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    tell(fake, (struct blob_reply){.outcome = add(fake, name, piece)}, done, user);
}

static void move(struct blobs *blobs, const struct blob_name *name, enum fake_blob_state from,
        enum fake_blob_state to, blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    struct fake_blob *blob = fake->is_broken ? NULL : find(fake, name, from);
    struct fake_blob *there = find(fake, name, to);
    bool is_there = to == FAKE_BLOB_KEPT && there != NULL;
    enum blob_outcome outcome = is_there || blob != NULL ? BLOB_OK : BLOB_ABSENT;
    if (!is_there && blob != NULL) {
        check(from != FAKE_BLOB_PART || blob->len == blob->size);
        drop(fake, there);
        blob->state = to;
    }
    tell(fake, (struct blob_reply){.outcome = outcome}, done, user);
}

static void finish(struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    move(blobs, name, FAKE_BLOB_PART, FAKE_BLOB_LOOSE, done, user);
}

static void keep(struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    move(blobs, name, FAKE_BLOB_LOOSE, FAKE_BLOB_KEPT, done, user);
}

static void read_bytes(struct blobs *blobs, const struct blob_name *name, uint64_t at, uint32_t len,
        blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    struct fake_blob *blob = find(fake, name, FAKE_BLOB_KEPT);
    check(len <= BLOB_PIECE_MAX);
    blob = blob ? blob : find(fake, name, FAKE_BLOB_LOOSE);
    struct blob_reply reply = {.outcome = blob ? BLOB_OK : BLOB_ABSENT};
    if (blob != NULL && at < blob->len) {
        size_t got = blob->len - (size_t)at < len ? blob->len - (size_t)at : len;
        char *copy = malloc(got);
        check(copy != NULL);
        memcpy(copy, blob->bytes + at, got);
        reply.bytes = slice_make(copy, got);
    }
    tell(fake, reply, done, user);
}

static void remove_one(
        struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    for (int state = FAKE_BLOB_PART; state <= FAKE_BLOB_KEPT && !fake->is_broken; state++)
        drop(fake, find(fake, name, (enum fake_blob_state)state));
    tell(fake, (struct blob_reply){.outcome = BLOB_OK}, done, user);
}

static bool is_on(const struct fake_blob *blob, struct slice shelf)
{
    return blob->state != FAKE_BLOB_NONE && memcmp(blob->shelf, shelf.bytes, BLOB_NAME_LEN) == 0;
}

static void remove_shelf(struct blobs *blobs, struct slice shelf, blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    for (size_t i = 0; i < FAKE_BLOBS_MAX && !fake->is_broken; i++)
        if (is_on(&fake->blobs[i], shelf))
            drop(fake, &fake->blobs[i]);
    tell(fake, (struct blob_reply){.outcome = BLOB_OK}, done, user);
}

static void measure(struct blobs *blobs, struct slice shelf, blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    struct blob_reply reply = {.outcome = BLOB_OK};
    for (size_t i = 0; i < FAKE_BLOBS_MAX; i++)
        reply.size += is_on(&fake->blobs[i], shelf) ? fake->blobs[i].len : 0;
    tell(fake, reply, done, user);
}

static void sweep(struct blobs *blobs, uint64_t older_than_ms, blob_done done, void *user)
{
    struct fake_blobs *fake = fake_of(blobs);
    uint64_t now_ms = fake->timers->ops->now_ms(fake->timers);
    for (size_t i = 0; i < FAKE_BLOBS_MAX && !fake->is_broken; i++) {
        struct fake_blob *blob = &fake->blobs[i];
        bool is_loose = blob->state == FAKE_BLOB_PART || blob->state == FAKE_BLOB_LOOSE;
        if (is_loose && now_ms - blob->written_ms >= older_than_ms)
            drop(fake, blob);
    }
    tell(fake, (struct blob_reply){.outcome = BLOB_OK}, done, user);
}

static const struct blobs_ops ops = {
        put, finish, keep, read_bytes, remove_one, remove_shelf, measure, sweep};

void fake_blobs_init(struct fake_blobs *fake, struct timers *timers)
{
    *fake = (struct fake_blobs){.base.ops = &ops, .timers = timers, .room = UINT64_MAX / 2};
}

void fake_blobs_finish(struct fake_blobs *fake)
{
    check(fake->waiting == 0);
    for (size_t i = 0; i < FAKE_BLOBS_MAX; i++)
        drop(fake, &fake->blobs[i]);
}

size_t fake_blobs_count(const struct fake_blobs *fake, enum fake_blob_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < FAKE_BLOBS_MAX; i++)
        count += fake->blobs[i].state == state;
    return count;
}
