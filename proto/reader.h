/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of proto: the steps of reading a shape, for frames, which need them apart. */
#ifndef WEFT_PROTO_READER_H
#define WEFT_PROTO_READER_H

#include "proto/cursor.h"

/* Pass 1; clears out_problem first. */
bool proto_scan_input(const struct proto_source *source, struct proto_scan *scan,
        struct proto_problem *out_problem);
/* Pass 2, once, after pass 1. */
bool proto_read_scanned(const struct proto_source *source, const struct proto_shape *shape,
        void *out, struct proto_problem *out_problem);
/* The whole in one pass, if it is spelled straight. False: input and scratch are as before. */
bool proto_frame_read_straight(
        const struct proto_source *source, enum proto_from from, struct proto_frame *out_frame);
/* The text of a value that pass 2 has not come to; none when it is no text, or is longer. */
struct slice proto_read_text(const struct proto_source *source, char *at, size_t len_max);

#endif
