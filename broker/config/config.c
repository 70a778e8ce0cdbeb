/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a configuration file by the table of settings.
 *
 * libyaml's tree of nodes is walked along the rows of settings.c; a node knows its line and
 * column, so each fault is told at its place. (libcyaml loads straight into structs with less
 * code, but names a fault only by its path of keys, and knows neither ranges nor repeated keys.)
 *
 * Invariant: nothing in the file is ignored: a key without a row, a second one of the same name and
 * a second document are faults. The first fault ends the reading.
 */
#include "config/config.h"

#include "base/check.h"
#include "config/document.h"
#include "config/rules.h"
#include "config/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct document document;
    const char *path;             /* of the file, as given */
    char folder[CONFIG_PATH_MAX]; /* of the file, absolute */
    struct config_problem *problem;
};

/* Where in the file's tree the reader is: for messages, "bots[1].name". */
struct place {
    const char *section; /* "" at the top */
    int item;            /* in a list; -1: not in one */
};

static bool fail(struct reader *reader, struct mark mark, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static bool fail(struct reader *reader, struct mark mark, const char *format, ...)
{
    struct config_problem *problem = reader->problem;
    int len = mark.line ? snprintf(problem->text, sizeof problem->text,
                                  "%.1000s:%u:%u: ", reader->path, mark.line, mark.column)
                        : snprintf(problem->text, sizeof problem->text, "%.1000s: ", reader->path);
    va_list values;
    va_start(values, format);
    vsnprintf(problem->text + len, sizeof problem->text - (size_t)len, format, values);
    va_end(values);
    problem->line = mark.line;
    problem->column = mark.column;
    return false;
}

static void put_name(
        const struct place *place, const char *name, int item, char out[CONFIG_TEXT_MAX])
{
    int len = snprintf(out, CONFIG_TEXT_MAX, "%s", place->section);
    if (place->item >= 0)
        len += snprintf(out + len, CONFIG_TEXT_MAX - (size_t)len, "[%d]", place->item);
    len += snprintf(out + len, CONFIG_TEXT_MAX - (size_t)len, "%s%.80s", len ? "." : "", name);
    if (item >= 0)
        snprintf(out + len, CONFIG_TEXT_MAX - (size_t)len, "[%d]", item);
}

static bool read_section(struct reader *reader, const struct setting *rows, int node, void *base,
        const struct place *place);

static bool read_scalar(struct reader *reader, const struct setting *row, int node, void *at,
        const struct place *place, int item)
{
    char name[CONFIG_TEXT_MAX], why[256];
    put_name(place, row->name, item, name);
    const char *text = document_text(&reader->document, node);
    struct mark mark = document_mark(&reader->document, node);
    if (text == NULL)
        return fail(reader, mark, "'%s' must be one value, not %s", name,
                document_kind(&reader->document, node));
    const char *fault = setting_store(row, at, text, reader->folder, why);
    return fault == NULL || fail(reader, mark, "'%s' %s", name, fault);
}

static bool read_list(struct reader *reader, const struct setting *row, int node, void *base,
        const struct place *place)
{
    char name[CONFIG_TEXT_MAX];
    put_name(place, row->name, -1, name);
    if (!document_is_list(&reader->document, node))
        return fail(reader, document_mark(&reader->document, node), "'%s' must be a list, not %s",
                name, document_kind(&reader->document, node));
    uint32_t count = 0;
    for (int item; (item = document_item(&reader->document, node, count)) != 0; count++) {
        void *at = (char *)base + row->offset + count * row->size;
        struct place inside = {name, (int)count};
        if (count == row->most)
            return fail(reader, document_mark(&reader->document, item),
                    "'%s' has too many items: at most %u", name, row->most);
        if (row->kind == SETTING_TEXTS ? !read_scalar(reader, row, item, at, place, (int)count)
                                       : !read_section(reader, row->inner, item, at, &inside))
            return false;
    }
    memcpy((char *)base + row->count_offset, &count, sizeof count);
    return true;
}

static bool read_value(struct reader *reader, const struct setting *row, int node, void *base,
        const struct place *place)
{
    void *at = (char *)base + row->offset;
    if (row->kind == SETTING_TEXTS || row->kind == SETTING_SECTIONS)
        return read_list(reader, row, node, base, place);
    if (row->kind != SETTING_SECTION)
        return read_scalar(reader, row, node, at, place, -1);
    char name[CONFIG_TEXT_MAX];
    put_name(place, row->name, -1, name);
    struct place inside = {name, -1};
    return read_section(reader, row->inner, node, at, &inside);
}

static bool tell_unknown(struct reader *reader, const struct setting *rows, struct mark mark,
        const char *key, const struct place *place)
{
    char section[CONFIG_TEXT_MAX] = "", guess[128] = "";
    const struct setting *nearest = setting_nearest(rows, key);
    if (place->section[0] != '\0')
        snprintf(section, sizeof section, " in '%.200s'", place->section);
    if (nearest != NULL)
        snprintf(guess, sizeof guess, " (did you mean '%s'?)", nearest->name);
    return fail(reader, mark, "unknown setting '%.80s'%s%s", key, section, guess);
}

static bool read_pair(struct reader *reader, const struct setting *rows, int node, size_t index,
        void *base, const struct place *place)
{
    int value, key = document_pair(&reader->document, node, index, &value);
    struct mark mark = document_mark(&reader->document, key);
    const char *name = document_text(&reader->document, key);
    if (name == NULL)
        return fail(reader, mark, "a setting's name must be a word, not %s",
                document_kind(&reader->document, key));
    const struct setting *row = setting_find(rows, name);
    if (row == NULL)
        return tell_unknown(reader, rows, mark, name, place);
    for (size_t i = 0; i < index; i++) {
        int ignored, earlier = document_pair(&reader->document, node, i, &ignored);
        if (strcmp(document_text(&reader->document, earlier), name) == 0)
            return fail(reader, mark, "'%s' is given twice; first on line %u", name,
                    document_mark(&reader->document, earlier).line);
    }
    return read_value(reader, row, value, base, place);
}

static bool nothing_is_missing(
        struct reader *reader, const struct setting *rows, int node, const struct place *place)
{
    char name[CONFIG_TEXT_MAX];
    for (; rows->name != NULL; rows++)
        if (rows->is_required && document_find(&reader->document, node, rows->name) == 0) {
            put_name(place, rows->name, -1, name);
            return fail(reader, document_mark(&reader->document, node), "'%s' is missing", name);
        }
    return true;
}

static bool read_section(struct reader *reader, const struct setting *rows, int node, void *base,
        const struct place *place)
{
    if (place->item < 0 && document_is_nothing(&reader->document, node))
        return true;
    if (!document_is_mapping(&reader->document, node)) {
        char name[CONFIG_TEXT_MAX] = "the file";
        if (place->section[0] != '\0')
            snprintf(name, sizeof name, place->item < 0 ? "'%.200s'" : "'%.200s[%d]'",
                    place->section, place->item);
        return fail(reader, document_mark(&reader->document, node), "%s must hold settings, not %s",
                name, document_kind(&reader->document, node));
    }
    for (size_t i = 0; document_pair(&reader->document, node, i, &(int){0}) != 0; i++)
        if (!read_pair(reader, rows, node, i, base, place))
            return false;
    return nothing_is_missing(reader, rows, node, place);
}

/* The absolute folder of the file. */
static bool find_folder(struct reader *reader)
{
    char *absolute = realpath(reader->path, NULL);
    if (absolute == NULL)
        return fail(reader, (struct mark){0}, "the file cannot be read: %s", strerror(errno));
    *strrchr(absolute, '/') = '\0';
    int len = snprintf(reader->folder, sizeof reader->folder, "%s", absolute);
    free(absolute);
    return (size_t)len < sizeof reader->folder ||
           fail(reader, (struct mark){0}, "the path of its folder is too long");
}

/* Tells a breach at the setting to blame, or at the nearest one around it that the file has. */
static bool tell_breach(struct reader *reader, struct breach *breach)
{
    int node = document_at(&reader->document, breach->where);
    while (node == 0 && strrchr(breach->where, '.') != NULL) {
        *strrchr(breach->where, '.') = '\0';
        node = document_at(&reader->document, breach->where);
    }
    return fail(reader, document_mark(&reader->document, node), "%s", breach->sentence);
}

static void name_tenants(struct config *config)
{
    for (uint32_t i = 0; i < config->tenant_count; i++)
        if (config->tenants[i].name[0] == '\0')
            memcpy(config->tenants[i].name, config->tenants[i].id, sizeof config->tenants[i].id);
}

static void set_defaults(const struct setting *rows, void *base, const char *folder)
{
    char why[256];
    for (; rows->name != NULL; rows++) {
        void *at = (char *)base + rows->offset;
        if (rows->kind == SETTING_SECTION)
            set_defaults(rows->inner, at, folder);
        else if (rows->fallback != NULL)
            check(setting_store(rows, at, rows->fallback, folder, why) == NULL);
    }
}

void config_defaults(struct config *out_config)
{
    memset(out_config, 0, sizeof *out_config);
    set_defaults(settings_root, out_config, "");
}

bool config_load(const char *path, struct config *out_config, struct config_problem *out_problem)
{
    static const struct place top = {"", -1};
    struct reader reader = {.path = path, .problem = out_problem};
    struct breach breach;
    struct mark mark;
    char why[256];
    if (!find_folder(&reader))
        return false;
    if (!document_open(&reader.document, path, why, &mark))
        return fail(&reader, mark, "%s", why);
    memset(out_config, 0, sizeof *out_config);
    set_defaults(settings_root, out_config, reader.folder);
    bool is_good =
            read_section(&reader, settings_root, document_root(&reader.document), out_config, &top);
    if (is_good && !rules_hold(out_config, &breach))
        is_good = tell_breach(&reader, &breach);
    document_close(&reader.document);
    name_tenants(out_config);
    return is_good;
}
