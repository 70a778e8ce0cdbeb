/* SPDX-License-Identifier: Apache-2.0 */
/* A redis-server of the test's own, on a socket in the test's folder. Dies with the test. */
#ifndef WEFT_TESTS_REDIS_PROCESS_H
#define WEFT_TESTS_REDIS_PROCESS_H

#include "store/redis_server.h"

#include <sys/types.h>

struct redis_process {
    char folder[REDIS_PATH_MAX / 2], socket_path[REDIS_SOCKET_PATH_MAX + 1];
    char log_path[REDIS_PATH_MAX];
    struct redis_server_config config;
    pid_t pid; /* 0: not running */
};

/* Makes FOLDER/name and its configuration; starts nothing. */
void redis_process_init(
        struct redis_process *process, const char *name, enum durability durability);
/* Starts it, on the data that it has; it takes connections a moment later. */
void redis_process_start(struct redis_process *process);
/* Sends SIGKILL and waits for its end. No-op when it is not running. */
void redis_process_kill(struct redis_process *process);

#endif
