/* SPDX-License-Identifier: Apache-2.0 */
/* weft policy: checks a policy file, puts it into force, shows the one in force, prints the
 * defaults.
 *
 * Invariant: what `check` calls good the broker takes: the same code reads it on both sides. With
 * --up the broker is asked as well, and nothing is changed there.
 */
#include "cli/api.h"
#include "cli/command.h"
#include "cli/say.h"
#include "config/policy_file.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 10000, SENTENCE_MAX = 4608 };

struct policy_options {
    const char *up, *tenant;
    bool is_json;
};

static const struct policy_options defaults = {.tenant = "demo"};

static const struct option_row rows[] = {
        {"--up", OPTION_TEXT, offsetof(struct policy_options, up), "FILE",
                "the up.json of a running Weft; needed by put and show", 0, 0},
        {"--tenant", OPTION_TEXT, offsetof(struct policy_options, tenant), "T",
                "whose routing; demo when absent", 0, 0},
        {"--json", OPTION_FLAG, offsetof(struct policy_options, is_json), NULL,
                "of show: {tenant, version, hash, policy} instead of the text", 0, 0},
        {0}};

/* Asks the tenant's policy door. body: owned by the caller, NULL to look only. */
static int ask(const struct policy_options *options, const char *body, bool is_shown)
{
    struct place place;
    struct api_answer answer;
    char sentence[SENTENCE_MAX], path[API_PATH_MAX];
    if (options->up == NULL)
        return say_code(CLI_USAGE, "it needs --up FILE");
    if (strpbrk(options->tenant, "/?# ") != NULL || strlen(options->tenant) > 64)
        return say_code(CLI_USAGE, "'%s' is not a tenant's id", options->tenant);
    if (!place_read(options->up, &place, sentence, sizeof sentence))
        return say_code(CLI_NOT_RUN, "%s", sentence);
    snprintf(path, sizeof path, "/v1/admin/tenants/%s/policy", options->tenant);
    bool is_good = api_ask_patiently(
            &place, true, body ? "POST" : "GET", path, body, PATIENCE_MS, &answer);
    int code = CLI_GOOD;
    const cJSON *version = is_good ? cJSON_GetObjectItem(answer.json, "version") : NULL;
    const char *hash = is_good ? api_text(&answer, "hash") : NULL;
    char *line = is_good && options->is_json ? cJSON_PrintUnformatted(answer.json) : NULL;
    if (!is_good || version == NULL)
        code = say_code(answer.status != 0 ? CLI_FOUND : CLI_NOT_RUN, "%s", answer.sentence);
    else if (line != NULL)
        puts(line);
    else if (is_shown && version->valuedouble > 0)
        fputs(api_text(&answer, "policy"), stdout);
    else if (is_shown)
        say("no policy was put: the defaults are in force (`weft policy defaults`)");
    else
        say("policy %.0f-%s is in force", version->valuedouble, hash ? hash : "");
    free(line);
    api_finish(&answer);
    return code;
}

static char *make_body(const struct policy_text *text, bool is_check)
{
    cJSON *body = cJSON_CreateObject();
    char *copy = strndup(text->bytes, text->len);
    cJSON_AddStringToObject(body, "policy", copy ? copy : "");
    if (is_check)
        cJSON_AddTrueToObject(body, "check");
    char *printed = copy ? cJSON_PrintUnformatted(body) : NULL;
    cJSON_Delete(body);
    free(copy);
    return printed;
}

static int ask_with(
        const struct policy_options *options, const struct policy_text *text, bool check)
{
    char *body = make_body(text, check);
    if (body == NULL)
        return say_code(CLI_NOT_RUN, "there is not enough memory");
    int code = ask(options, body, false);
    free(body);
    return code;
}

/* The file is read and checked here first: the sentence then names it, with line and column. */
static int take_file(const struct policy_options *options, const char *path, bool is_put)
{
    struct config_problem problem;
    struct policy_text text;
    if (!policy_text_read(path, &text, &problem))
        return say_code(CLI_NOT_RUN, "%s", problem.text);
    struct route_policy *policy = policy_parse(slice_make(text.bytes, text.len), path, &problem);
    int code = CLI_GOOD;
    if (policy == NULL)
        code = say_code(CLI_FOUND, "%s", problem.text);
    else if (is_put)
        code = ask_with(options, &text, false);
    else if (options->up != NULL)
        code = ask_with(options, &text, true);
    if (code == CLI_GOOD && !is_put)
        say("%s is good", path);
    free(policy);
    free(text.bytes);
    return code;
}

static int run(const void *given, const struct command_words *words)
{
    const struct policy_options *options = given;
    const char *verb = words->all[0];
    if (strcmp(verb, "check") == 0 && words->count == 2)
        return take_file(options, words->all[1], false);
    if (strcmp(verb, "put") == 0 && words->count == 2)
        return take_file(options, words->all[1], true);
    if (strcmp(verb, "show") == 0 && words->count == 1)
        return ask(options, NULL, true);
    if (strcmp(verb, "defaults") != 0 || words->count != 1)
        return say_code(
                CLI_USAGE, "it is `weft policy check FILE`, `put FILE`, `show` or `defaults`");
    policy_write_defaults(stdout);
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_NOT_RUN;
}

const struct command command_policy = {
        .name = "policy",
        .words = "check FILE | put FILE | show | defaults",
        .summary = "Checks a routing policy, puts it into force, or shows the one in force.",
        .details = "What may stand in it: docs/reference/policy.md.\n\nExit codes: 0 good, or in "
                   "force; 1 refused, with the line; 2 it could not be found out; 64 bad "
                   "arguments.",
        .options = rows,
        .defaults = &defaults,
        .options_size = sizeof defaults,
        .words_least = 1,
        .words_most = 2,
        .run = run,
};
