/* SPDX-License-Identifier: Apache-2.0 */
/* fork, exec, and what is known of the result.
 *
 * Invariant: pid is not 0 exactly when a process was started that has not been waited for. A child
 * leads a process group of its own, so that Ctrl-C on a terminal reaches the supervisor alone and
 * the order of stopping holds; it dies with the supervisor (PR_SET_PDEATHSIG), so that a killed
 * supervisor leaves nobody behind to hold the data or the port.
 *
 * The first restart is at once; only a child that dies again within a second waits, up to a
 * second. So one SIGKILL never costs more than the start itself.
 */
#include "supervisor/child.h"

#include "base/log_line.h"
#include "supervisor/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_MS = 20, RESTART_MS_FIRST = 50 };

/* A signal that stopped the parent before prctl would be missed: look again afterwards. */
static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

static void keep_open(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

static _Noreturn void become(const struct child *child, const sigset_t *mask, pid_t parent, int fd)
{
    char number[16];
    setpgid(0, 0);
    die_with_parent(parent);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    keep_open(fd);
    keep_open(child->kept_fd);
    snprintf(number, sizeof number, "%d", fd);
    setenv("WEFT_READY_FD", number, 1);
    unsetenv("NOTIFY_SOCKET"); /* the supervisor alone speaks to the service manager */
    for (size_t i = 0; i < CHILD_VARIABLES_MAX; i++)
        if (child->variables[i].name != NULL)
            setenv(child->variables[i].name, child->variables[i].value, 1);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(child->arguments[0], (char *const *)(uintptr_t)child->arguments);
    log_line(LOG_ERROR, "child.exec", "name=%s program=%s reason='%s'", child->name,
            child->arguments[0], strerror(errno));
    _exit(127);
}

static void schedule(struct child *child, uint64_t now_ms)
{
    bool was_steady = now_ms - child->started_ms >= CHILD_STEADY_MS;
    uint32_t pause = was_steady ? 0 : child->restart_ms;
    uint32_t longer = pause == 0 ? RESTART_MS_FIRST : 2 * pause;
    child->restart_ms = longer < CHILD_RESTART_MS_MAX ? longer : CHILD_RESTART_MS_MAX;
    child->start_at_ms = now_ms + pause;
}

bool child_start(struct child *child, const sigset_t *mask, uint64_t now_ms)
{
    int ends[2];
    pid_t parent = getpid(), pid = -1;
    if (child->socket[0] != '\0')
        unlink(child->socket); /* left over by one that was killed */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
        pid = fork();
        if (pid == 0)
            become(child, mask, parent, ends[1]);
        close(ends[1]);
        if (pid < 0)
            close(ends[0]);
    }
    child->started_ms = now_ms;
    if (pid < 0) {
        log_line(LOG_ERROR, "child.fork", "name=%s reason='%s'", child->name, strerror(errno));
        schedule(child, now_ms);
        return false;
    }
    child->pid = pid;
    child->ready_fd = ends[0];
    child->state = CHILD_STARTING;
    log_line(LOG_INFO, "child.started", "name=%s pid=%d", child->name, (int)pid);
    return true;
}

static void close_ready(struct child *child)
{
    if (child->ready_fd >= 0)
        close(child->ready_fd);
    child->ready_fd = -1;
}

bool child_reap(struct child *child, uint64_t now_ms)
{
    int status;
    if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
        return false;
    kill(-child->pid, SIGKILL); /* whatever the group's leader left behind */
    bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    log_line(is_clean ? LOG_INFO : LOG_WARN, is_clean ? "child.ended" : "child.died",
            "name=%s pid=%d %s=%d after_ms=%" PRIu64, child->name, (int)child->pid,
            WIFSIGNALED(status) ? "signal" : "code",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            now_ms - child->started_ms);
    child->failures = child->state == CHILD_READY ? 0 : child->failures + 1;
    child->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    child->state = CHILD_IDLE;
    child->pid = 0;
    close_ready(child);
    schedule(child, now_ms);
    return true;
}

static bool has_told(struct child *child)
{
    static const char word[] = "READY=1\n";
    char text[sizeof word] = "";
    ssize_t len = child->ready_fd >= 0 ? read(child->ready_fd, text, sizeof text - 1) : -1;
    if (len == 0)
        close_ready(child); /* closed without a word: only its age can tell now */
    return len > 0 && strcmp(text, word) == 0;
}

bool child_became_ready(struct child *child, uint64_t now_ms)
{
    if (child->state != CHILD_STARTING)
        return false;
    bool is_old = child->ready_after_ms > 0 && now_ms - child->started_ms >= child->ready_after_ms;
    if (!is_old && !(child->socket[0] != '\0' ? probe_answers(child->socket) : has_told(child)))
        return false;
    child->state = CHILD_READY;
    child->failures = 0;
    close_ready(child);
    log_line(LOG_INFO, "child.ready", "name=%s pid=%d after_ms=%" PRIu64, child->name,
            (int)child->pid, now_ms - child->started_ms);
    return true;
}

uint64_t child_wake_ms(const struct child *child, uint64_t now_ms)
{
    if (child->state == CHILD_IDLE)
        return child->start_at_ms;
    if (child->state == CHILD_STARTING && child->socket[0] != '\0')
        return now_ms + PROBE_MS;
    if (child->state == CHILD_STARTING && child->ready_after_ms > 0)
        return child->started_ms + child->ready_after_ms;
    return UINT64_MAX;
}

void child_signal(const struct child *child, int signal)
{
    if (child->pid != 0)
        kill(child->pid, signal);
}

void child_kill(const struct child *child)
{
    if (child->pid != 0 && kill(-child->pid, SIGKILL) != 0)
        kill(child->pid, SIGKILL);
}
