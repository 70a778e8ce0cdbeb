/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the folder of assets into memory.
 *
 * Invariant: at most 16 MiB in at most 1,024 files, eight folders deep; regular files only, no
 * links, and no name that begins with a dot: what somebody left in the folder by mistake is not
 * published by following it out of it.
 */
#include "ws/static_load.h"

#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTES_MAX = 16 * 1024 * 1024, FILES_MAX = 1024, DEPTH_MAX = 8 };

int asset_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.bytes, b.bytes, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_paths(const void *a, const void *b)
{
    return asset_compare(slice_of_string(((const struct asset *)a)->path),
            slice_of_string(((const struct asset *)b)->path));
}

/* source: Fowler, Noll and Vo's FNV-1a, 64 bits */
static uint64_t digest_of(struct slice bytes)
{
    uint64_t digest = 0xcbf29ce484222325;
    for (size_t i = 0; i < bytes.len; i++)
        digest = (digest ^ (uint8_t)bytes.bytes[i]) * 0x100000001b3;
    return digest;
}

static bool read_whole(int fd, size_t size, struct slice *out_bytes)
{
    char *bytes = malloc(size + 1);
    size_t have = 0;
    while (bytes != NULL && have < size) {
        ssize_t got = read(fd, bytes + have, size - have);
        if (got > 0)
            have += (size_t)got;
        else if (got == 0 || errno != EINTR)
            break;
    }
    if (bytes == NULL || have < size) {
        free(bytes);
        return false;
    }
    *out_bytes = slice_make(bytes, size);
    return true;
}

static bool add_file(struct static_files *files, int fd, size_t size, const char *path)
{
    struct asset asset = {0};
    if (size > BYTES_MAX - files->bytes || files->count == FILES_MAX) {
        errno = EFBIG;
        return false;
    }
    if (files->count == files->capacity) {
        size_t capacity = files->capacity ? files->capacity * 2 : 32;
        struct asset *assets = realloc(files->assets, capacity * sizeof *assets);
        if (assets == NULL)
            return false;
        files->assets = assets;
        files->capacity = capacity;
    }
    if (!read_whole(fd, size, &asset.plain))
        return false;
    asset.path = strdup(path);
    check(asset.path != NULL);
    asset.digest = digest_of(asset.plain);
    files->assets[files->count++] = asset;
    files->bytes += size;
    return true;
}

static bool add_folder(struct static_files *files, int folder_fd, const char *path, int depth);

static bool add_entry(
        struct static_files *files, int folder_fd, const char *folder, const char *name, int depth)
{
    char path[ASSET_PATH_MAX];
    struct stat status;
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof path) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP || errno == ENXIO; /* a link or a socket: left out */
    bool is_good = fstat(fd, &status) == 0;
    if (is_good && S_ISDIR(status.st_mode))
        return add_folder(files, fd, path, depth + 1);
    if (is_good && S_ISREG(status.st_mode))
        is_good = add_file(files, fd, (size_t)status.st_size, path);
    int reason = errno;
    close(fd);
    errno = reason;
    return is_good;
}

/* Closes folder_fd. */
static bool add_folder(struct static_files *files, int folder_fd, const char *path, int depth)
{
    DIR *folder = fdopendir(folder_fd);
    bool is_good = folder != NULL && depth <= DEPTH_MAX;
    if (folder == NULL) {
        close(folder_fd);
        return false;
    }
    while (is_good) {
        const struct dirent *entry = readdir(folder);
        if (entry == NULL)
            break;
        if (entry->d_name[0] != '.')
            is_good = add_entry(files, folder_fd, path, entry->d_name, depth);
    }
    int reason = depth > DEPTH_MAX ? ELOOP : errno;
    closedir(folder);
    errno = reason;
    return is_good;
}

/* A name without its ".gz" is a prefix, and a prefix sorts before. */
static struct asset *find_before(struct static_files *files, size_t end, struct slice path)
{
    for (size_t at = 0; at < end; at++)
        if (files->assets[at].path != NULL && slice_is(path, files->assets[at].path))
            return &files->assets[at];
    return NULL;
}

/* Makes each "x.gz" beside an "x" that one's compressed form, and no asset of its own. */
static void pair_compressed(struct static_files *files)
{
    size_t kept = 0;
    for (size_t i = 0; i < files->count; i++) {
        struct asset *asset = &files->assets[i];
        size_t len = strlen(asset->path);
        if (len < 4 || strcmp(asset->path + len - 3, ".gz") != 0)
            continue;
        struct asset *plain = find_before(files, i, slice_make(asset->path, len - 3));
        if (plain == NULL)
            continue;
        plain->gzipped = asset->plain;
        free(asset->path);
        asset->path = NULL;
    }
    for (size_t i = 0; i < files->count; i++)
        if (files->assets[i].path != NULL)
            files->assets[kept++] = files->assets[i];
    files->count = kept;
}

struct static_files *static_files_load(const char *folder, char *sentence, size_t sentence_len)
{
    struct static_files *files = calloc(1, sizeof *files);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(files != NULL);
    if (fd < 0 || !add_folder(files, fd, "", 0)) {
        snprintf(sentence, sentence_len, "cannot read the assets in %s: %s", folder,
                errno == EFBIG ? "more than 16 MiB or 1,024 files" : strerror(errno));
        static_files_destroy(files);
        return NULL;
    }
    if (files->count > 0)
        qsort(files->assets, files->count, sizeof *files->assets, compare_paths);
    pair_compressed(files);
    return files;
}

void static_files_destroy(struct static_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++) {
        free(files->assets[i].path);
        free((char *)(uintptr_t)files->assets[i].plain.bytes);
        free((char *)(uintptr_t)files->assets[i].gzipped.bytes);
    }
    free(files->assets);
    free(files);
}
