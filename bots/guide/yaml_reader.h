/* SPDX-License-Identifier: Apache-2.0 */
/* Reads YAML into structs by tables of members, with messages that name the line. The doorway to
 * libyaml. */
#ifndef WEFT_GUIDE_YAML_READER_H
#define WEFT_GUIDE_YAML_READER_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct yaml_reader;

/* Reads one node into *target; says what is wrong by yaml_fail. */
typedef void yaml_read_fn(struct yaml_reader *reader, int node, void *target);

struct yaml_member {
    const char *key;
    yaml_read_fn *read;
    size_t offset; /* of the target in the struct */
    bool is_required;
};

/* Parses yaml and reads its root by the function. Texts are copied into the arena.
 *
 * errors: false; problem is then "name:line: sentence" */
bool yaml_read_root(struct slice yaml, const char *name, struct arena *arena, yaml_read_fn *read,
        void *target, char *problem, size_t problem_size);

/* Reads a mapping; unknown, doubled and missing members are told. what: "an entry". */
void yaml_read_members(struct yaml_reader *reader, int node, const char *what,
        const struct yaml_member *members, size_t count, void *target);

/* The items of a list, or the pairs of a mapping: count, then one by one. */
size_t yaml_count(struct yaml_reader *reader, int node);
int yaml_item(struct yaml_reader *reader, int list, size_t i);
const char *yaml_key(struct yaml_reader *reader, int mapping, size_t i);
int yaml_value(struct yaml_reader *reader, int mapping, size_t i);
bool yaml_is_list(struct yaml_reader *reader, int node);
bool yaml_is_mapping(struct yaml_reader *reader, int node);

/* A text that is not empty; NULL when it is none (and that is told). */
const char *yaml_text(struct yaml_reader *reader, int node);

void *yaml_take(struct yaml_reader *reader, int node, size_t size);
bool yaml_has_failed(const struct yaml_reader *reader);
/* Keeps the first problem only. */
void yaml_fail(struct yaml_reader *reader, int node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
