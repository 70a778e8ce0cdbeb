/* SPDX-License-Identifier: Apache-2.0 */
/* Reading. The beginning of an object is asked for by its range; whoever reads on from there gets a
 * stream, one GET to the object's end that waits while nobody reads.
 *
 *   read at 0 ─▶ GET, that range        read at n ─▶ the stream that is at n, or a new one
 *                                          stream: take ─▶ call ─▶ answered; rests; next read
 *
 * Invariant: a stream holds at most what the library hands over at once (CARRY_MAX); the rest waits
 * in the socket, so a slow reader slows the store down. A stream without a reader is let go of
 * after REST_MS; a read that finds none begins another, so nothing depends on it.
 */
#include "s3/s3_call.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CARRY_MAX = CURL_MAX_WRITE_SIZE, STREAMS_MAX = 128, REST_MS = 10000, LOOK_MS = 1000 };

/* Among the kept, among the loose, and, since it may have been kept between the two, once more. */
enum { RANGE_LOOKS = 3 };

struct stream {
    struct list at;
    struct s3_blobs *s3;
    struct s3_word shelf, id;
    uint64_t position;          /* of the next byte that is handed out */
    struct s3_request *request; /* NULL: all of it has come */
    struct s3_call *call;       /* the reader who waits, or NULL */
    uint64_t rests_since_ms;
    bool is_loose;
    size_t carry_len;
    char carry[CARRY_MAX]; /* came with what the last reader got */
};

/* Returns how much of it fitted. */
static size_t fill(struct s3_call *call, struct slice bytes)
{
    size_t have = call->reply.bytes.len, room = call->len - have;
    size_t len = bytes.len < room ? bytes.len : room;
    memcpy(call->out + have, bytes.bytes, len);
    call->reply.bytes.len = have + len;
    return len;
}

static bool is_full(const struct s3_call *call)
{
    return call->reply.bytes.len == call->len;
}

static struct s3_request *prepare(struct s3_call *call, bool is_kept)
{
    char key[S3_KEY_MAX];
    s3_key(is_kept, call, key);
    return s3_request_make(&call->s3->service, S3_GET, key);
}

/* ---- the beginning ----------------------------------------------------------------------------
 */

static void ask_for_range(struct s3_call *call);

static bool take_range(struct s3_request *request, struct slice bytes)
{
    fill(request->user, bytes);
    return true;
}

static void on_range(struct s3_request *request, enum s3_outcome outcome)
{
    struct s3_call *call = request->user;
    if (outcome == S3_ABSENT && ++call->looks < RANGE_LOOKS)
        ask_for_range(call);
    else
        s3_call_answer(call, outcome == S3_BEYOND ? BLOB_OK : s3_blob_outcome(outcome));
}

static void ask_for_range(struct s3_call *call)
{
    struct s3_request *request = prepare(call, call->looks % 2 == 0);
    snprintf(request->header, sizeof request->header, "Range: bytes=0-%zu", call->len - 1);
    request->take = take_range;
    request->done = on_range;
    request->user = call;
    s3_request_start(request);
}

/* ---- a stream ---------------------------------------------------------------------------------
 */

static uint64_t now_ms(const struct s3_blobs *s3)
{
    return s3->service.timers->ops->now_ms(s3->service.timers);
}

static void drop(struct stream *stream)
{
    if (stream->request != NULL)
        s3_request_drop(stream->request);
    list_remove(&stream->at);
    stream->s3->stream_count--;
    free(stream);
}

static void answer(struct stream *stream, enum blob_outcome outcome)
{
    struct s3_call *call = stream->call;
    stream->call = NULL;
    stream->position += call->reply.bytes.len;
    stream->rests_since_ms = now_ms(stream->s3);
    s3_call_answer(call, outcome);
}

static bool take(struct s3_request *request, struct slice bytes)
{
    struct stream *stream = request->user;
    if (stream->call == NULL || request->status != 206)
        return false;
    check(stream->carry_len == 0 && bytes.len <= CARRY_MAX);
    size_t len = fill(stream->call, bytes);
    memcpy(stream->carry, bytes.bytes + len, bytes.len - len);
    stream->carry_len = bytes.len - len;
    if (is_full(stream->call))
        answer(stream, BLOB_OK);
    return true;
}

