/* SPDX-License-Identifier: Apache-2.0 */
/* Reads settings by their table, whatever the table.
 *
 * libyaml's tree of nodes is walked along the rows; a node knows its line and column, so each fault
 * is told at its place. (libcyaml loads straight into structs with less code, but names a fault
 * only by its path of keys, and knows neither ranges nor repeated keys.)
 *
 * Invariant: nothing in the file is ignored: a key without a row and a second one of the same name
 * are faults. The first fault ends the reading.
 */
#include "config/reader.h"

#include "base/check.h"

#include <stdarg.h>
#include <string.h>

/* Where in the file's tree the reader is: for messages, "bots[1].name". */
struct place {
    const char *section; /* "" at the top */
    int item;            /* in a list; -1: not in one */
};

bool reader_fail(struct reader *reader, struct mark mark, const char *format, ...)
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
        return reader_fail(reader, mark, "'%s' must be one value, not %s", name,
                document_kind(&reader->document, node));
    const char *fault = setting_store(row, at, text, reader->folder, why);
    return fault == NULL || reader_fail(reader, mark, "'%s' %s", name, fault);
}

static bool read_list(struct reader *reader, const struct setting *row, int node, void *base,
        const struct place *place)
{
    char name[CONFIG_TEXT_MAX];
    put_name(place, row->name, -1, name);
    if (!document_is_list(&reader->document, node))
        return reader_fail(reader, document_mark(&reader->document, node),
                "'%s' must be a list, not %s", name, document_kind(&reader->document, node));
    uint32_t count = 0;
    for (int item; (item = document_item(&reader->document, node, count)) != 0; count++) {
        void *at = (char *)base + row->offset + count * row->size;
        struct place inside = {name, (int)count};
        if (count == row->most)
            return reader_fail(reader, document_mark(&reader->document, item),
                    "'%s' has too many items: at most %u", name, row->most);
        if (row->kind == SETTING_SECTIONS)
            reader_defaults(row->inner, at, reader->folder);
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
    return reader_fail(reader, mark, "unknown setting '%.80s'%s%s", key, section, guess);
}

static bool read_pair(struct reader *reader, const struct setting *rows, int node, size_t index,
        void *base, const struct place *place)
{
    int value, key = document_pair(&reader->document, node, index, &value);
    struct mark mark = document_mark(&reader->document, key);
    const char *name = document_text(&reader->document, key);
    if (name == NULL)
        return reader_fail(reader, mark, "a setting's name must be a word, not %s",
                document_kind(&reader->document, key));
    const struct setting *row = setting_find(rows, name);
    if (row == NULL)
        return tell_unknown(reader, rows, mark, name, place);
    for (size_t i = 0; i < index; i++) {
        int ignored, earlier = document_pair(&reader->document, node, i, &ignored);
        if (strcmp(document_text(&reader->document, earlier), name) == 0)
            return reader_fail(reader, mark, "'%s' is given twice; first on line %u", name,
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
            return reader_fail(
                    reader, document_mark(&reader->document, node), "'%s' is missing", name);
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
        return reader_fail(reader, document_mark(&reader->document, node),
                "%s must hold settings, not %s", name, document_kind(&reader->document, node));
    }
    for (size_t i = 0; document_pair(&reader->document, node, i, &(int){0}) != 0; i++)
        if (!read_pair(reader, rows, node, i, base, place))
            return false;
    return nothing_is_missing(reader, rows, node, place);
}

bool reader_settings(struct reader *reader, const struct setting *rows, void *base)
{
    static const struct place top = {"", -1};
    return read_section(reader, rows, document_root(&reader->document), base, &top);
}

/* Tells a breach at the setting to blame, or at the nearest one around it that the file has. */
bool reader_breach(struct reader *reader, struct breach *breach)
{
    int node = document_at(&reader->document, breach->where);
    while (node == 0 && strrchr(breach->where, '.') != NULL) {
        *strrchr(breach->where, '.') = '\0';
        node = document_at(&reader->document, breach->where);
    }
    return reader_fail(reader, document_mark(&reader->document, node), "%s", breach->sentence);
}

void reader_defaults(const struct setting *rows, void *base, const char *folder)
{
    char why[256];
    for (; rows->name != NULL; rows++) {
        void *at = (char *)base + rows->offset;
        if (rows->kind == SETTING_SECTION)
            reader_defaults(rows->inner, at, folder);
        else if (rows->fallback != NULL)
            check(setting_store(rows, at, rows->fallback, folder, why) == NULL);
    }
}
