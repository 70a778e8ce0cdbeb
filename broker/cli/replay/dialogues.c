/* SPDX-License-Identifier: Apache-2.0 */
/* Reads dialogues, line by line.
 *
 * Invariant: what is kept can be said over the wire as it is: every text is UTF-8, not empty,
 * within the protocol's limit and free of control characters; every dialogue opens with the
 * customer. So a turn that does not arrive was lost by the broker, never refused for its own sake.
 */
#include "cli/replay/dialogues.h"

#include "base/utf8.h"
#include "proto/frames.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_BYTES_MAX = 64, SKILL_BYTES_MAX = 64 };

struct reading {
    const char *path;
    size_t line;
    char *problem;
    size_t problem_size;
};

static bool refuse(struct reading *reading, const char *sentence)
{
    snprintf(reading->problem, reading->problem_size, "%s:%zu: %s", reading->path, reading->line,
            sentence);
    return false;
}

static bool is_clean(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (((unsigned char)*at < ' ' && strchr("\t\n\r", *at) == NULL) || *at == 0x7f)
            return false;
    return utf8_is_valid(slice_of_string(text));
}

static bool take_services(struct reading *reading, const cJSON *json, struct dialogue *dialogue)
{
    const cJSON *service;
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) > DIALOGUE_SERVICES_MAX)
        return refuse(reading, "'services' is a list of at most 16 names");
    cJSON_ArrayForEach(service, json)
    {
        const char *name = cJSON_GetStringValue(service);
        if (name == NULL || name[0] == '\0' || strlen(name) > SKILL_BYTES_MAX || !is_clean(name))
            return refuse(reading, "a service is a name of 1 to 64 bytes");
        dialogue->services[dialogue->service_count++] = strdup(name);
    }
    return true;
}

static bool take_turn(struct reading *reading, const cJSON *json, struct dialogue *dialogue)
{
    const char *who = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "who"));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "text"));
    bool is_customer = who != NULL && strcmp(who, "customer") == 0;
    if (!is_customer && (who == NULL || strcmp(who, "agent") != 0))
        return refuse(reading, "a turn's 'who' is customer or agent");
    if (text == NULL || text[0] == '\0' || strlen(text) > PROTO_LIMIT_TEXT_BYTES || !is_clean(text))
        return refuse(reading, "a turn's 'text' has 1 to 8192 bytes and no control characters");
    if (dialogue->turn_count == 0 && !is_customer)
        return refuse(reading, "the first turn is the customer's");
    dialogue->turns[dialogue->turn_count++] =
            (struct dialogue_turn){is_customer, slice_of_string(strdup(text))};
    return true;
}

static bool take_turns(struct reading *reading, const cJSON *json, struct dialogue *dialogue)
{
    const cJSON *turn;
    int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 0;
    if (count == 0 || count > DIALOGUE_TURNS_MAX)
        return refuse(reading, "'turns' is a list of 1 to 1000 turns");
    dialogue->turns = calloc((size_t)count, sizeof *dialogue->turns);
    if (dialogue->turns == NULL)
        return refuse(reading, "there is not enough memory");
    cJSON_ArrayForEach(turn, json)
    {
        if (!take_turn(reading, turn, dialogue))
            return false;
    }
    return true;
}

static bool take_dialogue(struct reading *reading, const char *text, struct dialogue *dialogue)
{
    cJSON *json = cJSON_Parse(text);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return refuse(reading, "the line is not a JSON object");
    }
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "id"));
    bool is_good = id != NULL && id[0] != '\0' && strlen(id) <= ID_BYTES_MAX && is_clean(id);
    if (is_good)
        dialogue->id = strdup(id);
    else
        refuse(reading, "'id' is a text of 1 to 64 bytes");
    is_good =
            is_good &&
            take_services(reading, cJSON_GetObjectItemCaseSensitive(json, "services"), dialogue) &&
            take_turns(reading, cJSON_GetObjectItemCaseSensitive(json, "turns"), dialogue);
    cJSON_Delete(json);
    return is_good;
}

static struct dialogue *add(struct dialogues *dialogues)
{
    size_t count = dialogues->count;
    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, …: time to grow */
        size_t room = count ? count * 2 : 1;
        struct dialogue *all = realloc(dialogues->all, room * sizeof *all);
        if (all == NULL)
            return NULL;
        dialogues->all = all;
    }
    dialogues->all[count] = (struct dialogue){0};
    dialogues->count++;
    return &dialogues->all[count];
}

static bool take_line(struct reading *reading, const char *text, struct dialogues *dialogues)
{
    if (text[strspn(text, " \t\r\n")] == '\0')
        return true;
    struct dialogue *dialogue = dialogues->count < DIALOGUES_MAX ? add(dialogues) : NULL;
    if (dialogue == NULL)
        return refuse(reading, "there are too many dialogues");
    if (!take_dialogue(reading, text, dialogue))
        return false;
    dialogues->turn_count += dialogue->turn_count;
    return true;
}

static bool read_lines(
        struct reading *reading, FILE *file, size_t limit, struct dialogues *dialogues)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    bool is_good = true;
    while (is_good && (limit == 0 || dialogues->count < limit) &&
            (len = getline(&text, &size, file)) >= 0) {
        reading->line++;
        bool is_text = len <= DIALOGUE_LINE_MAX && strlen(text) == (size_t)len;
        is_good = is_text ? take_line(reading, text, dialogues)
                          : refuse(reading, "the line is too long, or holds a NUL");
    }
    free(text);
    if (is_good && dialogues->count == 0) {
        snprintf(reading->problem, reading->problem_size, "%s holds no dialogue", reading->path);
        return false;
    }
    return is_good;
}

bool dialogues_read(const char *path, size_t limit, struct dialogues *out_dialogues,
        char *out_problem, size_t problem_size)
{
    struct reading reading = {.path = path, .problem = out_problem, .problem_size = problem_size};
    FILE *file = fopen(path, "re");
    *out_dialogues = (struct dialogues){0};
    if (file == NULL) {
        snprintf(out_problem, problem_size, "%s cannot be read: %s", path, strerror(errno));
        return false;
    }
    bool is_good = read_lines(&reading, file, limit, out_dialogues);
    fclose(file);
    if (!is_good)
        dialogues_finish(out_dialogues);
    return is_good;
}

void dialogues_finish(struct dialogues *dialogues)
{
    for (size_t i = 0; i < dialogues->count; i++) {
        struct dialogue *dialogue = &dialogues->all[i];
        for (size_t j = 0; j < dialogue->turn_count; j++)
            free((char *)dialogue->turns[j].text.bytes);
        for (size_t j = 0; j < dialogue->service_count; j++)
            free(dialogue->services[j]);
        free(dialogue->turns);
        free(dialogue->id);
    }
    free(dialogues->all);
    *dialogues = (struct dialogues){0};
}

size_t dialogue_customer_turns(const struct dialogue *dialogue, size_t turn)
{
    size_t count = 0;
    for (size_t i = 0; i < turn && i < dialogue->turn_count; i++)
        count += dialogue->turns[i].is_customer;
    return count;
}
