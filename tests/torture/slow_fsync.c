/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before redis-server's own libraries, it makes fsync and fdatasync as slow as a file says.
 *
 * SLOW_FSYNC_FILE holds eight bytes, lowest first: milliseconds. The file is mapped, so whoever
 * writes to it is heard at the next sync. Without the variable nothing changes.
 *
 * Invariant: the sync itself is always made, after the wait: slow, never a lie.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef int sync_function(int fd);

static const volatile uint64_t *delay_ms;

__attribute__((constructor)) static void slow_fsync_start(void)
{
    const char *path = getenv("SLOW_FSYNC_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *page = mmap(NULL, sizeof *delay_ms, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED)
        delay_ms = page;
}

static int sync_slowly(const char *name, int fd)
{
    sync_function *next = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, name);
    uint64_t wait_ms = delay_ms == NULL ? 0 : *delay_ms;
    if (wait_ms > 0 && wait_ms < 60000) {
        struct timespec wait = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
        nanosleep(&wait, NULL);
    }
    return next == NULL ? -1 : next(fd);
}

int fsync(int fd)
{
    return sync_slowly("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_slowly("fdatasync", fd);
}
