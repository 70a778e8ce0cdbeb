/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario from YAML.
 *
 * Each part of the file has a table of the settings that it may hold. Invariant: nothing is
 * guessed: a setting that is unknown, double, of the wrong kind or out of its bounds is refused
 * with its line, so a typing error never simulates another world than was meant.
 */
#include "cli/scenario_file.h"

#include "config/document.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600 };

struct reader {
    struct document document;
    struct scenario *scenario;
    char *why;
    uint32_t line;
    bool is_refused;
    uint32_t kind_lines[SCENARIO_KINDS_MAX];
};

struct field {
    const char *name;
    size_t offset; /* of a double, when read is NULL */
    double least, most;
    void (*read)(struct reader *reader, int node, void *into);
};

/* The first fault counts. */
__attribute__((format(printf, 3, 4))) static void refuse(
        struct reader *reader, int node, const char *format, ...)
{
    va_list values;
    if (reader->is_refused)
        return;
    reader->is_refused = true;
    reader->line = document_mark(&reader->document, node).line;
    va_start(values, format);
    vsnprintf(reader->why, SCENARIO_FILE_WHY_MAX, format, values);
    va_end(values);
}

/* ---- pieces ---- */

static bool read_number(
        struct reader *reader, int node, const char *name, const double bounds[2], double *out)
{
    const char *text = document_text(&reader->document, node);
    char *end = NULL;
    double value = text != NULL ? strtod(text, &end) : 0;
    bool is_number = text != NULL && end != text && *end == '\0' && isfinite(value);
    if (!is_number || value < bounds[0] || value > bounds[1]) {
        refuse(reader, node, "%.64s must be a number from %g to %g", name, bounds[0], bounds[1]);
        return false;
    }
    *out = value;
    return true;
}

