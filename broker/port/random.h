/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes for ids, nonces and jitter: the system's in the broker, a seeded stream in tests. */
#ifndef WEFT_PORT_RANDOM_H
#define WEFT_PORT_RANDOM_H

#include <stddef.h>

struct random {
    void (*fill)(struct random *random, void *out, size_t len);
};

#endif
