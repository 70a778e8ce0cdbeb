/* SPDX-License-Identifier: Apache-2.0 */
/* What a test writes to standard error, kept to be looked at: log lines. */
#ifndef WEFT_TESTS_CAPTURED_H
#define WEFT_TESTS_CAPTURED_H

#include <stddef.h>
#include <stdio.h>

struct captured {
    int real_fd;
    FILE *file;
};

struct captured capture_standard_error(void);
/* How many lines so far hold these words. */
size_t captured_lines(struct captured *captured, const char *words);
/* Gives standard error back. */
void captured_end(struct captured *captured);

#endif
