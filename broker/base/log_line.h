/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines for operators: one line of logfmt an event, never anybody's words.
 *
 *   log_line(LOG_WARN, "store.lost", "reason=%s generation=%" PRIu64, reason, generation);
 *   -> 2026-11-21T09:30:00.123Z warn store.lost node=0 reason=closed generation=7
 */
#ifndef WEFT_BASE_LOG_LINE_H
#define WEFT_BASE_LOG_LINE_H

#include <stdint.h>

enum { LOG_PACE_LINES = 20, LOG_PACE_MS = 10000 };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below the level are dropped. who is added to each line ("node=0"); it is copied. */
void log_line_setup(enum log_level lowest, const char *who);
void log_line_set_level(enum log_level lowest);

/* Writes one line to standard error. event is a stable dotted word; the rest are key=value pairs
 * of ids, counts and codes: never text that a person wrote, never a secret. Control characters and
 * newlines in the values are replaced.
 *
 * Of an event LOG_PACE_LINES are written in LOG_PACE_MS; the others are counted, and
 * "log.held_back event=… lines=…" says how many. Debug lines are all written.
 *
 * owns:    keeps event, so it is a literal */
void log_line(enum log_level level, const char *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Says what was held back, once its time is over. Cheap while nothing is.
 *
 * units:   monotonic milliseconds */
void log_line_settle(uint64_t now_ms);

#endif
