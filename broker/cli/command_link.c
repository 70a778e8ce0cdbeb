/* SPDX-License-Identifier: Apache-2.0 */
/* weft link: a fresh one-time link to the desk, for an agent who exists. */
#include "cli/api.h"
#include "cli/command.h"
#include "cli/say.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 10000, SENTENCE_MAX = 4608, NAME_MAX_BYTES = 64 };

struct link_command_options {
    const char *up, *tenant, *agent;
    bool is_json;
};

static const struct link_command_options defaults = {.tenant = "demo"};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct link_command_options, up), "FILE",
                "the up.json of a running Weft (required)", 0, 0},
        {"--tenant", OPTION_TEXT, offsetof(struct link_command_options, tenant), "T",
                "the tenant's id; demo when absent", 0, 0},
        {"--agent", OPTION_TEXT, offsetof(struct link_command_options, agent), "ID",
                "the agent's id (required)", 0, 0},
        {"--json", OPTION_FLAG, offsetof(struct link_command_options, is_json), NULL,
                "agent, code and link as one JSON object", 0, 0},
        {0}};

static bool is_id(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len <= NAME_MAX_BYTES && text[len] == '\0';
}

static int print(const struct api_answer *answer, bool is_json)
{
    const char *link = api_text(answer, "link");
    char *line = is_json ? cJSON_PrintUnformatted(answer->json) : NULL;
    if (link == NULL)
        return say_code(CLI_NOT_RUN, "the server gave no link");
    puts(line ? line : link);
    free(line);
    return CLI_GOOD;
}

static int run(const void *given, const struct command_words *words)
{
    const struct link_command_options *options = given;
    struct place place;
    struct api_answer answer;
    char sentence[SENTENCE_MAX], path[API_PATH_MAX], body[128];
    (void)words;
    if (options->up == NULL || options->agent == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE and --agent ID");
    if (!is_id(options->tenant) || !is_id(options->agent))
        return say_code(CLI_USAGE, "ids have a-z, 0-9 and dashes");
    if (!place_read(options->up, &place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    snprintf(path, sizeof path, "/v1/admin/tenants/%s/agents", options->tenant);
    snprintf(body, sizeof body, "{\"id\":\"%s\"}", options->agent);
    bool is_made = api_ask_patiently(&place, true, "POST", path, body, PATIENCE_MS, &answer);
    int code = CLI_GOOD;
    if (is_made)
        code = print(&answer, options->is_json);
    else if (answer.status == 400)
        code = say_code(CLI_FOUND, "tenant %s has no agent %s", options->tenant, options->agent);
    else
        code = say_code(answer.status ? CLI_FOUND : CLI_NOT_RUN, "%s", answer.sentence);
    api_finish(&answer);
    return code;
}

const struct command command_link = {
        .name = "link",
        .words = "",
        .summary = "Prints a fresh one-time link to the desk for an agent.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .run = run,
};
