/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the embedded server: what it keeps, what it refuses. */
#include "lib/test.h"
#include "redis_process.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct redis_process server;

/* Tries for ten seconds: the server takes a moment. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    expect(fd >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (int i = 0; connect(fd, (struct sockaddr *)&address, sizeof address) != 0; i++) {
        expect(i < 1000);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return fd;
}

/* Sends a line, returns what comes back at first; good until the next call. */
static const char *say(int fd, const char *line)
{
    static char reply[1024];
    char command[256];
    int len = snprintf(command, sizeof command, "%s\r\n", line);
    expect(write(fd, command, (size_t)len) == len);
    ssize_t got = read(fd, reply, sizeof reply - 1);
    expect(got > 0);
    reply[got] = '\0';
    return reply;
}

static void it_keeps_everything_and_forgets_nothing(void)
{
    static const char *const settings[][2] = {{"appendonly", "yes"}, {"appendfsync", "always"},
            {"save", ""}, {"port", "0"}, {"maxmemory-policy", "noeviction"},
            {"stream-node-max-bytes", "1024"}, {"no-appendfsync-on-rewrite", "no"},
            {"unixsocketperm", "700"}, {"maxclients", "256"}, {"rdbcompression", "no"}};
    redis_process_init(&server, "kept", DURABILITY_ALWAYS);
    redis_process_start(&server);
    int fd = connect_to(server.socket_path);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char question[64], wanted[64];
        test_note("setting %s", settings[i][0]);
        snprintf(question, sizeof question, "CONFIG GET %s", settings[i][0]);
        snprintf(wanted, sizeof wanted, "$%zu\r\n%s\r\n", strlen(settings[i][1]), settings[i][1]);
        const char *reply = say(fd, question);
        expect(strncmp(reply, "*2\r\n", 4) == 0 && strlen(reply) > strlen(wanted));
        expect_text(slice_of_string(reply + strlen(reply) - strlen(wanted)), wanted);
    }
    close(fd);
    redis_process_kill(&server);
}

static void it_runs_nothing_but_what_the_adapters_send(void)
{
    static const char *const refused[] = {"EVAL x 0", "SCRIPT FLUSH", "FUNCTION LIST",
            "RESTORE k 0 x", "CONFIG SET save x", "CONFIG REWRITE", "DEBUG SLEEP 0", "MODULE LIST",
            "FLUSHALL", "SHUTDOWN", "REPLICAOF NO ONE", "KEYS *", "ACL LIST", "MONITOR",
            "MIGRATE a 1 k 0 1", "SAVE", "CLIENT KILL x"};
    redis_process_init(&server, "strict", DURABILITY_ALWAYS);
    redis_process_start(&server);
    int fd = connect_to(server.socket_path);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_note("command %s", refused[i]);
        const char *reply = say(fd, refused[i]);
        expect(strncmp(reply, "-NOPERM", 7) == 0 || strstr(reply, "not allowed") != NULL);
    }
    expect_text(slice_of_string(say(fd, "PING")), "+PONG\r\n");
    close(fd);
    redis_process_kill(&server);
}

static void a_folder_may_have_any_name(void)
{
    redis_process_init(&server, "a \"b\" \\c", DURABILITY_EVERYSEC);
    redis_process_start(&server);
    int fd = connect_to(server.socket_path);
    expect_text(slice_of_string(say(fd, "CONFIG GET appendfsync")),
            "*2\r\n$11\r\nappendfsync\r\n$8\r\neverysec\r\n");
    close(fd);
    redis_process_kill(&server);
}

static void paths_that_are_too_long_are_refused(void)
{
    static char far[REDIS_PATH_MAX + 10];
    struct redis_server_config config = {0};
    memset(far, 'x', sizeof far - 1);
    far[0] = '/';
    struct redis_server_options options = {.folder = far, .socket_path = "/short"};
    expect(!redis_server_configure(&options, &config) && errno == ENAMETOOLONG);
    options.folder = test_folder();
    options.socket_path = far;
    expect(!redis_server_configure(&options, &config) && errno == ENAMETOOLONG);
    options.socket_path = "/short";
    options.folder = "/nowhere/at/all";
    expect(!redis_server_configure(&options, &config) && errno == ENOENT);
    expect(config.arguments[0] == NULL);
}

static void only_its_owner_reads_the_configuration(void)
{
    struct stat status;
    redis_process_init(&server, "owned", DURABILITY_ALWAYS);
    expect(stat(server.config.path, &status) == 0);
    expect_u64(status.st_mode & 0777, 0600);
    expect_text(slice_of_string(server.config.arguments[0]), "redis-server");
    expect(server.config.arguments[1] == server.config.path && server.config.arguments[2] == NULL);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(it_keeps_everything_and_forgets_nothing),
                    CASE(it_runs_nothing_but_what_the_adapters_send),
                    CASE(a_folder_may_have_any_name), CASE(paths_that_are_too_long_are_refused),
                    CASE(only_its_owner_reads_the_configuration), {0}});
}
