/* SPDX-License-Identifier: Apache-2.0 */
/* weft erase: destroys the key of a conversation, and with it every copy of what was said.
 *
 * Invariant: nothing is erased without a yes, given at a terminal or by --yes.
 */
#include "cli/api.h"
#include "cli/command.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000, SENTENCE_MAX = 4608 };

struct erase_options {
    const char *up;
    bool is_sure;
};

static const struct erase_options defaults = {.up = NULL};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct erase_options, up), "FILE",
                "the up.json of a running Weft (required)", 0, 0},
        {"--yes", OPTION_FLAG, offsetof(struct erase_options, is_sure), NULL, "do not ask", 0, 0},
        {0}};

static bool says_yes(const char *conversation)
{
    char line[16] = "";
    fprintf(stderr, "Erase everything said in %s, for ever? [y/N] ", conversation);
    return fgets(line, sizeof line, stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static int erase(const struct place *place, const char *conversation)
{
    struct api_answer answer;
    char path[API_PATH_MAX];
    snprintf(path, sizeof path, "/v1/admin/conversations/%s", conversation);
    bool is_gone = api_ask_patiently(place, true, "DELETE", path, NULL, PATIENCE_MS, &answer);
    api_finish(&answer);
    if (is_gone)
        return say_code(CLI_GOOD, "%s is erased", conversation);
    return say_code(answer.status != 0 ? CLI_FOUND : CLI_NOT_RUN, "%s", answer.sentence);
}

static int run(const void *given, const struct command_words *words)
{
    const struct erase_options *options = given;
    struct place place;
    char sentence[SENTENCE_MAX];
    if (options->up == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE");
    if (strpbrk(words->all[0], "/?# ") != NULL || strlen(words->all[0]) > 64)
        return say_code(CLI_USAGE, "'%s' is not a conversation's id", words->all[0]);
    if (!place_read(options->up, &place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    if (!options->is_sure && !isatty(STDIN_FILENO))
        return say_code(CLI_USAGE, "without a terminal to ask at, it needs --yes");
    if (!options->is_sure && !says_yes(words->all[0]))
        return say_code(CLI_FOUND, "nothing was erased");
    return erase(&place, words->all[0]);
}

const struct command command_erase = {
        .name = "erase",
        .words = "CONVERSATION",
        .summary = "Erases a conversation: its key is destroyed, so no copy can be read again.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 1,
        .run = run,
};
