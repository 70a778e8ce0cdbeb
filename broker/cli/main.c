/* SPDX-License-Identifier: Apache-2.0 */
/* weft: everything about Weft that is not the broker itself.
 *
 *   weft COMMAND [ARGUMENTS]      weft --help      weft COMMAND --help
 *
 * Invariant: data goes to standard output, messages to standard error; the exit code is one of
 * command.h's. This file only finds the command and reads its arguments.
 */
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/say.h"
#include "port/crypto.h"

#include <signal.h>
#include <string.h>

enum { PROBLEM_MAX = 512, SUGGESTION_DISTANCE_MAX = 2 };

static int print_help(FILE *out, int code)
{
    fputs("Usage: weft COMMAND [ARGUMENTS]\n\nCommands:\n", out);
    for (size_t i = 0; commands[i] != NULL; i++)
        fprintf(out, "  %-16s%s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`weft COMMAND --help` tells more. Data goes to standard output, messages to standard\n"
          "error. Exit codes: 0 good, 1 something is wrong, 2 could not run, 64 bad arguments.\n",
            out);
    return code;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int suggest(const char *name)
{
    const struct command *best = NULL;
    size_t least = SUGGESTION_DISTANCE_MAX + 1;
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t distance = arguments_distance(commands[i]->name, name);
        if (distance < least) {
            least = distance;
            best = commands[i];
        }
    }
    if (best != NULL)
        return say_code(
                CLI_USAGE, "there is no command '%s'; did you mean '%s'?", name, best->name);
    return say_code(CLI_USAGE, "there is no command '%s'; `weft --help` lists them", name);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(const struct command *command, int argc, char **argv)
{
    _Alignas(16) unsigned char options[COMMAND_OPTIONS_MAX];
    struct command_words words;
    char problem[PROBLEM_MAX];
    say_set_command(command->name);
    if (command->run_raw != NULL)
        return command->run_raw(argc, argv);
    if (asks_for_help(argc, argv)) {
        arguments_help(command, stdout);
        return CLI_GOOD;
    }
    if (command->options_size > sizeof options || !crypto_start())
        return say_code(CLI_NOT_RUN, "the libraries could not start");
    if (!arguments_read(command, argc, argv, options, &words, problem, sizeof problem))
        return say_code(CLI_USAGE, "%s; see `weft %s --help`", problem, command->name);
    return command->run(options, &words);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2)
        return print_help(stderr, CLI_USAGE);
    if (strcmp(argv[1], "--version") == 0) {
        printf("weft %s\n", WEFT_VERSION);
        return CLI_GOOD;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
            strcmp(argv[1], "help") == 0)
        return print_help(stdout, CLI_GOOD);
    const struct command *command = find(argv[1]);
    return command == NULL ? suggest(argv[1]) : run(command, argc - 2, argv + 2);
}
