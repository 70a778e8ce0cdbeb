/* SPDX-License-Identifier: Apache-2.0 */
/* What all of the cast share: a line to some node. Inside of cast.c and cast_staff.c. */
#ifndef WEFT_TESTS_SIM_CAST_LINE_H
#define WEFT_TESTS_SIM_CAST_LINE_H

#include "cast.h"

enum { AGAIN_MS = 400 };

void line_start(struct connection_model *line,
        void (*on_frame)(struct fake_client *, const struct proto_frame *),
        void (*again)(struct timer *));
/* The member's timer fires within so many ms. */
void line_arm(struct connection_model *line, uint64_t ms_max);
/* Time for a hello: on a new connection, which this makes, or again when the last was answered
 * "later". */
bool line_may_say_hello(struct connection_model *line);
void line_say_hello(struct connection_model *line, const struct proto_cursor *cursors, size_t count,
        const struct proto_bot_info *bot);
void line_on_welcome(struct connection_model *line, const struct proto_welcome *welcome);
struct slice line_next_id(struct connection_model *line, char out[24]);

void cast_keep(char *out, size_t capacity, struct slice from);

static inline struct slice text_of(const char *bytes)
{
    return slice_of_string(bytes);
}

#endif
