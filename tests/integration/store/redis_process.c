/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and kills one redis-server.
 *
 * Invariant: only the pid that was started here is ever signalled, and it is waited for.
 */
#include "redis_process.h"

#include "lib/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void redis_process_init(struct redis_process *process, const char *name, enum durability durability)
{
    *process = (struct redis_process){0};
    snprintf(process->folder, sizeof process->folder, "%s/%s", test_folder(), name);
    snprintf(process->socket_path, sizeof process->socket_path, "%s/%s.sock", test_folder(), name);
    snprintf(process->log_path, sizeof process->log_path, "%s/server.log", process->folder);
    expect(mkdir(process->folder, 0700) == 0 || errno == EEXIST);
    struct redis_server_options options = {.folder = process->folder,
            .socket_path = process->socket_path,
            .log_path = process->log_path,
            .durability = durability};
    expect(redis_server_configure(&options, &process->config));
}

void redis_process_start(struct redis_process *process)
{
    expect(process->pid == 0);
    process->pid = fork();
    expect(process->pid >= 0);
    if (process->pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(process->config.arguments[0], (char *const *)(uintptr_t)process->config.arguments);
    _exit(127);
}

void redis_process_kill(struct redis_process *process)
{
    if (process->pid == 0)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    process->pid = 0;
}
