/* SPDX-License-Identifier: Apache-2.0 */
/* The blob store in a folder: each call is a job for libuv's threads, so a slow disk delays its
 * caller and nobody else on the loop.
 *
 * Invariant: done runs once for each call, on the loop, in a later turn. Names are checked before
 * they become paths: lower-case letters and digits only.
 */
#include "folder/folder_blobs.h"

#include "base/check.h"
#include "base/list.h"
#include "folder/folder_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

struct folder_blobs {
    struct blobs base;
    uv_loop_t *loop;
    struct folder_files files;
    unsigned underway;
};

enum job_kind { PUT, FINISH, KEEP, READ, REMOVE, REMOVE_SHELF, MEASURE, SWEEP };

struct job {
    uv_work_t work;
    struct folder_blobs *folder;
    enum job_kind kind;
    struct file_names names;
    uint64_t at; /* sweep: the age */
    uint32_t len;
    struct slice bytes;
    enum blob_outcome outcome;
    uint64_t size;
    blob_done done;
    void *user;
    char out[]; /* what is read */
};

static enum blob_outcome run(struct job *job)
{
    const struct folder_files *files = &job->folder->files;
    switch (job->kind) {
    case PUT:
        return files_put(files, &job->names, job->at, job->bytes);
    case FINISH:
        return files_finish(files, &job->names);
    case KEEP:
        return files_keep(files, &job->names);
    case READ:
        return files_read(files, &job->names, job->at, job->out, &job->len);
    case REMOVE:
        return files_remove(files, &job->names);
    case REMOVE_SHELF:
        return files_remove_shelf(files, &job->names);
    case MEASURE:
        return files_measure(files, &job->names, &job->size);
    case SWEEP:
        return files_sweep(files, job->at);
    }
    return BLOB_FAILED;
}

static void on_thread(uv_work_t *work)
{
    struct job *job = LIST_ITEM(work, struct job, work);
    job->outcome = run(job);
}

static void on_loop(uv_work_t *work, int status)
{
    struct job *job = LIST_ITEM(work, struct job, work);
    bool is_read = status == 0 && job->kind == READ && job->outcome == BLOB_OK;
    struct blob_reply reply = {status == 0 ? job->outcome : BLOB_FAILED,
            is_read ? slice_make(job->out, job->len) : SLICE_NONE, job->size};
    job->folder->underway--;
    if (job->done != NULL)
        job->done(job->user, &reply);
    free(job);
}

static void check_word(struct slice word)
{
    check(word.len == BLOB_NAME_LEN);
    for (size_t i = 0; i < word.len; i++)
        check((word.bytes[i] >= 'a' && word.bytes[i] <= 'z') ||
                (word.bytes[i] >= '0' && word.bytes[i] <= '9'));
}

static void set_names(struct file_names *names, struct slice shelf, struct slice id)
{
    check_word(shelf);
    snprintf(names->shelf, sizeof names->shelf, "%.*s", SLICE_ARGS(shelf));
    if (id.len == 0)
        return;
    check_word(id);
    snprintf(names->loose, sizeof names->loose, "%.*s.%.*s", SLICE_ARGS(shelf), SLICE_ARGS(id));
    snprintf(names->part, sizeof names->part, "%.*s.%.*s.part", SLICE_ARGS(shelf), SLICE_ARGS(id));
    snprintf(names->kept, sizeof names->kept, "%.*s/%.*s", SLICE_ARGS(shelf), SLICE_ARGS(id));
}

static struct job *make_job(
        struct blobs *blobs, enum job_kind kind, uint32_t room, blob_done done, void *user)
{
    struct job *job = calloc(1, sizeof *job + room);
    check(job != NULL);
    job->folder = LIST_ITEM(blobs, struct folder_blobs, base);
    job->kind = kind;
    job->len = room;
    job->done = done;
    job->user = user;
    return job;
}

static void start(struct job *job)
{
    job->folder->underway++;
    int fault = uv_queue_work(job->folder->loop, &job->work, on_thread, on_loop);
    check(fault == 0);
}

static void put(struct blobs *blobs, const struct blob_name *name, const struct blob_piece *piece,
        blob_done done, void *user)
{
    struct job *job = make_job(blobs, PUT, 0, done, user);
    set_names(&job->names, name->shelf, name->id);
    job->at = piece->at;
    job->bytes = piece->bytes;
    start(job);
}

static void start_named(struct blobs *blobs, enum job_kind kind, const struct blob_name *name,
        blob_done done, void *user)
{
    struct job *job = make_job(blobs, kind, 0, done, user);
    set_names(&job->names, name->shelf, name->id);
    start(job);
}

static void finish(struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    start_named(blobs, FINISH, name, done, user);
}

static void keep(struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    start_named(blobs, KEEP, name, done, user);
}

static void read_bytes(struct blobs *blobs, const struct blob_name *name, uint64_t at, uint32_t len,
        blob_done done, void *user)
{
    check(len <= BLOB_PIECE_MAX);
    struct job *job = make_job(blobs, READ, len, done, user);
    set_names(&job->names, name->shelf, name->id);
    job->at = at;
    start(job);
}

static void remove_one(
        struct blobs *blobs, const struct blob_name *name, blob_done done, void *user)
{
    start_named(blobs, REMOVE, name, done, user);
}

static void remove_shelf(struct blobs *blobs, struct slice shelf, blob_done done, void *user)
{
    start_named(blobs, REMOVE_SHELF, &(struct blob_name){.shelf = shelf}, done, user);
}

static void measure(struct blobs *blobs, struct slice shelf, blob_done done, void *user)
{
    start_named(blobs, MEASURE, &(struct blob_name){.shelf = shelf}, done, user);
}

static void sweep(struct blobs *blobs, uint64_t older_than_ms, blob_done done, void *user)
{
    struct job *job = make_job(blobs, SWEEP, 0, done, user);
    job->at = older_than_ms;
    start(job);
}

static const struct blobs_ops ops = {
        put, finish, keep, read_bytes, remove_one, remove_shelf, measure, sweep};

static int make_folder(const char *folder, const char *name)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return -1;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct folder_blobs *folder_blobs_create(struct uv_loop_s *loop, const char *folder)
{
    struct folder_blobs *made = calloc(1, sizeof *made);
    check(made != NULL);
    int folder_fd = make_folder(folder, "");
    made->base.ops = &ops;
    made->loop = loop;
    made->files.loose_fd = folder_fd < 0 ? -1 : make_folder(folder, "/loose");
    made->files.kept_fd = made->files.loose_fd < 0 ? -1 : make_folder(folder, "/kept");
    int why = errno;
    if (folder_fd >= 0)
        close(folder_fd);
    if (made->files.kept_fd >= 0)
        return made;
    folder_blobs_destroy(made);
    errno = why;
    return NULL;
}

void folder_blobs_destroy(struct folder_blobs *folder)
{
    check(folder->underway == 0);
    if (folder->files.loose_fd >= 0)
        close(folder->files.loose_fd);
    if (folder->files.kept_fd >= 0)
        close(folder->files.kept_fd);
    free(folder);
}

bool folder_blobs_is_idle(const struct folder_blobs *folder)
{
    return folder->underway == 0;
}

struct blobs *folder_blobs_port(struct folder_blobs *folder)
{
    return &folder->base;
}
