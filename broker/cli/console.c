/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input on the loop, and output that leaves the person's line alone.
 *
 * Invariant: lines are bounded; what is longer comes as several. Words from others are written
 * through terminal_text, so they cannot steer the terminal.
 */
#include "cli/console.h"

#include "base/check.h"
#include "cli/say.h"
#include "cli/terminal_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum { LINE_MAX_BYTES = 8192 };

struct console {
    struct console_options options;
    uv_poll_t poll;
    uv_idle_t idle; /* a file is always ready, and cannot be polled */
    bool is_polled, is_terminal, has_colour, is_over;
    char line[LINE_MAX_BYTES];
    size_t len;
};

/* ---- input ------------------------------------------------------------------------------------
 */

static void stop(struct console *console)
{
    if (console->is_polled)
        uv_poll_stop(&console->poll);
    else
        uv_idle_stop(&console->idle);
}

static void hand_over(struct console *console)
{
    console->line[console->len] = '\0';
    console->len = 0;
    if (!console->is_over)
        console->options.on_line(console->options.context, console->line);
}

static void take(struct console *console, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !console->is_over; i++) {
        if (bytes[i] == '\n' || console->len + 1 == LINE_MAX_BYTES)
            hand_over(console);
        if (bytes[i] != '\n' && bytes[i] != '\r')
            console->line[console->len++] = bytes[i];
    }
}

static void read_some(struct console *console)
{
    char bytes[4096];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);
    if (len > 0) {
        take(console, bytes, (size_t)len);
        return;
    }
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    stop(console);
    if (console->len > 0)
        hand_over(console);
    if (!console->is_over)
        console->options.on_end(console->options.context);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    read_some(handle->data);
}

static void on_idle(uv_idle_t *handle)
{
    read_some(handle->data);
}

struct console *console_open(const struct console_options *options)
{
    struct console *console = calloc(1, sizeof *console);
    check(console != NULL);
    console->options = *options;
    console->is_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    console->has_colour = say_has_colour(stderr);
    setvbuf(stdout, NULL, _IOLBF, 0);
    console->is_polled = uv_poll_init(options->loop, &console->poll, STDIN_FILENO) == 0;
    if (console->is_polled) {
        console->poll.data = console;
        uv_poll_start(&console->poll, UV_READABLE | UV_DISCONNECT, on_poll);
    } else {
        uv_idle_init(options->loop, &console->idle);
        console->idle.data = console;
        uv_idle_start(&console->idle, on_idle);
    }
    return console;
}

static void on_handle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void console_close(struct console *console)
{
    console->is_over = true;
    stop(console);
    uv_close(console->is_polled ? (uv_handle_t *)&console->poll : (uv_handle_t *)&console->idle,
            on_handle_closed);
}

/* ---- output -----------------------------------------------------------------------------------
 */

void console_words(struct console *console, struct slice who, struct slice text)
{
    if (console->is_terminal)
        fputs("\r\033[K", stderr);
    terminal_text_write(stdout, who, 0);
    fputs(": ", stdout);
    terminal_text_write(stdout, text, (int)who.len + 2);
    fputc('\n', stdout);
}

void console_note(struct console *console, const char *format, ...)
{
    char text[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    fputs(console->is_terminal ? "\r\033[K" : "", stderr);
    fputs(console->has_colour ? "\033[2m· " : "· ", stderr);
    terminal_text_write(stderr, slice_of_string(text), 2);
    fputs(console->has_colour ? "\033[0m\n" : "\n", stderr);
}
