/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over many objects: a shelf is measured or removed, the loose ones are swept.
 *
 *   LIST a page ─▶ looked at ─▶ DELETE one after the other ─▶ the next page ─▶ the next folder
 *
 * Invariant: a walk holds one page. What is not named as Weft names its objects is left alone. How
 * old an object is the store itself says, by its date of the object and of the answer: no clock of
 * this host is asked.
 */
#include "s3/s3_call.h"

#include "base/check.h"
#include "s3/s3_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE_MAX = 100, QUERY_MAX = 768 };

struct walk {
    struct s3_call *call;
    const char *shelf;  /* "": all */
    bool is_kept;       /* the folder it is in */
    bool is_only_loose; /* the other one is not looked at */
    bool is_removing, has_failed;
    bool is_more;           /* behind this page */
    uint64_t older_than_ms; /* 0: whatever the age */
    uint64_t size;
    char last[S3_KEY_MAX]; /* of this folder that was looked at; "" at its beginning */
    unsigned count, next;  /* of the keys that are to be deleted */
    char keys[PAGE_MAX][S3_KEY_MAX];
};

static void list(struct walk *walk);

static void end(struct walk *walk)
{
    struct s3_call *call = walk->call;
    call->reply.size = walk->size;
    s3_call_answer(call, walk->has_failed ? BLOB_FAILED : BLOB_OK);
    free(walk);
}

static void go_on(struct walk *walk);

static void on_deleted(struct s3_request *request, enum s3_outcome outcome)
{
    struct walk *walk = request->user;
    walk->has_failed |= outcome != S3_OK && outcome != S3_ABSENT;
    go_on(walk);
}

static void go_on(struct walk *walk)
{
    if (walk->next < walk->count) {
        struct s3_request *request =
                s3_request_make(&walk->call->s3->service, S3_DELETE, walk->keys[walk->next++]);
        request->done = on_deleted;
        request->user = walk;
        s3_request_start(request);
    } else if (walk->is_more) {
        list(walk);
    } else if (!walk->is_kept && !walk->is_only_loose) {
        walk->is_kept = true;
        walk->last[0] = '\0';
        list(walk);
    } else {
        end(walk);
    }
}

/* ---- a page -----------------------------------------------------------------------------------
 */

static bool is_word(const char *text)
{
    for (size_t i = 0; i < BLOB_NAME_LEN; i++)
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]))
            return false;
    return true;
}

/* "loose/<shelf>/<id>", as in the bucket but for its prefix. */
static bool is_own(const struct walk *walk, struct slice key)
{
    size_t folder = walk->is_kept ? strlen("kept/") : strlen("loose/");
    return key.len == folder + 2 * BLOB_NAME_LEN + 1 &&
           slice_starts_with(key, walk->is_kept ? SLICE_OF("kept/") : SLICE_OF("loose/")) &&
           is_word(key.bytes + folder) && key.bytes[folder + BLOB_NAME_LEN] == '/' &&
           is_word(key.bytes + folder + BLOB_NAME_LEN + 1);
}

static bool is_old(const struct walk *walk, struct slice item, int64_t now_s)
{
    int64_t written_s;
    return s3_text_date(s3_text_find(item, "LastModified"), &written_s) && now_s > 0 &&
           now_s - written_s >= (int64_t)(walk->older_than_ms / 1000);
}

static void look_at(struct walk *walk, struct slice item, int64_t now_s)
{
    const char *prefix = walk->call->s3->service.options->prefix;
    struct slice key = s3_text_find(item, "Key");
    uint64_t size = 0;
    if (!slice_starts_with(key, slice_of_string(prefix)))
        return;
    key = slice_make(key.bytes + strlen(prefix), key.len - strlen(prefix));
    if (!is_own(walk, key))
        return;
    snprintf(walk->last, sizeof walk->last, "%.*s", SLICE_ARGS(key));
    if (walk->older_than_ms > 0 && !is_old(walk, item, now_s))
        return;
    walk->has_failed |= !s3_text_number(s3_text_find(item, "Size"), &size);
    walk->size += size;
    if (walk->is_removing && walk->count < PAGE_MAX)
        memcpy(walk->keys[walk->count++], walk->last, sizeof walk->last);
}

static void on_listed(struct s3_request *request, enum s3_outcome outcome)
{
    struct walk *walk = request->user;
    char before[S3_KEY_MAX];
    struct slice text = request->text;
    memcpy(before, walk->last, sizeof before);
    walk->count = walk->next = 0;
    walk->is_more = slice_is(s3_text_find(text, "IsTruncated"), "true");
    for (struct slice item; (item = s3_text_next(&text, "Contents")).len > 0;)
        look_at(walk, item, request->date_s);
    bool is_stuck = walk->is_more && strcmp(before, walk->last) == 0;
    if (outcome != S3_OK || is_stuck) {
        walk->has_failed = true;
        end(walk);
        return;
    }
    go_on(walk);
}

static void put_encoded(char *out, size_t capacity, const char *text)
{
    size_t len = strlen(out);
    for (; *text != '\0' && len + 4 < capacity; text++)
        len += (size_t)snprintf(out + len, capacity - len, *text == '/' ? "%%2F" : "%c", *text);
    check(*text == '\0');
}

static void list(struct walk *walk)
{
    const char *prefix = walk->call->s3->service.options->prefix;
    char query[QUERY_MAX];
    snprintf(query, sizeof query, "?list-type=2&max-keys=%d&prefix=", PAGE_MAX);
    put_encoded(query, sizeof query, prefix);
    put_encoded(query, sizeof query, walk->is_kept ? "kept/" : "loose/");
    put_encoded(query, sizeof query, walk->shelf);
    if (walk->last[0] != '\0') {
        size_t len = strlen(query);
        snprintf(query + len, sizeof query - len, "&start-after=");
        put_encoded(query, sizeof query, prefix);
        put_encoded(query, sizeof query, walk->last);
    }
    struct s3_request *request = s3_request_make(&walk->call->s3->service, S3_GET, query);
    request->done = on_listed;
    request->user = walk;
    s3_request_start(request);
}

/* ---- the walks --------------------------------------------------------------------------------
 */

static struct walk *make(struct s3_call *call)
{
    struct walk *walk = calloc(1, sizeof *walk);
    check(walk != NULL);
    walk->call = call;
    walk->shelf = call->shelf.text;
    return walk;
}

void s3_remove_shelf(struct s3_call *call)
{
    struct walk *walk = make(call);
    s3_parts_drop_shelf(call->s3, call->shelf.text);
    walk->is_removing = true;
    list(walk);
}

void s3_measure(struct s3_call *call)
{
    struct walk *walk = make(call);
    walk->size = s3_parts_size(call->s3, call->shelf.text);
    list(walk);
}

void s3_sweep(struct s3_call *call, uint64_t older_than_ms)
{
    struct walk *walk = make(call);
    s3_parts_sweep(call->s3, older_than_ms);
    walk->is_removing = walk->is_only_loose = true;
    walk->older_than_ms = older_than_ms;
    list(walk);
}
