/* SPDX-License-Identifier: Apache-2.0 */
/* weftd: the broker. Without --node it is the supervisor of all its processes, with it one of them.
 *
 *   weftd --config FILE [--node I]
 *
 * Invariant: what is wrong with the command line, the configuration or the data folder is said in
 * one sentence on standard error, with an exit code of its own (docs/how-to/operate.md), before
 * anything is started.
 */
#include "config/config.h"
#include "port/crypto.h"
#include "secrets.h"
#include "serve.h"
#include "supervisor/supervisor.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, EXIT_CONFIG = 78 };

static struct config config; /* 300 KiB */

struct arguments {
    const char *config_path;
    long node; /* -1: the supervisor */
};

static int say_usage(FILE *out, int code)
{
    fprintf(out,
            "Usage: weftd --config FILE\n\n"
            "Starts Weft: the embedded Redis servers, the broker's nodes and the configured bots,\n"
            "and brings each back when it dies. SIGTERM stops everything in order.\n\n"
            "  --config FILE   the configuration (see `weft config defaults`)\n"
            "  --node I        run as node I only; the supervisor does this\n"
            "  --version       print the version\n");
    return code;
}

static bool read_arguments(int argc, char **argv, struct arguments *out)
{
    *out = (struct arguments){.node = -1};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--config") == 0)
            out->config_path = argv[i + 1];
        else if (strcmp(argv[i], "--node") == 0)
            out->node = strtol(argv[i + 1], NULL, 10);
        else
            return false;
    }
    return out->config_path != NULL;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct config_problem problem;
    char self_path[PATH_MAX], config_path[PATH_MAX];
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("weftd %s\n", WEFT_VERSION);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return say_usage(stdout, 0);
    if (!read_arguments(argc, argv, &arguments))
        return say_usage(stderr, EXIT_USAGE);
    if (!config_load(arguments.config_path, &config, &problem)) {
        fprintf(stderr, "weftd: %s\n", problem.text);
        return EXIT_CONFIG;
    }
    if (arguments.node >= 0)
        return serve_run(&config, arguments.config_path, (unsigned)arguments.node);
    ssize_t len = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
    if (len < 0 || realpath(arguments.config_path, config_path) == NULL || !crypto_start()) {
        perror("weftd");
        return EXIT_NEVER_READY;
    }
    self_path[len] = '\0';
    if (!secrets_prepare(&config))
        return EXIT_DATA_UNUSABLE;
    return supervisor_run(&config, config_path, self_path);
}
