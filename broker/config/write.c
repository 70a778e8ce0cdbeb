/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings as a commented file and as the tables of the reference.
 *
 * Invariant: what config_write_defaults writes is read back as the defaults, and its commented
 * settings are right as well once the '#' at the front of their lines is gone: remarks start with
 * "# ", settings that have no default with "#" alone.
 */
#include "config/config.h"
#include "config/settings.h"

#include <string.h>

enum { COLUMNS_MAX = 90 };

/* Where the next line goes: how far in, whether commented out, whether it opens a list's item. */
struct margin {
    int indent;
    bool is_commented;
};

static void put_margin(FILE *out, const struct margin *margin)
{
    fprintf(out, "%s%*s", margin->is_commented ? "#" : "", margin->indent, "");
}

/* Words of the text as remarks, wrapped. */
static void put_remark(FILE *out, int indent, const char *text)
{
    size_t column = COLUMNS_MAX;
    bool is_first = true;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (column + len + 1 > COLUMNS_MAX) {
            fprintf(out, "%s%*s#", is_first ? "" : "\n", indent, "");
            column = (size_t)indent + 1;
            is_first = false;
        }
        fprintf(out, " %.*s", (int)len, text);
        column += len + 1;
        text += len + (text[len] == ' ');
    }
    fputc('\n', out);
}

static void put_range(FILE *out, const struct setting *row)
{
    if (row->kind == SETTING_NUMBER)
        fprintf(out, "%u to %u", row->least, row->most);
    for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
        fprintf(out, "%s%s", i ? ", " : "", row->choices[i]);
    if (row->kind == SETTING_TEXTS || row->kind == SETTING_SECTIONS)
        fprintf(out, "at most %u", row->most);
    if (row->kind == SETTING_PATH)
        fputs("a path", out);
    else if (row->wanted != NULL)
        fprintf(out, "%s%s", row->kind == SETTING_TEXTS ? "; each " : "", row->wanted);
    else if (row->kind == SETTING_TEXT)
        fprintf(out, "at most %zu bytes", row->size - 1);
}

static void put_rows(FILE *out, const struct setting *rows, struct margin margin);

/* An item of a list: its first row carries the dash. */
static void put_item(FILE *out, const struct setting *rows, struct margin margin)
{
    for (bool is_first = true; rows->name != NULL; rows++, is_first = false) {
        const char *form = rows->kind == SETTING_TEXTS ? "%s%s: [%s]\n" : "%s%s: %s\n";
        put_remark(out, margin.indent + 4, rows->help);
        put_margin(out, &margin);
        fprintf(out, form, is_first ? "  - " : "    ", rows->name,
                rows->example ? rows->example : rows->fallback);
    }
}

static void put_row(FILE *out, const struct setting *row, struct margin margin)
{
    bool is_list = row->kind == SETTING_SECTIONS;
    margin.is_commented |= row->kind != SETTING_SECTION && row->fallback == NULL;
    margin.is_commented |= row->kind == SETTING_SECTION && row->example != NULL;
    put_remark(out, margin.indent, row->help);
    if (row->kind != SETTING_SECTION && !is_list) {
        fprintf(out, "%*s# (", margin.indent, "");
        put_range(out, row);
        fputs(")\n", out);
    }
    put_margin(out, &margin);
    const char *value = row->fallback ? row->fallback : row->example;
    fprintf(out, "%s:%s%s\n", row->name, value && *value ? " " : "", value ? value : "");
    margin.indent += is_list ? 0 : 2;
    if (is_list)
        put_item(out, row->inner, margin);
    else if (row->kind == SETTING_SECTION)
        put_rows(out, row->inner, margin);
}

static void put_rows(FILE *out, const struct setting *rows, struct margin margin)
{
    for (; rows->name != NULL; rows++) {
        if (margin.indent == 0)
            fputc('\n', out);
        put_row(out, rows, margin);
    }
}

void settings_write(FILE *out, const struct setting *rows)
{
    put_rows(out, rows, (struct margin){0});
}

void config_write_defaults(FILE *out)
{
    fputs("# The configuration of Weft. Every setting is here with its default; those without one\n"
          "# are commented out, with an example. Check a file with: weft config check FILE\n",
            out);
    settings_write(out, settings_root);
}

static void put_table_row(FILE *out, const struct setting *row, const char *prefix)
{
    fprintf(out, "| `%s%s` | ", prefix, row->name);
    if (row->fallback != NULL)
        fprintf(out, "`%s`", row->fallback);
    else
        fputs(row->is_required ? "(needed)" : "", out);
    fputs(" | ", out);
    put_range(out, row);
    fprintf(out, " | %s |\n", row->help);
}

/* One table for the plain settings of a section, then one for each section inside it. */
static void put_tables(FILE *out, const struct setting *rows, const char *title, const char *prefix)
{
    bool is_open = false;
    for (const struct setting *row = rows; row->name != NULL; row++) {
        if (row->inner != NULL)
            continue;
        if (!is_open)
            fprintf(out, "\n%s| setting | default | allowed | meaning |\n|---|---|---|---|\n",
                    title);
        is_open = true;
        put_table_row(out, row, prefix);
    }
    for (; rows->name != NULL; rows++) {
        char inner_title[CONFIG_TEXT_MAX * 2], inner_prefix[CONFIG_NAME_MAX];
        bool is_list = rows->kind == SETTING_SECTIONS;
        if (rows->inner == NULL)
            continue;
        snprintf(inner_prefix, sizeof inner_prefix, "%s%s%s", prefix, rows->name,
                is_list ? "[]." : ".");
        snprintf(inner_title, sizeof inner_title, "## `%s%s`\n\n%s%s\n\n", prefix, rows->name,
                rows->help, is_list ? " A list; each item has:" : "");
        put_tables(out, rows->inner, inner_title, inner_prefix);
    }
}

void settings_write_tables(FILE *out, const struct setting *rows)
{
    put_tables(out, rows, "", "");
}

void config_write_reference(FILE *out)
{
    fputs("# Configuration\n\n"
          "One YAML file, given to `weftd --config FILE`. Every setting may be left out. Unknown "
          "and\n"
          "repeated settings are refused, with the line and the column; a relative path counts "
          "from\n"
          "the folder of the file. `weft config defaults` writes a commented file with all of "
          "this,\n"
          "`weft config check FILE` reads one and says what is wrong with it.\n",
            out);
    settings_write_tables(out, settings_root);
}
