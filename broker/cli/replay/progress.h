/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees of a replay: a line that moves, and the table at the end. */
#ifndef WEFT_CLI_REPLAY_PROGRESS_H
#define WEFT_CLI_REPLAY_PROGRESS_H

#include "cli/replay/replay.h"

/* On standard error, when it is a terminal and nobody asked for JSON; a few times a second. */
void progress_show(struct replay *replay);
void progress_clear(const struct replay *replay);

/* The result, on standard output: a table, or one JSON object in a line. */
void progress_report(struct replay *replay);

#endif