static bool read_count(
        struct reader *reader, int node, const char *name, const double bounds[2], uint32_t *out)
{
    double value;
    if (!read_number(reader, node, name, bounds, &value))
        return false;
    if (value != floor(value)) {
        refuse(reader, node, "%.64s must be a whole number", name);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static const char *text_of(struct reader *reader, int node, const char *what)
{
    const char *text = document_text(&reader->document, node);
    if (text == NULL || text[0] == '\0')
        refuse(reader, node, "%s", what);
    return text == NULL ? "" : text;
}

/* "07:30"; returns what follows, or NULL. */
static const char *read_clock(const char *text, uint32_t *out_s)
{
    uint32_t digits[4], count = 0;
    for (const char *at = text; count < 4; at++) {
        if (at == text + 2 && *at == ':')
            continue;
        if (*at < '0' || *at > '9')
            return NULL;
        digits[count++] = (uint32_t)(*at - '0');
    }
    uint32_t hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
    *out_s = hours * HOUR_S + minutes * MINUTE_S;
    return text[2] == ':' && hours <= 24 && minutes < 60 && *out_s <= SCENARIO_DAY_S ? text + 5
                                                                                     : NULL;
}

static const struct field *find_field(const struct field *fields, const char *name)
{
    for (; fields->name != NULL; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static void read_field(struct reader *reader, const struct field *field, int value, void *into)
{
    if (field->read != NULL) {
        field->read(reader, value, into);
        return;
    }
    double bounds[2] = {field->least, field->most};
    read_number(
            reader, value, field->name, bounds, (double *)(void *)((char *)into + field->offset));
}

static void read_fields(
        struct reader *reader, int node, const char *what, const struct field *fields, void *into)
{
    uint32_t seen = 0;
    int value = 0;
    if (!document_is_mapping(&reader->document, node)) {
        refuse(reader, node, "%s must be settings (name: value), not %s", what,
                document_kind(&reader->document, node));
        return;
    }
    for (size_t i = 0; !reader->is_refused; i++) {
        int key = document_pair(&reader->document, node, i, &value);
        if (key == 0)
            return;
        const char *name = document_text(&reader->document, key);
        const struct field *field = name == NULL ? NULL : find_field(fields, name);
        if (field == NULL) {
            refuse(reader, key, "%s has no setting '%.64s'", what, name == NULL ? "?" : name);
        } else if ((seen >> (field - fields) & 1) != 0) {
            refuse(reader, key, "'%s' is set twice", name);
        } else {
            seen |= 1u << (field - fields);
            read_field(reader, field, value, into);
        }
    }
}

/* ---- the parts ---- */

static void read_name(struct reader *reader, int node, void *into)
{
    struct scenario *scenario = into;
    const char *text = text_of(reader, node, "name must be a text");
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (text[len] != '\0' || len >= SCENARIO_NAME_MAX)
        refuse(reader, node, "name must be small letters, digits, - and _, at most %d",
                SCENARIO_NAME_MAX - 1);
    else
        snprintf(scenario->name, sizeof scenario->name, "%s", text);
}

static void read_within_slot(struct reader *reader, int node, void *into)
{
    struct scenario *scenario = into;
    const char *text = text_of(reader, node, "within_slot must be poisson or given");
    scenario->is_poisson = strcmp(text, "poisson") == 0;
    if (!scenario->is_poisson && strcmp(text, "given") != 0)
        refuse(reader, node, "within_slot must be poisson or given");
}

static void read_opens(struct reader *reader, int node, void *into)
{
    struct scenario *scenario = into;
    const char *end = read_clock(text_of(reader, node, "opens must be a time"), &scenario->opens_s);
    if (end == NULL || *end != '\0')
        refuse(reader, node, "opens must be a time such as \"07:00\"");
}

static void read_arrivals(struct reader *reader, int node, void *into)
{
    static const struct field fields[] = {
            {"share", offsetof(struct scenario, arrival_share), 0.0001, 1000, NULL},
            {"within_slot", 0, 0, 0, read_within_slot}, {"opens", 0, 0, 0, read_opens}, {0}};
    read_fields(reader, node, "arrivals", fields, into);
}

static void read_patience(struct reader *reader, int node, void *into)
{
    static const struct field fields[] = {
            {"mean_s", offsetof(struct scenario, patience_s), 0, 1e6, NULL}, {0}};
    read_fields(reader, node, "patience", fields, into);
}

static void read_distribution(struct reader *reader, int node, void *into)
{
    struct scenario *scenario = into;
    const char *text = text_of(reader, node, "distribution must be lognormal or exponential");
    scenario->service = strcmp(text, "lognormal") == 0 ? SERVICE_LOGNORMAL : SERVICE_EXPONENTIAL;
    if (scenario->service == SERVICE_EXPONENTIAL && strcmp(text, "exponential") != 0)
        refuse(reader, node, "distribution must be lognormal or exponential");
}

static void read_service(struct reader *reader, int node, void *into)
{
    static const struct field fields[] = {{"distribution", 0, 0, 0, read_distribution},
            {"mean_s", offsetof(struct scenario, service_s), 0.001, 1e6, NULL},
            {"variation", offsetof(struct scenario, variation), 0, 10, NULL},
            {"slowdown", offsetof(struct scenario, slowdown), 0, 10, NULL},
            {"novice_factor", offsetof(struct scenario, novice_factor), 1, 10, NULL}, {0}};
    read_fields(reader, node, "service", fields, into);
}

static int read_skill_name(struct reader *reader, int node)
{
    const char *name = text_of(reader, node, "a skill must be a text");
    int skill = scenario_skill(reader->scenario, name);
    if (skill < 0)
        refuse(reader, node, "at most %d skills, each with a name of at most %d bytes",
                SCENARIO_SKILLS_MAX, SCENARIO_NAME_MAX - 1);
    return skill;
}

static void read_musts(struct reader *reader, int node, void *into)
{
    struct scenario_kind *kind = into;
    if (!document_is_list(&reader->document, node)) {
        refuse(reader, node, "skills of customers must be a list, such as [billing]");
        return;
    }
    for (size_t i = 0; !reader->is_refused; i++) {
        int item = document_item(&reader->document, node, i);
        int skill = item == 0 ? -1 : read_skill_name(reader, item);
        if (item == 0 || skill < 0)
            return;
        kind->musts |= 1u << skill;
    }
}

static void read_levels(struct reader *reader, int node, void *into)
{
    static const double bounds[2] = {0, SCENARIO_LEVEL_MAX};
    struct scenario_group *group = into;
    int value = 0;
    if (!document_is_mapping(&reader->document, node)) {
        refuse(reader, node, "skills of agents must be levels, such as {billing: 1000}");
        return;
    }
    for (size_t i = 0; !reader->is_refused; i++) {
        int key = document_pair(&reader->document, node, i, &value);
        int skill = key == 0 ? -1 : read_skill_name(reader, key);
        if (skill < 0)
            return;
        read_count(reader, value, "a level", bounds, &group->levels[skill]);
    }
}

static void read_capacity(struct reader *reader, int node, void *into)
{
    static const double bounds[2] = {1, SCENARIO_CAPACITY_MAX};
    read_count(reader, node, "capacity", bounds, &((struct scenario_group *)into)->capacity);
}

static void read_shift(struct reader *reader, int node, void *into)
{
    struct scenario_group *group = into;
    const char *at = read_clock(text_of(reader, node, "shift must be a text"), &group->from_s);
    bool is_good = at != NULL && *at == '-';
    at = is_good ? read_clock(at + 1, &group->to_s) : NULL;
    if (at == NULL || *at != '\0' || group->from_s == group->to_s)
        refuse(reader, node, "shift must be two different times, such as \"07:00-15:30\"");
}

static void read_kinds(struct reader *reader, int node, void *into)
{
    static const struct field fields[] = {
            {"share", offsetof(struct scenario_kind, share), 0, 1e6, NULL},
            {"skills", 0, 0, 0, read_musts}, {0}};
    struct scenario *scenario = into;
    scenario->kind_count = 0;
    for (size_t i = 0; !reader->is_refused; i++) {
        int item = document_item(&reader->document, node, i);
        if (item == 0)
            break;
        if (i == SCENARIO_KINDS_MAX) {
            refuse(reader, item, "at most %d kinds of customers", SCENARIO_KINDS_MAX);
            return;
        }
        scenario->kinds[i] = (struct scenario_kind){.share = 1};
        reader->kind_lines[i] = document_mark(&reader->document, item).line;
        read_fields(reader, item, "a kind of customers", fields, &scenario->kinds[i]);
        scenario->kind_count++;
    }
    if (scenario->kind_count == 0)
        refuse(reader, node, "customers must be a list of at least one kind");
}

static void read_groups(struct reader *reader, int node, void *into)
{
    static const struct field fields[] = {
            {"share", offsetof(struct scenario_group, share), 0, 1e6, NULL},
            {"capacity", 0, 0, 0, read_capacity}, {"skills", 0, 0, 0, read_levels},
            {"shift", 0, 0, 0, read_shift}, {0}};
    struct scenario *scenario = into;
    scenario->group_count = 0;
    for (size_t i = 0; !reader->is_refused; i++) {
        int item = document_item(&reader->document, node, i);
        if (item == 0)
            break;
        if (i == SCENARIO_GROUPS_MAX) {
            refuse(reader, item, "at most %d groups of agents", SCENARIO_GROUPS_MAX);
            return;
        }
        scenario->groups[i] = (struct scenario_group){.share = 1, .capacity = 1};
        read_fields(reader, item, "a group of agents", fields, &scenario->groups[i]);
        scenario->group_count++;
    }
    if (scenario->group_count == 0)
        refuse(reader, node, "agents must be a list of at least one group");
}

/* ---- the file ---- */

static void read_all(struct reader *reader)
{
    static const struct field fields[] = {{"name", 0, 0, 0, read_name},
            {"arrivals", 0, 0, 0, read_arrivals}, {"patience", 0, 0, 0, read_patience},
            {"service", 0, 0, 0, read_service}, {"customers", 0, 0, 0, read_kinds},
            {"agents", 0, 0, 0, read_groups}, {0}};
    int kind, root = document_root(&reader->document);
    char why[SCENARIO_FILE_WHY_MAX];
    read_fields(reader, root, "a scenario", fields, reader->scenario);
    if (reader->is_refused || scenario_check(reader->scenario, why, &kind))
        return;
    refuse(reader, root, "%s", why);
    if (kind >= 0)
        reader->line = reader->kind_lines[kind];
}

bool scenario_file_read(const char *path, struct scenario *out, char out_why[SCENARIO_FILE_WHY_MAX],
        uint32_t *out_line)
{
    struct scenario scenario = scenario_plain(300, 0);
    struct reader reader = {.scenario = &scenario, .why = out_why};
    struct mark mark;
    *out_line = 0;
    if (!document_open(&reader.document, path, out_why, &mark)) {
        *out_line = mark.line;
        return false;
    }
    read_all(&reader);
    document_close(&reader.document);
    if (!reader.is_refused)
        *out = scenario;
    *out_line = reader.line;
    return !reader.is_refused;
}
