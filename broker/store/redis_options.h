/* SPDX-License-Identifier: Apache-2.0 */
/* How to reach one Redis, and when to give up on a link to it. */
#ifndef WEFT_STORE_REDIS_OPTIONS_H
#define WEFT_STORE_REDIS_OPTIONS_H

#include "port/random.h"

#include <stddef.h>
#include <stdint.h>

/* 0 or NULL takes the default. Strings are copied. */
struct redis_options {
    const char *unix_path; /* this, or host and port, or sentinel */
    const char *host;      /* an IP literal: names are resolved elsewhere, off the loop */
    uint16_t port;
    struct redis_sentinel *sentinel; /* which knows the place; borrowed, and outlives the link */
    const char *password;
    const char *name;        /* in log lines: "store", "keystore" */
    struct random *random;   /* for the jitter of reconnecting, borrowed; NULL: no jitter */
    unsigned replicas;       /* that must hold what a barrier covers, 0: none */
    uint64_t wait_ms;        /* for the replicas, until a barrier is unknown, 1000 */
    size_t requests_max;     /* outstanding at once, 8192. One more completes as unknown, unsent */
    uint64_t watch_ms;       /* between looks at the server's identity and time, 1000 */
    uint64_t silence_ms_max; /* a command unanswered for longer ends the link, 3000: an fsync may
                                be slow */
    uint64_t retry_ms_min, retry_ms_max; /* between attempts to connect, doubling, 20 and 250; on a
                                            socket of this machine 100 */
};

#endif
