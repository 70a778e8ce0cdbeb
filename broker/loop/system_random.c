/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the system.
 *
 * Invariant: out is wholly filled, or the process ends: an id or a nonce that is not random is
 * worse than a restart. source: getrandom(2); requests up to 256 bytes are never cut short by a
 * signal, longer ones may be, hence the loop.
 *
 * Every sealed entry needs a nonce, so small requests are served from a page that one call fills. A
 * byte is handed out once, and wiped from the page when it is. Nobody forks between two requests
 * and goes on in both processes: the supervisor's children exec. source: one system call in 160
 * messages instead of one a message
 */
#include "base/check.h"
#include "loop/loop.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

enum { PAGE_SIZE = 4096, SMALL_MAX = 64 };

static uint8_t page[PAGE_SIZE];
static size_t page_left;

static void fill_from_system(uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t got = getrandom(bytes, len, 0);
        check(got > 0 || (got < 0 && errno == EINTR));
        if (got < 0)
            continue;
        bytes += got;
        len -= (size_t)got;
    }
}

static void fill(struct random *random, void *out, size_t len)
{
    (void)random;
    if (len > SMALL_MAX) {
        fill_from_system(out, len);
        return;
    }
    if (page_left < len) {
        fill_from_system(page, sizeof page);
        page_left = sizeof page;
    }
    page_left -= len;
    memcpy(out, page + page_left, len);
    explicit_bzero(page + page_left, len);
}

struct random *system_random(void)
{
    static struct random random = {fill};
    return &random;
}
