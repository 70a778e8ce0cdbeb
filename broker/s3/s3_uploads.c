/* SPDX-License-Identifier: Apache-2.0 */
/* Parts: each is the body of a PUT that is under way.
 *
 *   put ─▶ piece ─give─▶ the wire … rests … put ─▶ … ─▶ finish ─▶ the last byte ─▶ an object
 *
 * Invariant: a piece's done runs when the wire has taken it, so a part holds no memory but the
 * library's buffer. The last byte is held back until finish, and the store makes no object of a
 * body that is too short: so before finish there is none, whatever happens. The silence of the one
 * who uploads is bounded by whoever calls, and by PART_REST_MS.
 */
#include "s3/s3_call.h"

#include "base/check.h"

#include <stdlib.h>

enum { PART_REST_MS = 10 * 60 * 1000 };

struct part {
    struct list at;
    struct s3_word shelf, id;
    uint64_t size, taken; /* taken: from the caller */
    uint64_t written_ms;
    struct s3_request *request; /* NULL: it is over, and outcome says how */
    enum blob_outcome outcome;
    struct s3_call *call; /* put or finish, waits; or NULL */
    struct slice piece;   /* what of it did not leave yet */
    char last;
    bool is_finishing, is_last_given;
};

static struct part *find(const struct s3_blobs *s3, const struct s3_call *name)
{
    LIST_EACH (at, next, (struct list *)&s3->parts) {
        struct part *part = LIST_ITEM(at, struct part, at);
        if (strcmp(part->shelf.text, name->shelf.text) == 0 &&
                strcmp(part->id.text, name->id.text) == 0)
            return part;
    }
    return NULL;
}

static void answer(struct part *part, enum blob_outcome outcome)
{
    struct s3_call *call = part->call;
    part->call = NULL;
    if (call != NULL)
        s3_call_answer(call, outcome);
}

static void drop(struct part *part)
{
    answer(part, BLOB_FAILED);
    if (part->request != NULL)
        s3_request_drop(part->request);
    list_remove(&part->at);
    free(part);
}

static size_t give(struct s3_request *request, char *out, size_t room)
{
    struct part *part = request->user;
    size_t len = part->piece.len < room ? part->piece.len : room;
    if (len > 0) {
        memcpy(out, part->piece.bytes, len);
        part->piece = slice_make(part->piece.bytes + len, part->piece.len - len);
        if (part->piece.len == 0 && !part->is_finishing)
            answer(part, BLOB_OK);
        return len;
    }
    if (!part->is_finishing || part->is_last_given)
        return 0;
    part->is_last_given = true;
    out[0] = part->last;
    return 1;
}

static void on_over(struct s3_request *request, enum s3_outcome outcome)
{
    struct part *part = request->user;
    bool is_whole = part->is_last_given && outcome == S3_OK;
    part->request = NULL;
    part->outcome = is_whole ? BLOB_OK : outcome == S3_FULL ? BLOB_FULL : BLOB_FAILED;
    answer(part, part->outcome);
    if (part->is_finishing)
        drop(part);
}

static struct part *begin(struct s3_call *call, uint64_t size)
{
    struct s3_blobs *s3 = call->s3;
    struct part *part = calloc(1, sizeof *part);
    char key[S3_KEY_MAX];
    check(part != NULL && size > 0);
    s3_part_drop(s3, call);
    part->shelf = call->shelf;
    part->id = call->id;
    part->size = size;
    list_append(&s3->parts, &part->at);
    s3_key(false, call, key);
    struct s3_request *request = part->request = s3_request_make(&s3->service, S3_PUT, key);
    request->size = size;
    request->rest_ms_max = PART_REST_MS;
    request->give = give;
    request->done = on_over;
    request->user = part;
    s3_request_start(request);
    return part;
}

void s3_put(struct s3_call *call, const struct blob_piece *piece)
{
    struct timers *timers = call->s3->service.timers;
    struct part *part = piece->at == 0 ? begin(call, piece->size) : find(call->s3, call);
    if (part == NULL || part->request == NULL) {
        s3_call_answer(call, part == NULL ? BLOB_ABSENT : part->outcome);
        return;
    }
    check(part->call == NULL && part->taken == piece->at && piece->bytes.len > 0 &&
            piece->bytes.len <= part->size - part->taken);
    part->written_ms = timers->ops->now_ms(timers);
    part->taken += piece->bytes.len;
    part->piece = piece->bytes;
    if (part->taken == part->size)
        part->last = part->piece.bytes[--part->piece.len];
    if (part->piece.len == 0) {
        s3_call_answer(call, BLOB_OK);
        return;
    }
    part->call = call;
    s3_request_go_on(part->request);
}

void s3_finish(struct s3_call *call)
{
    struct part *part = find(call->s3, call);
    if (part == NULL || part->request == NULL) {
        s3_call_answer(call, part == NULL ? BLOB_ABSENT : part->outcome);
        if (part != NULL)
            drop(part);
        return;
    }
    check(part->call == NULL && part->taken == part->size);
    part->call = call;
    part->is_finishing = true;
    s3_request_go_on(part->request);
}

/* ---- many -------------------------------------------------------------------------------------
 */

void s3_part_drop(struct s3_blobs *s3, const struct s3_call *name)
{
    struct part *part = find(s3, name);
    if (part != NULL)
        drop(part);
}

void s3_parts_drop_shelf(struct s3_blobs *s3, const char *shelf)
{
    LIST_EACH (at, next, &s3->parts)
        if (strcmp(LIST_ITEM(at, struct part, at)->shelf.text, shelf) == 0)
            drop(LIST_ITEM(at, struct part, at));
}

void s3_parts_sweep(struct s3_blobs *s3, uint64_t older_than_ms)
{
    struct timers *timers = s3->service.timers;
    uint64_t now_ms = timers->ops->now_ms(timers);
    LIST_EACH (at, next, &s3->parts)
        if (now_ms - LIST_ITEM(at, struct part, at)->written_ms >= older_than_ms)
            drop(LIST_ITEM(at, struct part, at));
}

uint64_t s3_parts_size(const struct s3_blobs *s3, const char *shelf)
{
    uint64_t size = 0;
    LIST_EACH (at, next, (struct list *)&s3->parts) {
        const struct part *part = LIST_ITEM(at, struct part, at);
        size += strcmp(part->shelf.text, shelf) == 0 ? part->size : 0;
    }
    return size;
}
