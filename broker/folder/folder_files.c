/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs as files: loose/<shelf>.<id>[.part], and kept/<shelf>/<id>.
 *
 * Invariant: a file comes to its name whole and by one rename, and OK means that file and name are
 * on the disk. What fails half way leaves something loose, which the sweep takes. Removing can be
 * repeated, and what is read meanwhile is either there or absent.
 *
 * All of it blocks: it runs on libuv's threads. Nothing is shared but two descriptors.
 */
#include "folder/folder_files.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Another node may have kept it, or taken an empty shelf away, in between. */
enum { KEEP_TRIES = 3 };

static enum blob_outcome outcome_of(int fault)
{
    if (fault == 0)
        return BLOB_OK;
    if (errno == ENOENT)
        return BLOB_ABSENT;
    return errno == ENOSPC || errno == EDQUOT ? BLOB_FULL : BLOB_FAILED;
}

static int close_with(int fd, int fault)
{
    int why = errno;
    int closed = close(fd);
    if (fault != 0)
        errno = why;
    return fault != 0 ? fault : closed;
}

static int sync_folder(int folder_fd, const char *path)
{
    int fd = openat(folder_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : close_with(fd, fsync(fd));
}

enum blob_outcome files_put(const struct folder_files *files, const struct file_names *names,
        uint64_t at, struct slice bytes)
{
    int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (at == 0 ? O_CREAT | O_TRUNC : 0);
    int fd = openat(files->loose_fd, names->part, flags, 0600);
    if (fd < 0)
        return outcome_of(-1);
    int fault = 0;
    for (size_t done = 0; done < bytes.len && fault == 0;) {
        ssize_t written = pwrite(fd, bytes.bytes + done, bytes.len - done, (off_t)(at + done));
        if (written < 0 && errno != EINTR)
            fault = -1;
        done += written > 0 ? (size_t)written : 0;
    }
    return outcome_of(close_with(fd, fault));
}

enum blob_outcome files_finish(const struct folder_files *files, const struct file_names *names)
{
    int fd = openat(files->loose_fd, names->part, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return outcome_of(-1);
    if (close_with(fd, fsync(fd)) != 0 ||
            renameat(files->loose_fd, names->part, files->loose_fd, names->loose) != 0)
        return outcome_of(-1);
    return outcome_of(fsync(files->loose_fd));
}

static int sync_kept(const struct folder_files *files, const struct file_names *names)
{
    return sync_folder(files->kept_fd, names->shelf) != 0 ? -1 : fsync(files->kept_fd);
}

/* Into a folder that may come and go beneath us, with whoever keeps the shelf's other files. */
static int move_to_kept(const struct folder_files *files, const struct file_names *names)
{
    bool is_new = mkdirat(files->kept_fd, names->shelf, 0700) == 0;
    int fault = renameat(files->loose_fd, names->loose, files->kept_fd, names->kept);
    int why = errno;
    if (fault != 0 && is_new)
        unlinkat(files->kept_fd, names->shelf, AT_REMOVEDIR);
    errno = why;
    return fault;
}

enum blob_outcome files_keep(const struct folder_files *files, const struct file_names *names)
{
    for (int tries = 0; tries < KEEP_TRIES; tries++) {
        bool is_kept = faccessat(files->kept_fd, names->kept, F_OK, 0) == 0;
        if (is_kept || move_to_kept(files, names) == 0)
            return sync_kept(files, names) == 0 ? BLOB_OK : BLOB_FAILED;
        if (errno != ENOENT)
            return outcome_of(-1);
    }
    return BLOB_ABSENT;
}

/* Where it is; it may be kept while we look. */
static int open_finished(const struct folder_files *files, const struct file_names *names)
{
    int fd = openat(files->kept_fd, names->kept, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        fd = openat(files->loose_fd, names->loose, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        fd = openat(files->kept_fd, names->kept, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd;
}

enum blob_outcome files_read(const struct folder_files *files, const struct file_names *names,
        uint64_t at, char *out, uint32_t *len)
{
    uint32_t wanted = *len;
    *len = 0;
    int fd = open_finished(files, names);
    if (fd < 0)
        return outcome_of(-1);
    ssize_t got = 1;
    while (*len < wanted && got != 0) {
        got = pread(fd, out + *len, wanted - *len, (off_t)(at + *len));
        if (got < 0 && errno != EINTR)
            break;
        *len += got > 0 ? (uint32_t)got : 0;
    }
    return outcome_of(close_with(fd, got < 0 ? -1 : 0));
}

static int unlink_if_there(int folder_fd, const char *path)
{
    return unlinkat(folder_fd, path, 0) == 0 || errno == ENOENT ? 0 : -1;
}

enum blob_outcome files_remove(const struct folder_files *files, const struct file_names *names)
{
    int faults = unlink_if_there(files->loose_fd, names->part) +
                 unlink_if_there(files->loose_fd, names->loose) +
                 unlink_if_there(files->kept_fd, names->kept);
    return faults == 0 ? BLOB_OK : BLOB_FAILED;
}

/* ---- many files -------------------------------------------------------------------------------
 */

/* Over the regular files of one folder. */
struct walk {
    const char *prefix; /* of its name; "" for all */
    time_t before;      /* last written before; 0: whenever */
    bool is_removed, has_failed;
    uint64_t size;
};

static void look_at(struct walk *walk, int folder_fd, const char *name)
{
    struct stat file;
    if (name[0] == '.' || strncmp(name, walk->prefix, strlen(walk->prefix)) != 0 ||
            fstatat(folder_fd, name, &file, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(file.st_mode))
        return;
    if (walk->before != 0 && file.st_mtime >= walk->before)
        return;
    walk->size += (uint64_t)file.st_size;
    if (walk->is_removed && unlink_if_there(folder_fd, name) != 0)
        walk->has_failed = true;
}

static void walk_files(struct walk *walk, int folder_fd, const char *path)
{
    int fd = openat(folder_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        walk->has_failed |= errno != ENOENT;
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        look_at(walk, fd, entry->d_name);
    closedir(folder);
}

enum blob_outcome files_remove_shelf(
        const struct folder_files *files, const struct file_names *names)
{
    struct walk loose = {.prefix = names->shelf, .is_removed = true};
    struct walk kept = {.prefix = "", .is_removed = true};
    walk_files(&loose, files->loose_fd, ".");
    walk_files(&kept, files->kept_fd, names->shelf);
    bool is_gone = unlinkat(files->kept_fd, names->shelf, AT_REMOVEDIR) == 0 || errno == ENOENT;
    bool is_synced = fsync(files->kept_fd) == 0 && fsync(files->loose_fd) == 0;
    return loose.has_failed || kept.has_failed || !is_gone || !is_synced ? BLOB_FAILED : BLOB_OK;
}

enum blob_outcome files_measure(
        const struct folder_files *files, const struct file_names *names, uint64_t *out_size)
{
    struct walk loose = {.prefix = names->shelf}, kept = {.prefix = ""};
    walk_files(&loose, files->loose_fd, ".");
    walk_files(&kept, files->kept_fd, names->shelf);
    *out_size = loose.size + kept.size;
    return loose.has_failed || kept.has_failed ? BLOB_FAILED : BLOB_OK;
}

enum blob_outcome files_sweep(const struct folder_files *files, uint64_t older_than_ms)
{
    time_t age = (time_t)(older_than_ms / 1000);
    struct timespec now; /* the files' own dates are of this clock */
    clock_gettime(CLOCK_REALTIME, &now);
    struct walk loose = {.prefix = "", .before = now.tv_sec - age + 1, .is_removed = true};
    walk_files(&loose, files->loose_fd, ".");
    return loose.has_failed ? BLOB_FAILED : BLOB_OK;
}
