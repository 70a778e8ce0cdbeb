/* SPDX-License-Identifier: Apache-2.0 */
/* weft config: checks a configuration file, or prints one with every default. */
#include "cli/command.h"
#include "cli/say.h"
#include "config/config.h"

#include <string.h>

static int check_file(const char *path)
{
    static struct config config; /* 300 KiB */
    struct config_problem problem;
    if (config_load(path, &config, &problem))
        return say_code(CLI_GOOD, "%s is good", path);
    return say_code(problem.line > 0 ? CLI_FOUND : CLI_NOT_RUN, "%s", problem.text);
}

static int run(const void *options, const struct command_words *words)
{
    (void)options;
    if (strcmp(words->all[0], "check") == 0 && words->count == 2)
        return check_file(words->all[1]);
    if (strcmp(words->all[0], "defaults") == 0 && words->count == 1) {
        config_write_defaults(stdout);
        return ferror(stdout) ? CLI_NOT_RUN : CLI_GOOD;
    }
    return say_code(CLI_USAGE, "it is `weft config check FILE` or `weft config defaults`");
}

const struct command command_config = {
        .name = "config",
        .words = "check FILE | defaults",
        .summary = "Checks a configuration file, or prints one with every default.",
        .words_least = 1,
        .words_most = 2,
        .run = run,
};
