/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines to standard error; the supervisor decides where that goes.
 *
 *   an event's first lines of ten seconds --> written
 *   its others of these ten seconds ------> counted; the count is a line of its own
 *
 * Invariant: one call is at most one write() of one line, so lines of several processes never mix;
 * and whatever happens how often, and whoever brings it about, an event has a bounded share of the
 * log. Debug lines are not held back: who asks for them wants all. One thread.
 */
#include "base/log_line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PACES = 64 };

struct pace {
    const char *event; /* NULL: nobody's yet */
    enum log_level level;
    uint64_t since_ms;
    uint64_t lines, held_back;
};

static struct pace paces[PACES]; /* the last one is for all events that find no other */
static bool is_holding_back;
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

static void write_line(enum log_level level, const char *event, const char *format, va_list values)
{
    char line[1024];
    size_t len = put_head(line, sizeof line / 2, level, event);
    int more = vsnprintf(line + len, sizeof line - len - 1, format, values);
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

static void __attribute__((format(printf, 3, 4)))
write_now(enum log_level level, const char *event, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    write_line(level, event, format, values);
    va_end(values);
}

/* ---- the pace of an event ---------------------------------------------------------------------
 */

static uint64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct pace *pace_of(const char *event)
{
    struct pace *at = paces;
    while (at < &paces[PACES - 1] && at->event != NULL && strcmp(at->event, event) != 0)
        at++;
    return at;
}

/* Its time is over: says what was held back, and the event may go on. */
static void begin_anew(struct pace *pace, uint64_t now_ms)
{
    if (pace->held_back > 0)
        write_now(pace->level, "log.held_back", "event=%s lines=%" PRIu64 " seconds=%" PRIu64,
                pace->event, pace->held_back, (now_ms - pace->since_ms) / 1000);
    pace->since_ms = now_ms;
    pace->lines = pace->held_back = 0;
}

static bool may_write(enum log_level level, const char *event, uint64_t now_ms)
{
    struct pace *pace = pace_of(event);
    if (level == LOG_DEBUG)
        return true;
    if (pace->event == NULL || now_ms - pace->since_ms >= LOG_PACE_MS)
        begin_anew(pace, now_ms);
    pace->event = event;
    pace->level = level;
    if (pace->lines++ < LOG_PACE_LINES)
        return true;
    pace->held_back++;
    is_holding_back = true;
    return false;
}

void log_line_settle(uint64_t now_ms)
{
    if (!is_holding_back)
        return;
    is_holding_back = false;
    for (struct pace *at = paces; at < &paces[PACES] && at->event != NULL; at++) {
        if (at->held_back > 0 && now_ms >= at->since_ms + LOG_PACE_MS)
            begin_anew(at, now_ms);
        is_holding_back |= at->held_back > 0;
    }
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
    va_list values;
    if (level < lowest_level || !may_write(level, event, clock_ms()))
        return;
    va_start(values, format);
    write_line(level, event, format, values);
    va_end(values);
}
