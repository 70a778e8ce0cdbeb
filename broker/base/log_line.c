/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines to standard error; the supervisor decides where that goes.
 *
 * Invariant: one call is one write() of one line, so lines of several processes never mix.
 */
#include "base/log_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level lowest_level = LOG_INFO;
static char whose[48];
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_line_setup(enum log_level lowest, const char *who)
{
    lowest_level = lowest;
    snprintf(whose, sizeof whose, "%s", who ? who : "");
}

void log_line_set_level(enum log_level lowest)
{
    lowest_level = lowest;
}

static size_t put_head(char *line, size_t capacity, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t len = strftime(line, capacity, "%Y-%m-%dT%H:%M:%S", &parts);
    int more = snprintf(line + len, capacity - len, ".%03ldZ %s %s%s%s ", now.tv_nsec / 1000000,
            level_names[level], event, whose[0] ? " " : "", whose);
    return len + (size_t)more;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    char line[1024];
    if (level < lowest_level)
        return;
    size_t len = put_head(line, sizeof line / 2, level, event);
    va_list values;
    va_start(values, format);
    int more = vsnprintf(line + len, sizeof line - len - 1, format, values);
    va_end(values);
    len += more < 0 ? 0 : (size_t)more;
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* nowhere left to complain */
}
