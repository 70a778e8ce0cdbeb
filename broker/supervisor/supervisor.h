/* SPDX-License-Identifier: Apache-2.0 */
/* The parent of everything that a Weft on one machine consists of.
 *
 * Glossary: a *child* is one supervised process; its *rank* says who needs whom: stores (the
 * embedded Redis servers), then nodes (`weftd --node I`), then bots. Ranks start in this order,
 * each when the one before is ready, and stop in the order nodes, bots, stores.
 */
#ifndef WEFT_SUPERVISOR_SUPERVISOR_H
#define WEFT_SUPERVISOR_SUPERVISOR_H

#include "config/config.h"

/* As in <sysexits.h>; told in docs/how-to/operate.md. */
enum supervisor_exit {
    EXIT_STOPPED = 0,        /* by SIGTERM or SIGINT, orderly */
    EXIT_PORT_TAKEN = 69,    /* the address or the port cannot be had */
    EXIT_NEVER_READY = 70,   /* a store or a node died again and again before it was ready */
    EXIT_DATA_IN_USE = 73,   /* another weftd runs on this data folder */
    EXIT_DATA_UNUSABLE = 74, /* the data folder cannot be written, or the disk is full */
    EXIT_WRONG_KEY = 77      /* said by a node: its master key is not the stores' */
};

/* Starts all children, restarts each within 2 s of its death, returns when told to stop.
 *
 * order:   a child finds WEFT_PORT (nodes), WEFT_URL and WEFT_KEY_FILE (bots) in its environment,
 *          and tells that it is ready by writing "READY=1\n" to the descriptor WEFT_READY_FD; a
 *          bot that does not is taken for ready after two seconds. It dies with this process.
 * errors:  one sentence on standard error and one of the codes above */
int supervisor_run(const struct config *config, const char *config_path, const char *self_path);

#endif