static void open_stream(struct stream *stream, struct s3_call *call);

static void on_over(struct s3_request *request, enum s3_outcome outcome)
{
    struct stream *stream = request->user;
    struct s3_call *call = stream->call;
    stream->request = NULL;
    if (outcome == S3_ABSENT && !stream->is_loose && call != NULL) {
        stream->is_loose = true;
        open_stream(stream, call);
        return;
    }
    bool is_end = outcome == S3_OK || outcome == S3_BEYOND;
    if (call != NULL)
        answer(stream, is_end ? BLOB_OK : s3_blob_outcome(outcome));
    if (!is_end || call != NULL || stream->carry_len == 0)
        drop(stream);
}

static void open_stream(struct stream *stream, struct s3_call *call)
{
    struct s3_request *request = stream->request = prepare(call, !stream->is_loose);
    stream->call = call;
    snprintf(request->header, sizeof request->header, "Range: bytes=%" PRIu64 "-", call->from);
    request->rest_ms_max = (uint64_t)REST_MS * 2; /* the stream's own timer comes first */
    request->take = take;
    request->done = on_over;
    request->user = stream;
    s3_request_start(request);
}

static struct stream *find(struct s3_blobs *s3, const struct s3_call *call)
{
    LIST_EACH (at, next, &s3->streams) {
        struct stream *stream = LIST_ITEM(at, struct stream, at);
        if (stream->call == NULL && stream->position == call->from &&
                strcmp(stream->shelf.text, call->shelf.text) == 0 &&
                strcmp(stream->id.text, call->id.text) == 0)
            return stream;
    }
    return NULL;
}

static void make_stream(struct s3_call *call)
{
    struct s3_blobs *s3 = call->s3;
    if (s3->stream_count == STREAMS_MAX) {
        s3_call_answer(call, BLOB_FAILED);
        return;
    }
    struct stream *stream = calloc(1, sizeof *stream);
    check(stream != NULL);
    stream->s3 = s3;
    stream->shelf = call->shelf;
    stream->id = call->id;
    stream->position = call->from;
    if (s3->stream_count++ == 0)
        s3->service.timers->ops->arm(s3->service.timers, &s3->rest_timer, now_ms(s3) + LOOK_MS);
    list_append(&s3->streams, &stream->at);
    open_stream(stream, call);
}

static void read_on(struct stream *stream, struct s3_call *call)
{
    size_t len = fill(call, slice_make(stream->carry, stream->carry_len));
    stream->carry_len -= len;
    memmove(stream->carry, stream->carry + len, stream->carry_len);
    stream->call = call;
    if (is_full(call) || stream->request == NULL) {
        answer(stream, BLOB_OK);
        if (stream->request == NULL && stream->carry_len == 0)
            drop(stream);
        return;
    }
    s3_request_go_on(stream->request);
}

void s3_read(struct s3_call *call)
{
    struct stream *stream = call->from > 0 ? find(call->s3, call) : NULL;
    if (call->from == 0)
        ask_for_range(call);
    else if (stream != NULL)
        read_on(stream, call);
    else
        make_stream(call);
}

/* ---- those that rest --------------------------------------------------------------------------
 */

void s3_streams_on_rest(struct timer *timer)
{
    struct s3_blobs *s3 = LIST_ITEM(timer, struct s3_blobs, rest_timer);
    LIST_EACH (at, next, &s3->streams) {
        struct stream *stream = LIST_ITEM(at, struct stream, at);
        if (stream->call == NULL && now_ms(s3) - stream->rests_since_ms >= REST_MS)
            drop(stream);
    }
    if (s3->stream_count > 0)
        s3->service.timers->ops->arm(s3->service.timers, timer, now_ms(s3) + LOOK_MS);
}

void s3_streams_drop_all(struct s3_blobs *s3)
{
    while (!list_is_empty(&s3->streams))
        drop(LIST_ITEM(s3->streams.next, struct stream, at));
    s3->service.timers->ops->cancel(s3->service.timers, &s3->rest_timer);
}
