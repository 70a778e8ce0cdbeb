/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store in a bucket. Objects have the shape of the folder's files:
 *
 *   <prefix>loose/<shelf>/<id> ──keep: copy, then delete──▶ <prefix>kept/<shelf>/<id>
 *
 * Invariant: done runs once for each call, in a later turn, and never inside a callback of the
 * library. A part is no object yet: it is the body of one PUT that ends with finish, so a node that
 * dies in the middle leaves nothing. Whatever fails half way leaves something loose, or the same
 * object twice, of which the loose one is swept.
 */
#include "s3/s3_blobs.h"

#include "base/check.h"
#include "s3/s3_call.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- calls ------------------------------------------------------------------------------------
 */

static void set_word(struct s3_word *out, struct slice word)
{
    check(word.len == BLOB_NAME_LEN);
    for (size_t i = 0; i < word.len; i++)
        check((word.bytes[i] >= 'a' && word.bytes[i] <= 'z') ||
                (word.bytes[i] >= '0' && word.bytes[i] <= '9'));
    memcpy(out->text, word.bytes, word.len);
}

struct s3_call *s3_call_make(
        struct blobs *blobs, const struct blob_name *name, size_t len, blob_done done, void *user)
{
    struct s3_call *call = calloc(1, sizeof *call + len);
    check(call != NULL);
    call->s3 = LIST_ITEM(blobs, struct s3_blobs, base);
    list_init(&call->at);
    if (name->shelf.len > 0)
        set_word(&call->shelf, name->shelf);
    if (name->id.len > 0)
        set_word(&call->id, name->id);
    call->len = len;
    call->reply.bytes = slice_make(call->out, 0);
    call->done = done;
    call->user = user;
    call->s3->underway++;
    return call;
}

static void on_idle(uv_idle_t *idle)
{
    struct s3_blobs *s3 = idle->data;
    struct list ready;
    list_init(&ready);
    while (!list_is_empty(&s3->answers))
        list_append(&ready, list_take_first(&s3->answers));
    while (!list_is_empty(&ready)) {
        struct s3_call *call = LIST_ITEM(list_take_first(&ready), struct s3_call, at);
        s3->underway--;
        if (call->done != NULL)
            call->done(call->user, &call->reply);
        free(call);
    }
    if (list_is_empty(&s3->answers))
        uv_idle_stop(idle);
}

void s3_call_answer(struct s3_call *call, enum blob_outcome outcome)
{
    struct s3_blobs *s3 = call->s3;
    call->reply.outcome = outcome;
    if (outcome != BLOB_OK)
        call->reply.bytes = SLICE_NONE;
    list_append(&s3->answers, &call->at);
    uv_idle_start(&s3->idle, on_idle);
}

void s3_key(bool is_kept, const struct s3_call *call, char out[S3_KEY_MAX])
{
    snprintf(out, S3_KEY_MAX, "%s/%s/%s", is_kept ? "kept" : "loose", call->shelf.text,
            call->id.text);
}

enum blob_outcome s3_blob_outcome(enum s3_outcome outcome)
{
    switch (outcome) {
    case S3_OK:
        return BLOB_OK;
    case S3_ABSENT:
        return BLOB_ABSENT;
    case S3_FULL:
        return BLOB_FULL;
    case S3_BEYOND:
    case S3_FAILED:
        return BLOB_FAILED;
    }
    return BLOB_FAILED;
}

/* ---- the port ---------------------------------------------------------------------------------
 */

static void put(struct blobs *blobs, const struct blob_name *name, const struct blob_piece *piece,
        blob_done done, void *user)
{
    s3_put(s3_call_make(blobs, name, 0, done, user), piece);
}

static void finish(struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    s3_finish(s3_call_make(blobs, name, 0, done, user));
}

static void keep(struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    s3_keep(s3_call_make(blobs, name, 0, done, user));
}

static void read_bytes(struct blobs *blobs, const struct blob_name *name, uint64_t at, uint32_t len,
        blob_done done, void *user)
{
    check(len > 0 && len <= BLOB_PIECE_MAX);
    struct s3_call *call = s3_call_make(blobs, name, len, done, user);
    call->from = at;
    s3_read(call);
}

static void remove_one(
        struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    s3_remove(s3_call_make(blobs, name, 0, done, user));
}

static void remove_shelf(struct blobs *blobs, struct slice shelf, blob_done done, void *user)
{
    s3_remove_shelf(s3_call_make(blobs, &(struct blob_name){.shelf = shelf}, 0, done, user));
}

static void measure(struct blobs *blobs, struct slice shelf, blob_done done, void *user)
{
    s3_measure(s3_call_make(blobs, &(struct blob_name){.shelf = shelf}, 0, done, user));
}

static void sweep(struct blobs *blobs, uint64_t older_than_ms, blob_done done, void *user)
{
    s3_sweep(s3_call_make(blobs, &(struct blob_name){.id = SLICE_NONE}, 0, done, user),
            older_than_ms);
}

static const struct blobs_ops ops = {
        put, finish, keep, read_bytes, remove_one, remove_shelf, measure, sweep};

/* ---- its life ---------------------------------------------------------------------------------
 */

struct s3_blobs *s3_blobs_create(
        struct uv_loop_s *loop, struct timers *timers, const struct s3_options *options)
{
    struct s3_blobs *s3 = calloc(1, sizeof *s3);
    check(s3 != NULL);
    s3->base.ops = &ops;
    list_init(&s3->parts);
    list_init(&s3->streams);
    list_init(&s3->answers);
    s3->rest_timer.on_due = s3_streams_on_rest;
    check(uv_idle_init(loop, &s3->idle) == 0);
    s3->idle.data = s3;
    s3_service_start(&s3->service, options, timers, loop);
    return s3;
}

static void on_idle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void s3_blobs_destroy(struct s3_blobs *s3)
{
    check(s3->underway == 0);
    s3_streams_drop_all(s3);
    s3_parts_sweep(s3, 0);
    s3_service_stop(&s3->service);
    uv_close((uv_handle_t *)&s3->idle, on_idle_closed);
}

bool s3_blobs_is_idle(const struct s3_blobs *s3)
{
    return s3->underway == 0;
}

struct blobs *s3_blobs_port(struct s3_blobs *s3)
{
    return &s3->base;
}
