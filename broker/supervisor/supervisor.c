/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of the parent process: signals, deaths, readiness and clocks, in one poll().
 *
 * Invariant: a child runs only while the ranks below it have once been ready, and is stopped
 * before them; outside of stopping, a dead child is started again. One thread, no library: this is
 * the process that must not fall over.
 *
 *   STARTING --all ready--> UP --SIGTERM--> STOPPING (nodes, bots, stores) --> done
 *       +--a store or a node never gets ready--> STOPPING, exit 70
 *       +--a node has the wrong master key--> STOPPING, exit 77
 *
 * SIGHUP goes on to the nodes, which read their configuration again; SIGUSR2 begins a rolling
 * restart.
 *
 * What it does not do: look into its children. A node that hangs is a matter for its own watchdog.
 */
#include "supervisor/supervisor.h"

#include "base/log_line.h"
#include "supervisor/crew.h"
#include "supervisor/notify.h"
#include "supervisor/rolling.h"
#include "supervisor/up_file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FAILURES_MAX = 8, STOP_NODES_EXTRA_MS = 2000, STOP_BOTS_MS = 2000, STOP_STORES_MS = 15000 };

enum phase { PHASE_STARTING, PHASE_UP, PHASE_STOPPING };

struct supervisor {
    const struct config *config;
    struct ground ground;
    struct crew crew;
    struct rolling rolling;
    enum phase phase;
    enum child_rank rank; /* STARTING: the highest that may start */
    size_t stop_at;       /* STOPPING: where in stop_order */
    enum supervisor_exit code;
    uint64_t stop_by_ms; /* STOPPING: then this rank is killed */
    bool is_changed;     /* a pid differs from what up.json says */
    bool is_hurried;     /* told to stop twice */
    int signal_fd;
    sigset_t mask; /* as it was, for the children */
};

/* Nodes first, stores last. */
static const enum child_rank stop_order[] = {RANK_NODE, RANK_BOT, RANK_STORE};
enum { STOP_STEPS = sizeof stop_order / sizeof *stop_order };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static size_t count_alive(struct supervisor *self, enum child_rank rank)
{
    size_t alive = rank == RANK_NODE && rolling_stop(&self->rolling, 0);
    for (size_t i = 0; i < self->crew.count; i++)
        alive += self->crew.children[i].rank == rank && self->crew.children[i].pid != 0;
    return alive;
}

/* A bot that cannot start holds nobody up: without bots, people take over. */
static bool is_rank_ready(const struct supervisor *self, enum child_rank rank)
{
    for (size_t i = 0; i < self->crew.count; i++) {
        const struct child *child = &self->crew.children[i];
        bool is_given_up = rank == RANK_BOT && child->failures > 0;
        if (child->rank == rank && child->state != CHILD_READY && !is_given_up)
            return false;
    }
    return true;
}

static void signal_rank(const struct supervisor *self, enum child_rank rank, int signal)
{
    for (size_t i = 0; i < self->crew.count; i++)
        if (self->crew.children[i].rank == rank)
            child_signal(&self->crew.children[i], signal);
}

static void kill_rank(struct supervisor *self, enum child_rank rank)
{
    if (rank == RANK_NODE)
        rolling_stop(&self->rolling, SIGKILL);
    for (size_t i = 0; i < self->crew.count; i++)
        if (self->crew.children[i].rank == rank)
            child_kill(&self->crew.children[i]);
}

static uint32_t patience_ms(const struct supervisor *self, enum child_rank rank)
{
    switch (rank) {
    case RANK_NODE:
        return self->is_hurried ? 0 : self->config->timeouts.drain_ms + STOP_NODES_EXTRA_MS;
    case RANK_BOT:
        return self->is_hurried ? 0 : STOP_BOTS_MS;
    case RANK_STORE:
        break;
    }
    return STOP_STORES_MS;
}

static void stop_rank(struct supervisor *self, size_t at)
{
    self->stop_at = at;
    self->stop_by_ms = now_ms() + patience_ms(self, stop_order[at]);
    signal_rank(self, stop_order[at], SIGTERM);
}

static void begin_stop(struct supervisor *self, enum supervisor_exit code)
{
    if (self->phase == PHASE_STOPPING) {
        bool is_at_stores = stop_order[self->stop_at] == RANK_STORE;
        self->is_hurried = true;
        self->stop_by_ms = is_at_stores ? self->stop_by_ms : now_ms();
        return;
    }
    log_line(LOG_INFO, "supervisor.stopping", "code=%d", (int)code);
    notify("STOPPING=1");
    self->phase = PHASE_STOPPING;
    self->code = code;
    up_file_remove(self->config);
    rolling_stop(&self->rolling, SIGTERM);
    stop_rank(self, 0);
}

/* Returns true when nobody is left. */
static bool go_on_stopping(struct supervisor *self)
{
    while (count_alive(self, stop_order[self->stop_at]) == 0) {
        if (self->stop_at + 1 == STOP_STEPS)
            return true;
        stop_rank(self, self->stop_at + 1);
    }
    if (now_ms() >= self->stop_by_ms)
        kill_rank(self, stop_order[self->stop_at]);
    return false;
}

