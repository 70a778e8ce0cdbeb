/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an instance, and writing its answer so that anyone can recompute it.
 *
 * Values are numbers of the file's own unit, kept in whole thousandths of it. Invariant: what the
 * file does not say plainly is refused with the place that is wrong; nothing is guessed, left out
 * or cut, because the answer is to be compared with that of another solver.
 */
#include "cli/instance_file.h"

#include "cli/text_file.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 512 * 1024 * 1024, LEVEL_MAX = 1000, VALUE_MAX = 1000000, SKILLS_MAX = 4096 };

struct reader {
    struct instance_file *file;
    const cJSON *skills, *values; /* may be NULL */
    char *why;
};

__attribute__((format(printf, 2, 3))) static bool refuse(
        struct reader *reader, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(reader->why, INSTANCE_WHY_MAX, format, values);
    va_end(values);
    return false;
}

static bool is_between(const cJSON *number, double least, double most)
{
    return cJSON_IsNumber(number) && number->valuedouble >= least && number->valuedouble <= most;
}

static bool is_whole(const cJSON *number, double least, double most)
{
    return is_between(number, least, most) && number->valuedouble == floor(number->valuedouble);
}

static const char *id_of(const cJSON *item)
{
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
    return id != NULL && id[0] != '\0' ? id : NULL;
}

/* What nobody knows is not passed over: perhaps it was to change the values. */
static bool is_among(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static bool has_no_other(struct reader *reader, const cJSON *object, const char *const *names,
        const char *kind, const char *id)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, object) if (!is_among(member->string, names)) return refuse(
            reader, "%s %.64s: there is no member '%.64s'", kind, id, member->string);
    return true;
}

/* ---- agents ---- */

static bool skills_are_good(struct reader *reader, const cJSON *agent, const char *id)
{
    const cJSON *skills = cJSON_GetObjectItemCaseSensitive(agent, "skills"), *level;
    if (skills != NULL && !cJSON_IsObject(skills))
        return refuse(reader, "agent %.64s: skills is an object of levels", id);
    cJSON_ArrayForEach(level, skills) if (!is_between(level, 0, LEVEL_MAX)) return refuse(reader,
            "agent %.64s: the level of %.64s is a number from 0 to 1000", id, level->string);
    return true;
}

static bool read_agents(struct reader *reader)
{
    static const char *const of_agent[] = {"id", "capacity", "skills", NULL};
    const cJSON *agent;
    uint32_t at = 0;
    cJSON_ArrayForEach(agent, reader->file->agents)
    {
        const cJSON *capacity = cJSON_GetObjectItemCaseSensitive(agent, "capacity");
        const char *id = id_of(agent);
        if (id == NULL)
            return refuse(reader, "agents[%u] has no id", at);
        if (capacity != NULL && !is_whole(capacity, 0, INSTANCE_PLACES_MAX))
            return refuse(reader, "agent %.64s: capacity is a whole number from 0 on", id);
        if (!skills_are_good(reader, agent, id) ||
                !has_no_other(reader, agent, of_agent, "agent", id))
            return false;
        uint32_t places = capacity != NULL ? (uint32_t)capacity->valuedouble : 1;
        if (!instance_add_agent(&reader->file->instance, places))
            return refuse(reader, "agent %.64s: too many agents or places", id);
        at++;
    }
    return true;
}

/* ---- pairs ---- */

static double level_of(const cJSON *agent, const cJSON *skill)
{
    const cJSON *skills = cJSON_GetObjectItemCaseSensitive(agent, "skills");
    const cJSON *level = cJSON_GetObjectItemCaseSensitive(skills, skill->valuestring);
    return level != NULL ? level->valuedouble : 0;
}

static bool has_all(const cJSON *agent, const cJSON *musts)
{
    const cJSON *must;
    cJSON_ArrayForEach(must, musts) if (!(level_of(agent, must) > 0)) return false;
    return true;
}

/* The mean level over what is asked for, in units; a must counts twice. */
static double fit_of(const cJSON *agent, const cJSON *musts, const cJSON *shoulds)
{
    double sum = 0, whole = 0;
    const cJSON *skill;
    cJSON_ArrayForEach(skill, musts)
    {
        sum += 2 * level_of(agent, skill);
        whole += 2;
    }
    cJSON_ArrayForEach(skill, shoulds)
    {
        sum += level_of(agent, skill);
        whole += 1;
    }
    return whole > 0 ? sum / whole / LEVEL_MAX : 0;
}

static bool add_pair(struct reader *reader, uint32_t agent, double value, const char *id)
{
    uint32_t whole = (uint32_t)llround(value * INSTANCE_SCALE);
    if (instance_add_pair(&reader->file->instance, agent, whole))
        return true;
    return refuse(reader, "case %.64s: more pairs than fit", id);
}

