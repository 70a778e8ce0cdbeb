/* SPDX-License-Identifier: Apache-2.0 */
/* The shared vectors of proto/vectors, as C sees them. */
#ifndef WEFT_TESTS_PROTO_VECTORS_H
#define WEFT_TESTS_PROTO_VECTORS_H

#include "lib/test.h"
#include "proto/codec.h"

/* One row; a slice is NULL when the row does not have it. Stays until the process ends. */
struct vector {
    struct slice what;
    enum proto_from from;
    struct slice json, msgpack;   /* the input in each codec */
    struct slice same_as;         /* accepted: what it is when written as JSON */
    struct slice code, field, id; /* refused: the problem */
};

struct vectors {
    struct vector *rows;
    size_t count;
};

/* name is "examples", "accepted" or "refused". */
struct vectors vectors_load(const char *name);

/* An input whose last byte is followed by memory that may not be touched. */
char *vectors_guarded(struct slice input);

/* The same frame, spelled in a byte more, and not as programs spell it: it is not read straight.
 * None when it has no first member to be spelled otherwise. Stays until the next call. */
struct slice vectors_spelled_otherwise(enum proto_codec codec, struct slice input);

/* Reads a copy of the input into *out_frame; memory stays until the next call but one. */
bool vectors_read(enum proto_codec codec, enum proto_from from, struct slice input,
        struct proto_frame *out_frame, struct proto_problem *out_problem);
/* Writes the frame; the bytes stay until the next call but three. */
struct slice vectors_write(enum proto_codec codec, const struct proto_frame *frame);

#endif