static void go_on_starting(struct supervisor *self)
{
    while (is_rank_ready(self, self->rank)) {
        if (self->rank == RANK_BOT) {
            self->phase = PHASE_UP;
            self->is_changed = true;
            log_line(LOG_INFO, "supervisor.up", "url=%s", self->crew.url);
            return;
        }
        self->rank++;
    }
}

static void start_due(struct supervisor *self, uint64_t now)
{
    for (size_t i = 0; i < self->crew.count; i++) {
        struct child *child = &self->crew.children[i];
        bool is_turn = self->phase == PHASE_UP || child->rank <= self->rank;
        if (is_turn && child->state == CHILD_IDLE && now >= child->start_at_ms)
            self->is_changed |= child_start(child, &self->mask, now);
    }
}

static void look_at_children(struct supervisor *self)
{
    uint64_t now = now_ms();
    for (size_t i = 0; i < self->crew.count; i++) {
        struct child *child = &self->crew.children[i];
        child_became_ready(child, now);
        bool is_dead = child_reap(child, now);
        if (is_dead && self->phase == PHASE_STARTING && child->rank != RANK_BOT &&
                child->failures >= FAILURES_MAX) {
            fprintf(stderr, "weftd: '%s' does not start: it ended %u times before it was ready\n",
                    child->arguments[0], child->failures);
            begin_stop(self, EXIT_NEVER_READY);
        }
        if (is_dead && child->rank == RANK_NODE && child->exit_code == EXIT_WRONG_KEY &&
                self->phase != PHASE_STOPPING)
            begin_stop(self, EXIT_WRONG_KEY); /* another start would say the same */
    }
    if (self->phase == PHASE_UP)
        self->is_changed |= rolling_go_on(&self->rolling, &self->crew, now);
    if (self->phase == PHASE_STARTING)
        go_on_starting(self);
    if (self->phase != PHASE_STOPPING)
        start_due(self, now);
}

static void read_signals(struct supervisor *self)
{
    struct signalfd_siginfo info;
    while (read(self->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            signal_rank(self, RANK_NODE, SIGHUP);
        else if (info.ssi_signo == SIGUSR2 && self->phase == PHASE_UP)
            rolling_begin(&self->rolling, &self->crew, self->config->timeouts.drain_ms, now_ms());
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            begin_stop(self, EXIT_STOPPED);
    }
}

static int time_to_wait(const struct supervisor *self)
{
    uint64_t now = now_ms(), wake = UINT64_MAX;
    for (size_t i = 0; i < self->crew.count; i++) {
        const struct child *child = &self->crew.children[i];
        bool is_turn = child->pid != 0 || self->phase == PHASE_UP || child->rank <= self->rank;
        uint64_t due = is_turn ? child_wake_ms(child, now) : UINT64_MAX;
        wake = due < wake ? due : wake;
    }
    if (self->phase == PHASE_STOPPING)
        wake = self->stop_by_ms > now ? self->stop_by_ms : now + 100;
    if (self->rolling.step != ROLLING_OFF)
        wake = wake < now + ROLLING_LOOK_MS ? wake : now + ROLLING_LOOK_MS;
    if (wake == UINT64_MAX)
        return -1;
    return wake <= now ? 0 : wake - now > 60000 ? 60000 : (int)(wake - now);
}

static void wait_for_news(struct supervisor *self)
{
    struct pollfd waits[1 + CREW_MAX] = {{.fd = self->signal_fd, .events = POLLIN}};
    for (size_t i = 0; i < self->crew.count; i++)
        waits[1 + i] = (struct pollfd){.fd = self->crew.children[i].ready_fd, .events = POLLIN};
    poll(waits, 1 + self->crew.count, time_to_wait(self));
}

static void run(struct supervisor *self)
{
    for (;;) {
        look_at_children(self);
        if (self->phase == PHASE_UP && self->is_changed) {
            up_file_write(self->config, &self->crew);
            self->is_changed = false;
            notify("READY=1");
        }
        if (self->phase == PHASE_STOPPING && go_on_stopping(self))
            return;
        wait_for_news(self);
        read_signals(self);
    }
}

static void take_signals(struct supervisor *self)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGUSR2);
    sigprocmask(SIG_BLOCK, &wanted, &self->mask);
    self->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
}

int supervisor_run(const struct config *config, const char *config_path, const char *self_path)
{
    static struct supervisor self;
    self = (struct supervisor){.config = config, .rank = RANK_STORE};
    prctl(PR_SET_NAME, "weft-supervisor");
    log_line_setup(config->log.level, "process=supervisor");
    umask(0077);
    self.code = ground_take(config, &self.ground);
    if (self.code != EXIT_STOPPED)
        return self.code;
    up_file_remove(config);
    if (crew_make(&self.crew, config, &self.ground, config_path, self_path)) {
        take_signals(&self);
        run(&self);
        close(self.signal_fd);
        sigprocmask(SIG_SETMASK, &self.mask, NULL);
    } else {
        fprintf(stderr, "weftd: the configuration of Redis in %s cannot be written: %s\n",
                config->data, strerror(errno));
        self.code = EXIT_DATA_UNUSABLE;
    }
    ground_give_back(config, &self.ground);
    return self.code;
}
