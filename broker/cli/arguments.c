/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, read against a table.
 *
 * Invariant: a command runs only with options that its table knows, numbers within their bounds and
 * a fitting count of words; everything else is told in one sentence that names the argument.
 */
#include "cli/arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DISTANCE_WORD_MAX = 32, HELP_COLUMN = 22 };

static const struct option_row *find(const struct command *command, const char *name, size_t len)
{
    const struct option_row *row = command->options;
    for (; row != NULL && row->kind != OPTION_END; row++)
        if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

static bool take_number(const struct option_row *row, const char *text, void *options)
{
    char *end = NULL;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
    if (!is_number || value < row->least || value > row->most)
        return false;
    memcpy((char *)options + row->offset, &value, sizeof value);
    return true;
}

static bool take_value(const struct option_row *row, const char *value, void *options,
        char *out_problem, size_t problem_size)
{
    bool yes = true;
    switch (row->kind) {
    case OPTION_FLAG:
        if (value != NULL) {
            snprintf(out_problem, problem_size, "%s takes no value", row->name);
            return false;
        }
        memcpy((char *)options + row->offset, &yes, sizeof yes);
        return true;
    case OPTION_TEXT:
        if (value == NULL || value[0] == '\0') {
            snprintf(out_problem, problem_size, "%s needs a value: %s", row->name, row->value);
            return false;
        }
        memcpy((char *)options + row->offset, &value, sizeof(const char *));
        return true;
    case OPTION_NUMBER:
        if (value != NULL && take_number(row, value, options))
            return true;
        snprintf(out_problem, problem_size, "%s needs a number from %llu to %llu", row->name,
                (unsigned long long)row->least, (unsigned long long)row->most);
        return false;
    case OPTION_END:
        break;
    }
    return false;
}

/* Reads the option at argv[*at]; *at becomes the last argument that belongs to it. */
static bool take_option(const struct command *command, int argc, char **argv, int *at,
        void *options, char *out_problem, size_t problem_size)
{
    const char *text = argv[*at], *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    const struct option_row *row = find(command, text, len);
    if (row == NULL) {
        snprintf(out_problem, problem_size, "there is no option %.*s", (int)len, text);
        return false;
    }
    const char *value = equals ? equals + 1 : NULL;
    if (equals == NULL && row->kind != OPTION_FLAG && *at + 1 < argc)
        value = argv[++*at];
    return take_value(row, value, options, out_problem, problem_size);
}

static bool take_word(const struct command *command, const char *word, struct command_words *words,
        char *out_problem, size_t problem_size)
{
    if (words->count < command->words_most && words->count < COMMAND_WORDS_MAX) {
        words->all[words->count++] = word;
        return true;
    }
    snprintf(out_problem, problem_size, "'%s' is one argument too many", word);
    return false;
}

bool arguments_read(const struct command *command, int argc, char **argv, void *out_options,
        struct command_words *out_words, char *out_problem, size_t problem_size)
{
    bool is_good = true, is_only_words = false;
    *out_words = (struct command_words){.count = 0};
    if (command->options_size > 0)
        memcpy(out_options, command->defaults, command->options_size);
    for (int i = 0; i < argc && is_good; i++) {
        if (!is_only_words && strcmp(argv[i], "--") == 0)
            is_only_words = true;
        else if (!is_only_words && argv[i][0] == '-' && argv[i][1] != '\0')
            is_good = take_option(command, argc, argv, &i, out_options, out_problem, problem_size);
        else
            is_good = take_word(command, argv[i], out_words, out_problem, problem_size);
    }
    if (is_good && out_words->count < command->words_least) {
        snprintf(out_problem, problem_size, "it needs %s", command->words);
        return false;
    }
    return is_good;
}

void arguments_help(const struct command *command, FILE *out)
{
    const struct option_row *row = command->options;
    fprintf(out, "Usage: weft %s%s%s%s\n\n%s\n", command->name, command->words[0] ? " " : "",
            command->words, row ? " [OPTIONS]" : "", command->summary);
    if (command->details != NULL)
        fprintf(out, "\n%s\n", command->details);
    if (row != NULL)
        fputs("\nOptions:\n", out);
    for (; row != NULL && row->kind != OPTION_END; row++) {
        int used = fprintf(
                out, "  %s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        fprintf(out, "%*s%s\n", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "", row->help);
    }
}

size_t arguments_distance(const char *a, const char *b)
{
    size_t row[DISTANCE_WORD_MAX + 1], a_len = strlen(a), b_len = strlen(b);
    if (a_len > DISTANCE_WORD_MAX || b_len > DISTANCE_WORD_MAX)
        return DISTANCE_WORD_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = changed < shifted ? changed : shifted;
        }
    }
    return row[b_len];
}
