/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings: what may stand in the file, what it means when absent, where it is kept.
 */
#ifndef WEFT_CONFIG_SETTINGS_H
#define WEFT_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum setting_kind {
    SETTING_TEXT,
    SETTING_PATH, /* a text; made absolute, from the file's folder */
    SETTING_NUMBER,
    SETTING_CHOICE,
    SETTING_SECTION,  /* inner settings, at offset */
    SETTING_TEXTS,    /* a list of texts */
    SETTING_SECTIONS, /* a list of inner settings */
};

/* One row. Lists of rows end with a row without a name. */
struct setting {
    const char *name;
    enum setting_kind kind;
    bool is_required; /* inside an item of a list */
    size_t offset;    /* in the struct of the section around it */
    size_t size;      /* of one text with its NUL, or of one item of a list */
    uint32_t least, most;
    const char *fallback; /* the default as it would be written; NULL: none */
    const char *example;  /* shown, commented out, where there is no default */
    const char *const *choices;
    bool (*is_valid)(const char *text);
    const char *wanted; /* what is_valid wants: "a numeric address" */
    const struct setting *inner;
    size_t count_offset; /* of a list's uint32_t count */
    const char *help;
};

/* The settings at the top of the file. */
extern const struct setting settings_root[];

/* The row of that name among rows, or NULL. */
const struct setting *setting_find(const struct setting *rows, const char *name);
/* The row whose name looks most like it, or NULL when none does. */
const struct setting *setting_nearest(const struct setting *rows, const char *name);

/* Stores one scalar (or one item of a list of texts) at `at`. folder: what relative paths count
 * from. Returns NULL, or why not, written to `why`: "must be …". */
const char *setting_store(
        const struct setting *row, void *at, const char *text, const char *folder, char why[256]);

/* These settings as a commented file, and as tables in Markdown. */
void settings_write(FILE *out, const struct setting *rows);
void settings_write_tables(FILE *out, const struct setting *rows);

bool is_id(const char *text);
bool is_address(const char *text);
bool is_place(const char *text);
bool is_name(const char *text);
bool is_origin(const char *text);
bool is_base_url(const char *text);
bool is_endpoint(const char *text);
bool is_bucket(const char *text);
bool is_key_prefix(const char *text);

#endif
