/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's log as lines of JSON: from a running Weft, or from a file that was exported before. */
#ifndef WEFT_CLI_ROUTING_LOG_H
#define WEFT_CLI_ROUTING_LOG_H

#include "cli/place.h"
#include "stored/pool_codec.h"

enum { ROUTING_LOG_MAX = 512 * 1024 * 1024, ROUTING_LOG_WHY_MAX = 640 };

struct routing_log {
    char *bytes; /* whole lines, each with its newline */
    size_t len;
};

/* owns: routing_log_finish() what was read · errors: false: out_why is a sentence */
bool routing_log_fetch(const struct place *place, const char *tenant, struct routing_log *out,
        char out_why[ROUTING_LOG_WHY_MAX]);
bool routing_log_read(const char *path, struct routing_log *out, char out_why[ROUTING_LOG_WHY_MAX]);
void routing_log_finish(struct routing_log *log);

/* The line that begins at *at, and moves *at behind it. false: there is none. */
bool routing_log_next(const struct routing_log *log, size_t *at, struct slice *out_line);

#endif