/* The row of the case: a number or null for each agent. */
static bool add_row(struct reader *reader, const cJSON *row, const cJSON *musts, const char *id)
{
    const cJSON *value = cJSON_IsArray(row) ? row->child : NULL, *agent;
    uint32_t at = 0;
    cJSON_ArrayForEach(agent, reader->file->agents)
    {
        if (value == NULL)
            return refuse(reader, "values of case %.64s: a number or null for each agent", id);
        if (!cJSON_IsNull(value) && !is_between(value, 0, VALUE_MAX))
            return refuse(reader, "values of case %.64s: numbers from 0 to 1000000, or null", id);
        if (!cJSON_IsNull(value) && has_all(agent, musts) &&
                !add_pair(reader, at, value->valuedouble, id))
            return false;
        value = value->next;
        at++;
    }
    return value == NULL || refuse(reader, "values of case %.64s: more than agents", id);
}

static bool add_by_skill(
        struct reader *reader, const cJSON *each, const cJSON *musts, const char *id)
{
    const cJSON *shoulds = cJSON_GetObjectItemCaseSensitive(each, "should"), *agent;
    const cJSON *base = cJSON_GetObjectItemCaseSensitive(each, "value");
    uint32_t at = 0;
    if (base != NULL && !is_between(base, 0, VALUE_MAX - 1))
        return refuse(reader, "case %.64s: value is a number from 0 to 999999", id);
    cJSON_ArrayForEach(agent, reader->file->agents)
    {
        double value = fit_of(agent, musts, shoulds) + (base != NULL ? base->valuedouble : 0);
        if (has_all(agent, musts) && !add_pair(reader, at, value, id))
            return false;
        at++;
    }
    return true;
}

/* ---- cases ---- */

static bool is_known(const struct reader *reader, const cJSON *skill)
{
    const cJSON *known;
    bool found = reader->skills == NULL;
    cJSON_ArrayForEach(known, reader->skills) found =
            found || strcmp(known->valuestring, skill->valuestring) == 0;
    return found;
}

static bool needs_are_good(
        struct reader *reader, const cJSON *each, const char *name, const char *id)
{
    const cJSON *skills = cJSON_GetObjectItemCaseSensitive(each, name), *skill;
    if (skills != NULL && !cJSON_IsArray(skills))
        return refuse(reader, "case %.64s: %s is a list of skills", id, name);
    cJSON_ArrayForEach(skill,
            skills) if (!cJSON_IsString(skill) || !is_known(reader, skill)) return refuse(reader,
            "case %.64s: %s names a skill that is none of skills", id, name);
    return true;
}

static bool read_cases(struct reader *reader)
{
    static const char *const of_case[] = {"id", "must", "should", "value", NULL};
    const cJSON *each, *row = reader->values != NULL ? reader->values->child : NULL;
    uint32_t at = 0;
    cJSON_ArrayForEach(each, reader->file->cases)
    {
        const cJSON *musts = cJSON_GetObjectItemCaseSensitive(each, "must");
        const char *id = id_of(each);
        if (id == NULL)
            return refuse(reader, "cases[%u] has no id", at);
        if (!needs_are_good(reader, each, "must", id) ||
                !needs_are_good(reader, each, "should", id) ||
                !has_no_other(reader, each, of_case, "case", id))
            return false;
        if (!instance_add_case(&reader->file->instance))
            return refuse(reader, "case %.64s: more cases than fit", id);
        bool is_added = reader->values != NULL ? add_row(reader, row, musts, id)
                                               : add_by_skill(reader, each, musts, id);
        if (!is_added)
            return false;
        row = row != NULL ? row->next : NULL;
        at++;
    }
    return row == NULL || refuse(reader, "values has more rows than cases");
}

/* ---- the file ---- */

static bool read_lists(struct reader *reader)
{
    static const char *const of_file[] = {"skills", "agents", "cases", "values", NULL};
    struct instance_file *file = reader->file;
    const cJSON *skill;
    file->agents = cJSON_GetObjectItemCaseSensitive(file->json, "agents");
    file->cases = cJSON_GetObjectItemCaseSensitive(file->json, "cases");
    reader->skills = cJSON_GetObjectItemCaseSensitive(file->json, "skills");
    reader->values = cJSON_GetObjectItemCaseSensitive(file->json, "values");
    if (!has_no_other(reader, file->json, of_file, "the", "file"))
        return false;
    if (!cJSON_IsArray(file->agents) || !cJSON_IsArray(file->cases))
        return refuse(reader, "it needs the lists agents and cases");
    if (reader->values != NULL && !cJSON_IsArray(reader->values))
        return refuse(reader, "values is a list of rows, one for each case");
    if (reader->skills != NULL &&
            (!cJSON_IsArray(reader->skills) || cJSON_GetArraySize(reader->skills) > SKILLS_MAX))
        return refuse(reader, "skills is a list of at most 4096 names");
    cJSON_ArrayForEach(skill, reader->skills) if (!cJSON_IsString(skill)) return refuse(
            reader, "skills is a list of names");
    return true;
}

