/* SPDX-License-Identifier: Apache-2.0 */
/* What must be there before anything is started: the data folder, to ourselves, and the port. */
#ifndef WEFT_SUPERVISOR_GROUND_H
#define WEFT_SUPERVISOR_GROUND_H

#include "config/config.h"
#include "supervisor/supervisor.h"

struct ground {
    int lock_fd;
    int port_fd; /* bound, never listening: keeps the port ours while nodes come and go */
    uint32_t port;
};

/* errors: one sentence on standard error and the code for it; nothing is held then. */
enum supervisor_exit ground_take(const struct config *config, struct ground *out_ground);
void ground_give_back(const struct config *config, struct ground *ground);

#endif
