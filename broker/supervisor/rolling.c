/* SPDX-License-Identifier: Apache-2.0 */
/* Rolling restart, one node after the other.
 *
 *   OFF -> STARTING: a new process of this node, beside the old one, on the same port
 *            | ready                                  | not ready in time, or dies again and again
 *            v                                        v
 *          LEAVING: SIGTERM to the old one        the new one is killed, the old one stays: OFF
 *            | gone (drained, or killed when its time is over)
 *            v
 *          STARTING of the next node, or OFF
 *
 * Invariant: while it goes on, each node has a process that serves; a new version that does not
 * start costs nothing but a line in the log.
 */
#include "supervisor/rolling.h"

#include "base/log_line.h"

#include <sys/wait.h>
#include <unistd.h>

enum { LEAVING_EXTRA_MS = 2000 };

static void end(struct rolling *rolling)
{
    log_line(LOG_INFO, "rolling.done", "nodes=%zu", rolling->followed);
    rolling->step = ROLLING_OFF;
}

static void start_next(struct rolling *rolling, struct crew *crew, uint64_t now_ms)
{
    while (rolling->at < crew->count && crew->children[rolling->at].rank != RANK_NODE)
        rolling->at++;
    if (rolling->at == crew->count) {
        end(rolling);
        return;
    }
    struct child *child = &crew->children[rolling->at];
    rolling->old = *child;
    child->pid = 0;
    child->ready_fd = -1;
    child->state = CHILD_IDLE;
    child->start_at_ms = now_ms;
    child->failures = 0;
    rolling->step = ROLLING_STARTING;
    rolling->by_ms = now_ms + ROLLING_READY_MS;
}

void rolling_begin(struct rolling *rolling, struct crew *crew, uint32_t drain_ms, uint64_t now_ms)
{
    if (rolling->step != ROLLING_OFF)
        return;
    log_line(LOG_INFO, "rolling.begun", "drain_ms=%u", drain_ms);
    *rolling = (struct rolling){.drain_ms = drain_ms};
    start_next(rolling, crew, now_ms);
}

/* The old process may die by itself at any time. */
static bool is_gone(struct rolling *rolling, uint64_t now_ms)
{
    child_reap(&rolling->old, now_ms);
    return rolling->old.pid == 0;
}

static void give_up(struct rolling *rolling, struct child *child)
{
    log_line(LOG_ERROR, "rolling.given_up", "name=%s reason=not_ready", child->name);
    if (child->pid != 0) {
        child_kill(child);
        waitpid(child->pid, NULL, 0);
    }
    if (child->ready_fd >= 0)
        close(child->ready_fd);
    *child = rolling->old;
    rolling->old.pid = 0;
    rolling->step = ROLLING_OFF;
}

static bool look_at_new(struct rolling *rolling, struct child *child, uint64_t now_ms)
{
    bool is_failed = child->failures >= ROLLING_FAILURES_MAX || now_ms >= rolling->by_ms;
    bool is_old_gone = is_gone(rolling, now_ms);
    if (child->state == CHILD_READY) {
        child_signal(&rolling->old, SIGTERM);
        rolling->step = ROLLING_LEAVING;
        rolling->by_ms = now_ms + rolling->drain_ms + LEAVING_EXTRA_MS;
    } else if (is_failed && !is_old_gone) {
        give_up(rolling, child);
        return true;
    } else if (is_failed) { /* nobody to go back to: the child is started as ever */
        rolling->step = ROLLING_OFF;
    }
    return false;
}

bool rolling_go_on(struct rolling *rolling, struct crew *crew, uint64_t now_ms)
{
    struct child *child = &crew->children[rolling->at];
    if (rolling->step == ROLLING_STARTING)
        return look_at_new(rolling, child, now_ms);
    if (rolling->step == ROLLING_LEAVING && now_ms >= rolling->by_ms)
        child_kill(&rolling->old);
    if (rolling->step == ROLLING_LEAVING && is_gone(rolling, now_ms)) {
        rolling->at++;
        rolling->followed++;
        start_next(rolling, crew, now_ms);
        return true;
    }
    return false;
}

bool rolling_stop(struct rolling *rolling, int signal)
{
    if (rolling->old.pid != 0 && waitpid(rolling->old.pid, NULL, WNOHANG) == rolling->old.pid)
        rolling->old.pid = 0;
    if (rolling->old.pid != 0 && signal != 0)
        child_signal(&rolling->old, signal);
    rolling->step = ROLLING_OFF;
    return rolling->old.pid != 0;
}
