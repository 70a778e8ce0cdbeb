/* SPDX-License-Identifier: Apache-2.0 */
/* Small files.
 *
 * Invariant: a file is replaced by rename, so a reader and a crash see the old text or the new one.
 */
#include "cli/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *text_file_read(const char *path, size_t most)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    char *text = calloc(1, most + 2);
    size_t len = text ? fread(text, 1, most + 1, file) : 0;
    bool is_whole = text != NULL && !ferror(file) && len <= most;
    int reason = text != NULL && len > most ? EFBIG : errno;
    fclose(file);
    if (is_whole)
        return text;
    free(text);
    errno = reason ? reason : EIO;
    return NULL;
}

static bool make_folders(const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part)
        return false;
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return true;
}

bool text_file_write(const char *path, const char *text)
{
    char fresh[PATH_MAX];
    size_t len = strlen(text);
    if (!make_folders(path) || snprintf(fresh, sizeof fresh, "%s.new", path) >= PATH_MAX)
        return false;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_whole = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    is_whole = close(fd) == 0 && is_whole;
    return is_whole && rename(fresh, path) == 0;
}
