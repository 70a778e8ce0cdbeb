/* SPDX-License-Identifier: Apache-2.0 */
/* What a command of `weft` is: a row that the help, the parser and the dispatcher all read. */
#ifndef WEFT_CLI_COMMAND_H
#define WEFT_CLI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

/* Told in docs/reference/command-line.md. */
enum cli_exit {
    CLI_GOOD = 0,
    CLI_FOUND = 1,   /* it ran, and what it looked for is wrong, or what it tried was refused */
    CLI_NOT_RUN = 2, /* it could not run at all: no server, no file, no right */
    CLI_USAGE = 64,
};

enum option_kind { OPTION_END, OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER };

/* One option. It is written into the command's own struct: bool, const char *, or uint64_t. */
struct option_row {
    const char *name; /* "--json" */
    enum option_kind kind;
    size_t offset;
    const char *value, *help; /* value: how the help names it */
    uint64_t least, most;     /* numbers */
};

enum { COMMAND_OPTIONS_MAX = 256, COMMAND_WORDS_MAX = 4 };

struct command_words {
    const char *all[COMMAND_WORDS_MAX];
    size_t count;
};

struct command {
    const char *name, *words, *summary; /* words: "FILE", "[TOKEN]" as the help shows them */
    const char *details;                /* more paragraphs for --help; may be NULL */
    const struct option_row *options;   /* ends with {0}; may be NULL */
    const void *defaults;               /* of the command's options struct */
    size_t options_size;                /* at most COMMAND_OPTIONS_MAX */
    size_t words_least, words_most;
    int (*run)(const void *options, const struct command_words *words);
    /* Instead of run: the command reads its arguments itself, --help included. */
    int (*run_raw)(int argc, char **argv);
};

/* Every command, in the order of the help; ends with {0}. */
extern const struct command *const commands[];

#endif
