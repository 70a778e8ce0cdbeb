/* SPDX-License-Identifier: Apache-2.0 */
/* The last few hundred lines of what happened in a made-up world, to be printed when it fails. */
#ifndef WEFT_TESTS_FAKE_TRACE_H
#define WEFT_TESTS_FAKE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { FAKE_TRACE_LINES = 400, FAKE_TRACE_WIDTH = 200 };

struct fake_trace {
    char lines[FAKE_TRACE_LINES][FAKE_TRACE_WIDTH];
    uint64_t count;
    bool is_off;  /* nobody will print it: nothing is written down */
    FILE *stream; /* each line at once as well; NULL: none */
};

/* One line, cut to the width. */
void fake_trace_add(struct fake_trace *trace, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The oldest line first, each after "# ", so that it may stand in TAP. */
void fake_trace_print(const struct fake_trace *trace, FILE *out);

#endif
