/* SPDX-License-Identifier: Apache-2.0 */
/* What is finished is kept, or removed.
 *
 *   keep:    HEAD kept ── there: kept already
 *                └─ COPY loose to kept ── absent: HEAD kept again (another node kept it)
 *                       └─ DELETE loose
 *   remove:  the part ─ DELETE loose ─ DELETE kept
 *
 * Invariant: the copy is whole before the other one goes, so a sweep beside a keep takes either
 * nothing of value or what keep then says is absent. A keep whose last step fails is OK all the
 * same: what is loose is swept.
 */
#include "s3/s3_call.h"

#include "base/check.h"

#include <stdio.h>

typedef void (*step)(struct s3_request *, enum s3_outcome);

static struct s3_request *prepare(struct s3_call *call, enum s3_verb verb, bool is_kept, step done)
{
    char key[S3_KEY_MAX];
    s3_key(is_kept, call, key);
    struct s3_request *request = s3_request_make(&call->s3->service, verb, key);
    request->done = done;
    request->user = call;
    return request;
}

static void ask(struct s3_call *call, enum s3_verb verb, bool is_kept, step done)
{
    s3_request_start(prepare(call, verb, is_kept, done));
}

static void copy_to_kept(struct s3_call *call, step done)
{
    const struct s3_options *options = call->s3->service.options;
    char from[S3_KEY_MAX];
    struct s3_request *request = prepare(call, S3_PUT, true, done);
    s3_key(false, call, from);
    int len = snprintf(request->header, sizeof request->header, "x-amz-copy-source: /%s/%s%s",
            options->bucket, options->prefix, from);
    check(len < S3_HEADER_MAX);
    s3_request_start(request);
}

/* ---- keep -------------------------------------------------------------------------------------
 */

static void on_loose_deleted(struct s3_request *request, enum s3_outcome outcome)
{
    (void)outcome;
    s3_call_answer(request->user, BLOB_OK);
}

static void on_looked_again(struct s3_request *request, enum s3_outcome outcome)
{
    s3_call_answer(request->user, s3_blob_outcome(outcome));
}

static void on_copied(struct s3_request *request, enum s3_outcome outcome)
{
    struct s3_call *call = request->user;
    if (outcome == S3_OK)
        ask(call, S3_DELETE, false, on_loose_deleted);
    else if (outcome == S3_ABSENT)
        ask(call, S3_HEAD, true, on_looked_again);
    else
        s3_call_answer(call, s3_blob_outcome(outcome));
}

static void on_looked(struct s3_request *request, enum s3_outcome outcome)
{
    struct s3_call *call = request->user;
    if (outcome == S3_ABSENT)
        copy_to_kept(call, on_copied);
    else
        s3_call_answer(call, s3_blob_outcome(outcome));
}

void s3_keep(struct s3_call *call)
{
    ask(call, S3_HEAD, true, on_looked);
}

/* ---- remove -----------------------------------------------------------------------------------
 */

static void on_kept_deleted(struct s3_request *request, enum s3_outcome outcome)
{
    bool is_gone = outcome == S3_OK || outcome == S3_ABSENT;
    s3_call_answer(request->user, is_gone ? BLOB_OK : s3_blob_outcome(outcome));
}

static void on_first_deleted(struct s3_request *request, enum s3_outcome outcome)
{
    if (outcome == S3_OK || outcome == S3_ABSENT)
        ask(request->user, S3_DELETE, true, on_kept_deleted);
    else
        s3_call_answer(request->user, s3_blob_outcome(outcome));
}

void s3_remove(struct s3_call *call)
{
    s3_part_drop(call->s3, call);
    ask(call, S3_DELETE, false, on_first_deleted);
}
