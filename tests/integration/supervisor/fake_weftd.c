/* SPDX-License-Identifier: Apache-2.0 */
/* The real supervisor with hollow nodes and bots, for its tests.
 *
 * As `fake_weftd FILE` it supervises; started by itself with --node it is a node, with --bot a bot.
 * Those leave what they saw in their environment in DATA/run/seen-NAME, tell a SIGHUP in
 * DATA/run/hup, and at SIGTERM leave in DATA/run/bye-NAME whether the store still answered. With
 * FAKE_SILENT they never say that they are ready.
 */
#include "supervisor/probe.h"
#include "supervisor/supervisor.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;

static void leave(const char *name, const char *text)
{
    char below[64], path[CONFIG_PATH_MAX], fresh[CONFIG_PATH_MAX + 8];
    snprintf(below, sizeof below, "run/%s", name);
    config_data_path(&config, below, path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    if (file == NULL)
        exit(3);
    fputs(text, file);
    if (fclose(file) != 0 || rename(fresh, path) != 0)
        exit(3);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static void leave_seen(const char *name)
{
    char file[80], text[4096];
    snprintf(file, sizeof file, "seen-%s", name);
    snprintf(text, sizeof text, "port=%s url=%s key=%s", variable("WEFT_PORT"),
            variable("WEFT_URL"), variable("WEFT_KEY_FILE"));
    leave(file, text);
}

static void leave_bye(const char *name)
{
    char file[80], socket[CONFIG_SOCKET_MAX];
    config_socket_path(&config, "log", socket);
    snprintf(file, sizeof file, "bye-%s", name);
    leave(file, probe_answers(socket) ? "store answered" : "store gone");
}

static int serve(const char *name)
{
    sigset_t wanted;
    int signal;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    leave_seen(name);
    if (!getenv("FAKE_SILENT") &&
            write((int)strtol(variable("WEFT_READY_FD"), NULL, 10), "READY=1\n", 8) != 8)
        return 3;
    while (sigwait(&wanted, &signal) == 0 && signal == SIGHUP)
        leave("hup", name);
    leave_bye(name);
    return 0;
}

int main(int argc, char **argv)
{
    static struct config_problem problem;
    bool is_node = argc == 5 && strcmp(argv[3], "--node") == 0;
    bool is_bot = argc == 3 && strcmp(argv[1], "--bot") == 0;
    const char *path = is_node || is_bot ? argv[2] : argv[1];
    if (!config_load(path, &config, &problem)) {
        fprintf(stderr, "%s\n", problem.text);
        return 78;
    }
    if (is_node)
        return serve(argv[4]);
    if (is_bot)
        return serve("bot");
    return supervisor_run(&config, path, argc > 2 ? argv[2] : argv[0]);
}
