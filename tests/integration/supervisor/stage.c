/* SPDX-License-Identifier: Apache-2.0 */
/* Starts fake_weftd, follows DATA by inotify, and knows every process that came of it.
 *
 * Invariant: the test process is the reaper of orphans, so a child of a killed supervisor ends as
 * ours to wait for: "nobody is left" is known, not guessed.
 */
#include "stage.h"

#include "lib/test.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, NOBODY_MS = 20000 };

uint64_t stage_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void make_folder(const char *path)
{
    expect(mkdir(path, 0700) == 0 || errno == EEXIST);
}

void stage_init(struct stage *stage, const char *data, const char *lines)
{
    char run[CONFIG_PATH_MAX + 8];
    *stage = (struct stage){.error_fd = -1, .watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    snprintf(stage->data, sizeof stage->data, "%s/%s", test_folder(), data);
    snprintf(stage->config_path, sizeof stage->config_path, "%s/%s.yaml", test_folder(),
            strlen(data) < 40 ? data : "deep");
    snprintf(run, sizeof run, "%s/run", stage->data);
    make_folder(stage->data);
    make_folder(run);
    expect(inotify_add_watch(stage->watch_fd, stage->data, IN_MOVED_TO | IN_DELETE) >= 0);
    expect(inotify_add_watch(stage->watch_fd, run, IN_MOVED_TO) >= 0);
    FILE *file = fopen(stage->config_path, "w");
    expect(file != NULL);
    fprintf(file, "data: %s\n%s", stage->data, lines);
    if (strstr(lines, "listen:") == NULL)
        fputs("listen: {port: 0}\n", file);
    expect(fclose(file) == 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void stage_start(struct stage *stage, const char *node_program, void (*prepare)(struct stage *))
{
    const char *program = getenv("FAKE_WEFTD");
    if (program == NULL)
        test_skip("FAKE_WEFTD is not set");
    stage->error_fd = open(test_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    expect(stage->error_fd >= 0);
    stage->supervisor = fork();
    expect(stage->supervisor >= 0);
    if (stage->supervisor == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nobody behind either */
        dup2(stage->error_fd, STDERR_FILENO);
        if (prepare != NULL)
            prepare(stage);
        execl(program, program, stage->config_path, node_program, NULL);
        _exit(126);
    }
}

void stage_signal(const struct stage *stage, int signal)
{
    kill(stage->supervisor, signal);
}

/* true once it has ended, or is no child of ours (any more). */
static bool wait_until(pid_t pid, uint64_t end_ms, int *out_status)
{
    struct timespec step = {0, 5000000};
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid && out_status != NULL)
            *out_status = status;
        if (ended != 0)
            return ended == pid || kill(pid, 0) != 0;
        if (stage_now_ms() >= end_ms)
            return false;
        nanosleep(&step, NULL);
    }
}

static int wait_bounded(pid_t pid)
{
    int status = 0;
    if (wait_until(pid, stage_now_ms() + PATIENCE_MS, &status))
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return -1;
}

int stage_await_end(struct stage *stage, char *out_words, size_t capacity)
{
    int code = wait_bounded(stage->supervisor);
    off_t size = lseek(stage->error_fd, 0, SEEK_END), kept = (off_t)capacity - 1;
    ssize_t len = pread(stage->error_fd, out_words, capacity - 1, size > kept ? size - kept : 0);
    out_words[len > 0 ? len : 0] = '\0';
    close(stage->error_fd);
    stage->supervisor = 0;
    stage->error_fd = -1;
    return code;
}

static void wait_for_change(const struct stage *stage, uint64_t end_ms)
{
    char events[4096];
    uint64_t now = stage_now_ms();
    struct pollfd wait = {.fd = stage->watch_fd, .events = POLLIN};
    if (now < end_ms && poll(&wait, 1, (int)(end_ms - now)) > 0)
        while (read(stage->watch_fd, events, sizeof events) > 0)
            continue;
}

static bool read_text(const struct stage *stage, const char *below, char *out, size_t capacity)
{
    char path[CONFIG_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", stage->data, below);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t len = fread(out, 1, capacity - 1, file);
    out[len] = '\0';
    fclose(file);
    return true;
}

static void copy_text(const cJSON *root, const char *key, char *out, size_t capacity)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    expect(cJSON_IsString(item));
    snprintf(out, capacity, "%s", item->valuestring);
}

static bool read_up(const struct stage *stage, struct stage_up *up)
{
    char text[8192];
    const cJSON *pid = NULL;
    if (!read_text(stage, "up.json", text, sizeof text))
        return false;
    cJSON *root = cJSON_Parse(text);
    expect(root != NULL);
    *up = (struct stage_up){0};
    copy_text(root, "url", up->url, sizeof up->url);
    copy_text(root, "ws_url", up->ws_url, sizeof up->ws_url);
    copy_text(root, "customer_url", up->customer_url, sizeof up->customer_url);
    copy_text(root, "desk_url", up->desk_url, sizeof up->desk_url);
    copy_text(root, "admin_token_file", up->admin_token_file, sizeof up->admin_token_file);
    up->supervisor = cJSON_GetObjectItem(root, "supervisor")->valueint;
    cJSON_ArrayForEach(pid, cJSON_GetObjectItem(root, "pids"))
    {
        expect(up->pid_count < STAGE_PIDS_MAX);
        snprintf(up->names[up->pid_count], sizeof up->names[0], "%s", pid->string);
        up->pids[up->pid_count++] = pid->valueint;
    }
    cJSON_Delete(root);
    return true;
}

pid_t stage_pid(const struct stage_up *up, const char *name)
{
    for (size_t i = 0; i < up->pid_count; i++)
        if (strcmp(up->names[i], name) == 0)
            return up->pids[i];
    return 0;
}

bool stage_await_up(struct stage *stage, struct stage_up *out_up)
{
    uint64_t end = stage_now_ms() + PATIENCE_MS;
    while (!read_up(stage, out_up)) {
        if (stage_now_ms() >= end)
            return false;
        wait_for_change(stage, end);
    }
    return true;
}

bool stage_await_other_pid(
        struct stage *stage, const char *name, pid_t than, int limit_ms, struct stage_up *out_up)
{
    uint64_t end = stage_now_ms() + (uint64_t)limit_ms;
    while (!read_up(stage, out_up) || stage_pid(out_up, name) == than) {
        if (stage_now_ms() >= end)
            return false;
        wait_for_change(stage, end);
    }
    return stage_pid(out_up, name) != 0;
}

bool stage_await_file(struct stage *stage, const char *below, char *out_text, size_t capacity)
{
    uint64_t end = stage_now_ms() + PATIENCE_MS;
    while (!read_text(stage, below, out_text, capacity)) {
        if (stage_now_ms() >= end)
            return false;
        wait_for_change(stage, end);
    }
    return true;
}

bool stage_has_file(const struct stage *stage, const char *below)
{
    char path[CONFIG_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", stage->data, below);
    return access(path, F_OK) == 0;
}

bool stage_await_nobody(const struct stage_up *up)
{
    bool is_empty = true;
    uint64_t end = stage_now_ms() + NOBODY_MS;
    for (size_t i = 0; i < up->pid_count; i++) {
        is_empty &= wait_until(up->pids[i], end, NULL);
        kill(up->pids[i], SIGKILL);
    }
    return is_empty;
}

void stage_finish(struct stage *stage)
{
    char words[16];
    if (stage->supervisor != 0) {
        stage_signal(stage, SIGTERM);
        stage_await_end(stage, words, sizeof words);
    }
    close(stage->watch_fd);
}
