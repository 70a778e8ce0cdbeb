/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on standard error.
 *
 * Invariant: nothing that a script would read goes through here, and nothing is coloured unless a
 * person's terminal will show it.
 */
#include "cli/say.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *command_name = "";

void say_set_command(const char *name)
{
    command_name = name;
}

static void put(const char *format, va_list values)
{
    fprintf(stderr, "weft%s%s: ", command_name[0] ? " " : "", command_name);
    vfprintf(stderr, format, values);
    fputs("\n", stderr);
}

void say(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    put(format, values);
    va_end(values);
}

int say_code(int code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    put(format, values);
    va_end(values);
    return code;
}

bool say_has_colour(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
    bool is_wanted = no == NULL || no[0] == '\0';
    return is_wanted && terminal != NULL && strcmp(terminal, "dumb") != 0 && isatty(fileno(stream));
}