bool instance_file_read(const char *path, struct instance_file *out, char out_why[INSTANCE_WHY_MAX])
{
    struct reader reader = {.file = out, .why = out_why};
    *out = (struct instance_file){0};
    char *text = text_file_read(path, BYTES_MAX);
    if (text == NULL)
        return refuse(&reader, "it cannot be read: %s", strerror(errno));
    const char *stopped = text;
    out->json = cJSON_ParseWithOpts(text, &stopped, true);
    unsigned line = 1;
    for (const char *at = text; at < stopped; at++)
        line += *at == '\n';
    bool is_json = cJSON_IsObject(out->json);
    free(text);
    if (!is_json)
        return refuse(&reader, "line %u is not JSON, or the whole is not an object", line);
    return read_lists(&reader) && read_agents(&reader) && read_cases(&reader);
}

void instance_file_finish(struct instance_file *file)
{
    cJSON_Delete(file->json);
    instance_finish(&file->instance);
}

/* ---- the answer ---- */

static void put_text(FILE *to, const char *text)
{
    cJSON *string = cJSON_CreateStringReference(text);
    char *quoted = string != NULL ? cJSON_PrintUnformatted(string) : NULL;
    fputs(quoted != NULL ? quoted : "null", to);
    free(quoted);
    cJSON_Delete(string);
}

static void put_value(FILE *to, const char *name, uint64_t value)
{
    fprintf(to, "\"%s\":%llu.%03llu", name, (unsigned long long)(value / INSTANCE_SCALE),
            (unsigned long long)(value % INSTANCE_SCALE));
}

static uint32_t value_of(const struct instance *instance, uint32_t at, uint32_t agent)
{
    uint32_t pair = instance->first_pair[at];
    while (instance->pairs[pair].agent != agent)
        pair++;
    return instance->pairs[pair].value;
}

static void put_assignment(const struct instance_file *file, const struct instance_answer *answer,
        const char **ids, FILE *to)
{
    const cJSON *each;
    uint32_t at = 0, count = 0;
    fputs("{\"assignment\":[", to);
    cJSON_ArrayForEach(each, file->cases)
    {
        uint32_t agent = answer->agent_of[at++];
        if (agent == AUCTION_NONE)
            continue;
        fputs(count++ ? ",{\"case\":" : "{\"case\":", to);
        put_text(to, id_of(each));
        fputs(",\"agent\":", to);
        put_text(to, ids[agent]);
        fputs(",", to);
        put_value(to, "value", value_of(&file->instance, at - 1, agent));
        fputs("}", to);
    }
    fputs("]", to);
}

/* Names beside numbers: the dual value of each agent's places, or of each case. */
static void put_duals(FILE *to, const char *list, const char *name, const char *what,
        const cJSON *items, const uint64_t *values)
{
    const cJSON *item;
    uint32_t at = 0;
    fprintf(to, ",\"%s\":[", list);
    cJSON_ArrayForEach(item, items)
    {
        fprintf(to, "%s{\"%s\":", at ? "," : "", name);
        put_text(to, id_of(item));
        fputs(",", to);
        put_value(to, what, values[at++]);
        fputs("}", to);
    }
    fputs("]", to);
}

void instance_file_dump(
        const struct instance_file *file, const struct instance_answer *answer, FILE *to)
{
    const struct auction_certificate *found = &answer->certificate;
    double quality = found->dual ? (double)found->primal / (double)found->dual : 1;
    const char **ids = calloc((size_t)file->instance.agent_count + 1, sizeof *ids);
    const cJSON *agent;
    uint32_t at = 0;
    cJSON_ArrayForEach(agent, file->agents) if (ids != NULL) ids[at++] = id_of(agent);
    if (ids != NULL)
        put_assignment(file, answer, ids, to);
    put_duals(to, "prices", "agent", "price", file->agents, answer->prices);
    put_duals(to, "profits", "case", "profit", file->cases, answer->profits);
    fprintf(to, ",\"agents\":%u,\"cases\":%u,\"matched\":%u,", file->instance.agent_count,
            file->instance.case_count, found->matched);
    put_value(to, "primal", found->primal);
    fputs(",", to);
    put_value(to, "dual", found->dual);
    fprintf(to, ",\"quality\":%.6f,\"dual_gap\":%.6f,\"cpu_ms\":%.3f}\n", quality, 1 - quality,
            (double)answer->cpu_ns / 1e6);
    free(ids);
}
