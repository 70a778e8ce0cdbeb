/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: says what is wrong with an input. Each returns false. */
#ifndef WEFT_PROTO_PROBLEM_H
#define WEFT_PROTO_PROBLEM_H

#include "proto/codec.h"

enum { PROTO_NO_INDEX = -1 };

/* The way from the outermost object to a value; lives on the stack of the reader. */
struct proto_path {
    const struct proto_path *up; /* NULL at the outermost object */
    struct slice name;
    long index; /* in a list, else PROTO_NO_INDEX */
};

/* The code's own sentence. */
bool proto_problem_plain(struct proto_problem *problem, enum proto_error_code code);
bool proto_problem_missing(
        struct proto_problem *problem, const struct proto_path *path, struct slice name);
bool proto_problem_type(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_field *field);
bool proto_problem_range(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_field *field);
bool proto_problem_count(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_field *field);

#endif
