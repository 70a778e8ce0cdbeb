/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a command line against a command's table, and writes that command's help. */
#ifndef WEFT_CLI_ARGUMENTS_H
#define WEFT_CLI_ARGUMENTS_H

#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>

/* Fills in the options (from the defaults) and the words.
 *
 * shape:   argv without the program and the command; `--name VALUE` and `--name=VALUE` both do;
 *          what follows `--` is a word
 * errors:  false: out_problem is one sentence, of at most problem_size bytes */
bool arguments_read(const struct command *command, int argc, char **argv, void *out_options,
        struct command_words *out_words, char *out_problem, size_t problem_size);

void arguments_help(const struct command *command, FILE *out);

/* Both words are short. How many letters must change to turn one into the other. */
size_t arguments_distance(const char *a, const char *b);

#endif
