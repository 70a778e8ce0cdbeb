/* SPDX-License-Identifier: Apache-2.0 */
/* weft tail: a conversation as it is stored, for operators.
 *
 * Invariant: what is shown was read from the store; with --follow the log is asked again and again,
 * and an outage of the server is waited out.
 */
#include "cli/command.h"
#include "cli/entries.h"
#include "cli/entry_text.h"
#include "cli/say.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 500, PATIENCE_MS = 10000, FOLLOW_PATIENCE_MS = 3600000, SENTENCE_MAX = 4608 };

struct tail_options {
    const char *up;
    bool is_following, is_json;
};

static const struct tail_options defaults = {.up = NULL};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct tail_options, up), "FILE",
                "the up.json of a running Weft (required)", 0, 0},
        {"--follow", OPTION_FLAG, offsetof(struct tail_options, is_following), NULL,
                "go on showing what comes, until it is interrupted", 0, 0},
        {"--json", OPTION_FLAG, offsetof(struct tail_options, is_json), NULL,
                "one JSON object an entry, a line each", 0, 0},
        {0}};

static void show(void *context, const cJSON *entry)
{
    const struct tail_options *options = context;
    char *line = options->is_json ? cJSON_PrintUnformatted(entry) : NULL;
    if (line != NULL)
        puts(line);
    else if (!options->is_json)
        entry_text_write(stdout, entry);
    free(line);
}

/* Shows the next page. Returns CLI_GOOD, or has said why not. */
static int show_page(const struct place *place, const char *conversation,
        struct tail_options *options, struct entries_page *page)
{
    struct api_answer answer;
    uint64_t patience_ms = options->is_following ? FOLLOW_PATIENCE_MS : PATIENCE_MS;
    bool is_read = entries_read(place, conversation, patience_ms, options, show, page, &answer);
    api_finish(&answer);
    fflush(stdout);
    if (is_read)
        return CLI_GOOD;
    return say_code(answer.status == 404 ? CLI_FOUND : CLI_NOT_RUN, "%s", answer.sentence);
}

static int follow(const struct place *place, const char *conversation, struct tail_options *options)
{
    const struct timespec pause = {0, LOOK_MS * 1000000};
    struct entries_page page = {0, false};
    int code;
    while ((code = show_page(place, conversation, options, &page)) == CLI_GOOD) {
        if (page.is_last && !options->is_following)
            return ferror(stdout) ? CLI_NOT_RUN : CLI_GOOD;
        if (page.is_last)
            nanosleep(&pause, NULL);
    }
    return code;
}

static int run(const void *given, const struct command_words *words)
{
    struct tail_options options = *(const struct tail_options *)given;
    struct place place;
    char sentence[SENTENCE_MAX];
    if (options.up == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE");
    if (strpbrk(words->all[0], "/?# ") != NULL || strlen(words->all[0]) > 64)
        return say_code(CLI_USAGE, "'%s' is not a conversation's id", words->all[0]);
    if (!place_read(options.up, &place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    return follow(&place, words->all[0], &options);
}

const struct command command_tail = {
        .name = "tail",
        .words = "CONVERSATION",
        .summary = "Shows a conversation as it is stored.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 1,
        .run = run,
};
