/* SPDX-License-Identifier: Apache-2.0 */
/* What came in one turn goes to a thread as one batch, at the end of the turn: the hand-over and
 * the way back cost two wake-ups a batch.
 *
 * Invariant: a check is in one list: waiting, or batch, which is the thread's from uv_queue_work to
 * on_worked. One batch is under way at a time, so answers come in order; a single thread checks
 * more than the loop can welcome. While it works the next batch gathers.
 *
 * libuv's threads also write files, and a slow disk can hold all of them. So a batch that none has
 * begun after TOKEN_LATE_MS is taken back and checked here, and a hello never waits for a disk.
 */
#include "loop/token_worker.h"

#include "base/check.h"

#include <stdlib.h>
#include <uv.h>

struct token_worker {
    struct verifier base; /* first: the port's struct is the worker */
    struct loop *loop;
    struct list waiting, batch;
    size_t waiting_count, batch_count;
    uv_prepare_t at_end_of_turn; /* active: something waits, and no batch is under way */
    uv_work_t work;
    struct timer late;
    bool is_closed;
};

static void submit(struct token_worker *worker);

/* On a thread, or on the loop once no thread has the batch. */
static void check_batch(uv_work_t *work)
{
    struct token_worker *worker = work->data;
    LIST_EACH (node, next, &worker->batch)
        token_prove(&LIST_ITEM(node, struct token_check, waiting)->proof);
}

static void on_worked(uv_work_t *work, int status)
{
    struct token_worker *worker = work->data;
    struct timers *timers = loop_timers(worker->loop);
    struct list done;
    if (status == UV_ECANCELED)
        check_batch(work);
    timers->ops->cancel(timers, &worker->late);
    list_init(&done);
    while (!list_is_empty(&worker->batch))
        list_append(&done, list_take_first(&worker->batch));
    worker->batch_count = 0;
    if (worker->waiting_count > 0)
        submit(worker); /* before the welcomes: the thread need not wait for them */
    while (!list_is_empty(&done)) {
        struct token_check *next = LIST_ITEM(list_take_first(&done), struct token_check, waiting);
        next->done(next);
    }
}

static void on_late(struct timer *timer)
{
    struct token_worker *worker = LIST_ITEM(timer, struct token_worker, late);
    uv_cancel((uv_req_t *)&worker->work); /* no: a thread has begun, and will be done */
}

static void submit(struct token_worker *worker)
{
    struct timers *timers = loop_timers(worker->loop);
    while (worker->waiting_count > 0 && worker->batch_count < TOKEN_BATCH_MAX) {
        list_append(&worker->batch, list_take_first(&worker->waiting));
        worker->waiting_count--;
        worker->batch_count++;
    }
    check(uv_queue_work(loop_uv(worker->loop), &worker->work, check_batch, on_worked) == 0);
    timers->ops->arm(timers, &worker->late, timers->ops->now_ms(timers) + TOKEN_LATE_MS);
}

static void on_end_of_turn(uv_prepare_t *handle)
{
    struct token_worker *worker = handle->data;
    uv_prepare_stop(handle);
    if (worker->waiting_count > 0)
        submit(worker);
}

static bool verify(struct verifier *verifier, struct token_check *check)
{
    struct token_worker *worker = (struct token_worker *)(void *)verifier;
    if (worker->waiting_count + worker->batch_count >= TOKEN_CHECKS_MAX)
        return false;
    list_append(&worker->waiting, &check->waiting);
    worker->waiting_count++;
    if (worker->batch_count == 0)
        check(uv_prepare_start(&worker->at_end_of_turn, on_end_of_turn) == 0);
    return true;
}

static const struct verifier_ops ops = {verify};

struct token_worker *token_worker_create(struct loop *loop)
{
    struct token_worker *worker = calloc(1, sizeof *worker);
    check(worker != NULL && uv_prepare_init(loop_uv(loop), &worker->at_end_of_turn) == 0);
    worker->base.ops = &ops;
    worker->loop = loop;
    list_init(&worker->waiting);
    list_init(&worker->batch);
    worker->at_end_of_turn.data = worker->work.data = worker;
    worker->late.on_due = on_late;
    return worker;
}

static void on_closed(uv_handle_t *handle)
{
    ((struct token_worker *)handle->data)->is_closed = true;
}

void token_worker_destroy(struct token_worker *worker)
{
    if (worker == NULL)
        return;
    worker->waiting_count = 0;
    while (worker->batch_count > 0)
        loop_turn(worker->loop);
    uv_close((uv_handle_t *)&worker->at_end_of_turn, on_closed);
    while (!worker->is_closed)
        loop_turn(worker->loop);
    free(worker);
}

struct verifier *token_worker_port(struct token_worker *worker)
{
    return &worker->base;
}
