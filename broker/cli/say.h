/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for the person at the terminal: on standard error, so that data stays apart. */
#ifndef WEFT_CLI_SAY_H
#define WEFT_CLI_SAY_H

#include <stdbool.h>
#include <stdio.h>

/* The command that speaks: "weft replay: …". */
void say_set_command(const char *name);

/* One sentence. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says it and returns the code: `return say_code(CLI_NOT_RUN, "…");` */
int say_code(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Is the stream a terminal that shows colour? NO_COLOR and TERM=dumb say no. */
bool say_has_colour(FILE *stream);

#endif
