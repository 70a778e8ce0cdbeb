/* SPDX-License-Identifier: Apache-2.0 */
/* A person at the terminal: lines in, lines out, on the loop. */
#ifndef WEFT_CLI_CONSOLE_H
#define WEFT_CLI_CONSOLE_H

#include "base/slice.h"

struct console;
struct uv_loop_s;

struct console_options {
    struct uv_loop_s *loop;
    void *context;
    /* A line without its end; borrowed, and may be changed. */
    void (*on_line)(void *context, char *line);
    /* The input has ended. */
    void (*on_end)(void *context);
};

struct console *console_open(const struct console_options *options);
void console_close(struct console *console);

/* Somebody's words, on standard output: "Anna: Hello". */
void console_words(struct console *console, struct slice who, struct slice text);
/* What happens, on standard error: "· Anna is typing". */
void console_note(struct console *console, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
