/* SPDX-License-Identifier: Apache-2.0 */
/* A supervised Weft in a temporary folder, watched from outside. Waiting is always bounded. */
#ifndef WEFT_TESTS_STAGE_H
#define WEFT_TESTS_STAGE_H

#include "config/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { STAGE_PIDS_MAX = 16 };

struct stage {
    char data[CONFIG_PATH_MAX];
    char config_path[CONFIG_PATH_MAX];
    pid_t supervisor; /* 0: not running */
    int error_fd;     /* what it writes to standard error */
    int watch_fd;     /* inotify on data and data/run */
};

/* What up.json says. */
struct stage_up {
    char url[256], ws_url[256], customer_url[256], desk_url[256], admin_token_file[2048];
    pid_t supervisor;
    size_t pid_count;
    char names[STAGE_PIDS_MAX][32];
    pid_t pids[STAGE_PIDS_MAX];
};

/* Writes the configuration: port 0, the data folder, and the given lines. */
void stage_init(struct stage *stage, const char *data, const char *lines);
/* node_program NULL: the fake. prepare, if any, runs in the new process first. */
void stage_start(struct stage *stage, const char *node_program, void (*prepare)(struct stage *));
/* Waits for its end. Returns the exit code, or -1 when it had to be killed; out_words receives the
 * end of its standard error. */
int stage_await_end(struct stage *stage, char *out_words, size_t capacity);
void stage_signal(const struct stage *stage, int signal);

bool stage_await_up(struct stage *stage, struct stage_up *out_up);
/* Until up.json has another process under the name; false after limit_ms. */
bool stage_await_other_pid(
        struct stage *stage, const char *name, pid_t than, int limit_ms, struct stage_up *out_up);
/* Until the file is there; its text. */
bool stage_await_file(struct stage *stage, const char *below, char *out_text, size_t capacity);
bool stage_has_file(const struct stage *stage, const char *below);
pid_t stage_pid(const struct stage_up *up, const char *name);
/* Until none of those processes is left. */
bool stage_await_nobody(const struct stage_up *up);
/* Ends what is left of it. */
void stage_finish(struct stage *stage);
uint64_t stage_now_ms(void);

#endif
