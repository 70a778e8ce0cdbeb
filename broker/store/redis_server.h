/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a redis-server that Weft starts for itself. Starts nothing. */
#ifndef WEFT_STORE_REDIS_SERVER_H
#define WEFT_STORE_REDIS_SERVER_H

#include "store/durability.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDIS_PATH_MAX = 512, REDIS_SOCKET_PATH_MAX = 107, REDIS_ARGUMENT_COUNT = 3 };

struct redis_server_options {
    const char *folder;      /* exists, belongs to us, holds its data: absolute */
    const char *socket_path; /* absolute, at most REDIS_SOCKET_PATH_MAX */
    const char *log_path;    /* NULL: standard output */
    enum durability durability;
    uint64_t memory_bytes_max; /* 0: no limit. A full server refuses writes, it never forgets */
    unsigned clients_max;      /* 0: 256 */
};

struct redis_server_config {
    char path[REDIS_PATH_MAX];
    const char *arguments[REDIS_ARGUMENT_COUNT]; /* for execvp, NULL at the end; borrow path */
};

/* Writes FOLDER/redis.conf, whole or not at all.
 *
 * errors: false when a path is too long, or a file cannot be written: errno says why */
bool redis_server_configure(
        const struct redis_server_options *options, struct redis_server_config *out_config);

#endif
