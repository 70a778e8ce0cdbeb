/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document on its way into a struct, along a table of settings. */
#ifndef WEFT_CONFIG_READER_H
#define WEFT_CONFIG_READER_H

#include "config/config.h"
#include "config/document.h"
#include "config/rules.h"
#include "config/settings.h"

struct reader {
    struct document document;
    const char *path;             /* what messages call it */
    char folder[CONFIG_PATH_MAX]; /* what relative paths count from */
    struct config_problem *problem;
};

/* Always false, with the sentence in reader->problem. */
bool reader_fail(struct reader *reader, struct mark mark, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The whole document by these rows. base: the struct that the rows' offsets count from.
 *
 * errors: false: reader->problem tells the first fault */
bool reader_settings(struct reader *reader, const struct setting *rows, void *base);
/* Always false. Tells the breach at its place; spoils breach->where. */
bool reader_breach(struct reader *reader, struct breach *breach);

/* Stores the fallback of each row that has one. */
void reader_defaults(const struct setting *rows, void *base, const char *folder);

#endif
