/* SPDX-License-Identifier: Apache-2.0 */
/* weft reload: the running Weft reads its configuration and its policy again.
 *
 * The file is checked here first, so that a mistake is told to the person who made it; the nodes
 * check it again and keep what is in force when it is bad.
 */
#include "cli/command.h"
#include "cli/say.h"
#include "cli/supervised.h"
#include "config/config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 4608 };

struct reload_options {
    const char *up;
};

static const struct reload_options defaults = {.up = NULL};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct reload_options, up), "FILE",
                "the up.json of a running Weft (required)", 0, 0},
        {0}};

static int run(const void *given, const struct command_words *words)
{
    static struct config config; /* 300 KiB */
    const struct reload_options *options = given;
    struct supervised running;
    struct config_problem problem;
    char sentence[SENTENCE_MAX], path[SUPERVISED_PATH_MAX];
    (void)words;
    if (options->up == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE");
    if (!supervised_read(options->up, &running, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    if (!supervised_config(running.supervisor, path))
        return say_code(CLI_NOT_RUN, "the supervisor belongs to another user: ask as that one");
    if (!config_load(path, &config, &problem))
        return say_code(CLI_FOUND, "%s; nothing was changed", problem.text);
    if (kill(running.supervisor, SIGHUP) != 0)
        return say_code(CLI_NOT_RUN, "the supervisor cannot be told: %s", strerror(errno));
    printf("%s is read again; the log says what took effect\n", path);
    return CLI_GOOD;
}

const struct command command_reload = {
        .name = "reload",
        .words = "",
        .summary = "Makes a running Weft read its configuration and policy again.",
        .details = "Limits, deadlines, the log's level, tenants and the policy take effect at "
                   "once; what\n"
                   "else was changed waits for `weft restart --rolling` or a start, and the log "
                   "names it.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .run = run,
};
