/* SPDX-License-Identifier: Apache-2.0 */
/* One supervised process: started, told ready, seen dead, started again. */
#ifndef WEFT_SUPERVISOR_CHILD_H
#define WEFT_SUPERVISOR_CHILD_H

#include "config/config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum child_rank { RANK_STORE, RANK_NODE, RANK_BOT };

/*  IDLE -> STARTING -> READY
 *   ^         |          |
 *   +---------+----------+   (dead; due again at start_at_ms)  */
enum child_state { CHILD_IDLE, CHILD_STARTING, CHILD_READY };

enum { CHILD_VARIABLES_MAX = 2, CHILD_RESTART_MS_MAX = 1000, CHILD_STEADY_MS = 1000 };

struct child_variable {
    const char *name;
    char value[CONFIG_PATH_MAX];
};

struct child {
    char name[CONFIG_NAME_MAX]; /* "redis", "weftd-1": its key in up.json */
    enum child_rank rank;
    const char *arguments[CONFIG_ARGUMENTS_MAX + 1]; /* borrowed; ends with NULL */
    struct child_variable variables[CHILD_VARIABLES_MAX];
    char number[16];                /* storage for an argument */
    char socket[CONFIG_SOCKET_MAX]; /* a store: ready once it answers here */
    int kept_fd;                    /* stays open in the child; -1: none */
    uint64_t ready_after_ms;        /* taken for ready when it lived this long; 0: never */

    enum child_state state;
    pid_t pid; /* 0 when IDLE */
    int ready_fd;
    uint64_t started_ms, start_at_ms;
    uint32_t restart_ms; /* the next pause before a start */
    int exit_code;       /* of the last one; -1: it did not exit by itself */
    uint32_t failures;   /* deaths in a row before it was ready */
};

/* mask: the signal mask that the child shall have. errors: false when no process could be made; it
 * is due again then. */
bool child_start(struct child *child, const sigset_t *mask, uint64_t now_ms);
/* true when it has just died; it is IDLE and due again then. */
bool child_reap(struct child *child, uint64_t now_ms);
/* true when it has just become ready, by its descriptor, by its socket or by its age. */
bool child_became_ready(struct child *child, uint64_t now_ms);
/* When to look at it again without an event; UINT64_MAX: never. */
uint64_t child_wake_ms(const struct child *child, uint64_t now_ms);
/* To the process, or to its whole group. */
void child_signal(const struct child *child, int signal);
void child_kill(const struct child *child);

#endif
