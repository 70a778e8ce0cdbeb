/* SPDX-License-Identifier: Apache-2.0 */
/* A rolling restart: each node is followed by a new process before the old one goes. */
#ifndef WEFT_SUPERVISOR_ROLLING_H
#define WEFT_SUPERVISOR_ROLLING_H

#include "supervisor/crew.h"

enum { ROLLING_READY_MS = 30000, ROLLING_FAILURES_MAX = 3, ROLLING_LOOK_MS = 50 };

enum rolling_step { ROLLING_OFF, ROLLING_STARTING, ROLLING_LEAVING };

struct rolling {
    enum rolling_step step;
    size_t at, followed; /* which child; how many before it */
    struct child old;    /* the process that it followed; pid 0: it is gone */
    uint64_t by_ms;      /* the step's deadline */
    uint32_t drain_ms;   /* how long a node may take to leave */
};

/* Begins with the first node; nothing when one is under way. */
void rolling_begin(struct rolling *rolling, struct crew *crew, uint32_t drain_ms, uint64_t now_ms);

/* Looks what has become of the step under way. Call it after the children were looked at. Returns
 * whether a child has another process now: up.json tells of it. */
bool rolling_go_on(struct rolling *rolling, struct crew *crew, uint64_t now_ms);

/* The supervisor stops: the process that was to leave is told to, or killed. Returns whether one is
 * still alive. */
bool rolling_stop(struct rolling *rolling, int signal);

#endif
