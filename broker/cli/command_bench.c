/* SPDX-License-Identifier: Apache-2.0 */
/* weft bench: how fast is Weft, against the floor and against its peers, on this machine?
 *
 * The measuring is tests/bench/bench.py of the source tree that this program was built in: it needs
 * the load generator and the floor, which are no part of an installed Weft. This file finds it.
 *
 * Invariant: nothing is measured here; the arguments are bench.py's, and so is the exit code.
 */
#include "cli/command.h"
#include "cli/say.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 64 };

/* BUILD/broker/cli/weft, in a tree whose root is beside BUILD. */
static bool find_build(char out_build[PATH_MAX], char out_script[PATH_MAX + 32])
{
    ssize_t len = readlink("/proc/self/exe", out_build, PATH_MAX - 1);
    if (len <= 0)
        return false;
    out_build[len] = '\0';
    for (int i = 0; i < 3; i++) {
        char *slash = strrchr(out_build, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
    snprintf(out_script, PATH_MAX + 32, "%s/../tests/bench/bench.py", out_build);
    return access(out_script, R_OK) == 0;
}

static int run(int argc, char **argv)
{
    char build[PATH_MAX], script[PATH_MAX + 32];
    char *words[ARGUMENTS_MAX + 6] = {"python3", script, "--build", build};
    size_t count = 4;
    if (argc > ARGUMENTS_MAX)
        return say_code(CLI_USAGE, "more than %d arguments", ARGUMENTS_MAX);
    if (!find_build(build, script))
        return say_code(
                CLI_NOT_RUN, "tests/bench/bench.py is not there: bench runs in a source tree");
    for (int i = 0; i < argc; i++)
        words[count++] = argv[i];
    execvp(words[0], words);
    return say_code(CLI_NOT_RUN, "python3 cannot be started");
}

const struct command command_bench = {.name = "bench",
        .words = "[WORKLOAD…]",
        .summary = "Measures Weft against the floor and its peers.",
        .run_raw = run};
