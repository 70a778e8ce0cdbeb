/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from the system.
 *
 * Invariant: out is wholly filled, or the process ends: an id or a nonce that is not random is
 * worse than a restart. source: getrandom(2); requests up to 256 bytes are never cut short by a
 * signal, longer ones may be, hence the loop.
 */
#include "base/check.h"
#include "loop/loop.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

static void fill(struct random *random, void *out, size_t len)
{
    (void)random;
    uint8_t *bytes = out;
    while (len > 0) {
        ssize_t got = getrandom(bytes, len, 0);
        check(got > 0 || (got < 0 && errno == EINTR));
        if (got < 0)
            continue;
        bytes += got;
        len -= (size_t)got;
    }
}

struct random *system_random(void)
{
    static struct random random = {fill};
    return &random;
}
