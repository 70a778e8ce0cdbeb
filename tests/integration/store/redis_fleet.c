/* SPDX-License-Identifier: Apache-2.0 */
/* Starts, asks, stops and kills redis-servers and Sentinels.
 *
 * Invariant: only pids that were started here are signalled, and they are waited for. A port was
 * free a moment before it is used; a server that does not come up on it fails the case.
 */
#include "redis_fleet.h"

#include "lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_MAX = 12000, TRY_MS = 5 };

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){0, TRY_MS * 1000000L}, NULL);
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    expect(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
    expect(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

void fleet_init(struct fleet_server *server, const char *name)
{
    *server = (struct fleet_server){.port = free_port()};
    snprintf(server->name, sizeof server->name, "%s", name);
    snprintf(server->folder, sizeof server->folder, "%s/%s-%u", test_folder(), name, server->port);
    expect(mkdir(server->folder, 0700) == 0);
}

static const char *config_path(const struct fleet_server *server)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/redis.conf", server->folder);
    return path;
}

static redisReply *ask_once(const struct fleet_server *server, const char *const *words)
{
    redisReply *reply = NULL;
    int count = 0;
    while (words[count] != NULL)
        count++;
    redisContext *context =
            redisConnectWithTimeout("127.0.0.1", server->port, (struct timeval){5, 0});
    if (context != NULL && context->err == 0)
        reply = redisCommandArgv(context, count, (const char **)(uintptr_t)words, NULL);
    if (context != NULL)
        redisFree(context);
    return reply;
}

static void await_answer(const struct fleet_server *server)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        redisReply *reply = ask_once(server, (const char *const[]){"PING", NULL});
        bool is_up = reply != NULL && reply->type == REDIS_REPLY_STATUS;
        if (reply != NULL)
            freeReplyObject(reply);
        if (is_up)
            return;
        pause_shortly();
    }
    test_note("%s on port %u", server->name, server->port);
    expect(!"it never answered");
}

static void run(struct fleet_server *server, bool is_sentinel)
{
    const char *const arguments[] = {
            "redis-server", config_path(server), is_sentinel ? "--sentinel" : NULL, NULL};
    expect(server->pid == 0);
    server->pid = fork();
    expect(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    await_answer(server);
}

void fleet_start(struct fleet_server *server, const struct fleet_server *master)
{
    FILE *file = fopen(config_path(server), "w");
    expect(file != NULL);
    fprintf(file,
            "bind 127.0.0.1\nport %u\ndir %s\nlogfile %s/server.log\nsave \"\"\n"
            "appendonly yes\nappendfsync always\nrepl-diskless-sync-delay 0\n"
            "repl-timeout 5\nrepl-ping-replica-period 1\n",
            server->port, server->folder, server->folder);
    if (master != NULL)
        fprintf(file, "replicaof 127.0.0.1 %u\n", master->port);
    fclose(file);
    run(server, false);
}

void fleet_start_sentinel(struct fleet_server *server, const struct fleet_server *master)
{
    FILE *file = fopen(config_path(server), "w");
    expect(file != NULL);
    fprintf(file,
            "bind 127.0.0.1\nport %u\ndir %s\nlogfile %s/server.log\n"
            "sentinel monitor " FLEET_MASTER " 127.0.0.1 %u 2\n"
            "sentinel down-after-milliseconds " FLEET_MASTER " 1500\n"
            "sentinel failover-timeout " FLEET_MASTER " 3000\n",
            server->port, server->folder, server->folder, master->port);
    fclose(file);
    run(server, true);
}

/* All others, and a replica: else no failover could begin. */
void fleet_await_sentinels(const struct fleet_server *sentinels, size_t count)
{
    char others[64];
    snprintf(others, sizeof others, "slaves=1,sentinels=%zu", count);
    for (size_t i = 0; i < count; i++)
        for (int tries = 0;; tries++) {
            const char *info =
                    fleet_ask(&sentinels[i], (const char *const[]){"INFO", "sentinel", NULL});
            if (strstr(info, others) != NULL)
                break;
            test_note("%s", info);
            expect(tries < TRIES_MAX);
            pause_shortly();
        }
}

void fleet_signal(const struct fleet_server *server, int signal_number)
{
    expect(server->pid > 0 && kill(server->pid, signal_number) == 0);
}

void fleet_kill(struct fleet_server *server)
{
    if (server->pid == 0)
        return;
    kill(server->pid, SIGKILL);
    while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    server->pid = 0;
}

const char *fleet_ask(const struct fleet_server *server, const char *const *words)
{
    static char text[16384];
    redisReply *reply = ask_once(server, words);
    test_note("%s: %s %s", server->name, words[0], words[1] ? words[1] : "");
    expect(reply != NULL);
    if (reply->type == REDIS_REPLY_INTEGER)
        snprintf(text, sizeof text, "%lld", reply->integer);
    else
        snprintf(text, sizeof text, "%s", reply->str != NULL ? reply->str : "");
    freeReplyObject(reply);
    return text;
}

/* WAIT needs a write of its own connection to look at, so the offsets are read instead. */
static bool all_hold(const char *info, unsigned count)
{
    const char *own = strstr(info, "master_repl_offset:");
    unsigned holding = 0;
    for (const char *at = info; (at = strstr(at, "state=online,offset=")) != NULL; at++)
        holding += own != NULL && strtoull(at + 20, NULL, 10) >= strtoull(own + 19, NULL, 10);
    return holding >= count;
}

void fleet_await_replicas(const struct fleet_server *master, unsigned count)
{
    for (int i = 0;
            !all_hold(fleet_ask(master, (const char *const[]){"INFO", "replication", NULL}), count);
            i++) {
        expect(i < TRIES_MAX);
        pause_shortly();
    }
}
