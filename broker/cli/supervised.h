/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor of a running Weft, on this machine. */
#ifndef WEFT_CLI_SUPERVISED_H
#define WEFT_CLI_SUPERVISED_H

#include "cli/place.h"

enum { SUPERVISED_NODES_MAX = 64, SUPERVISED_PATH_MAX = 4096 };

struct supervised {
    int supervisor;
    int nodes[SUPERVISED_NODES_MAX]; /* by their number; from up.json */
    size_t node_count;
};

/* errors: false: out_problem is one sentence: no up.json, or its supervisor does not run */
bool supervised_read(const char *up_path, struct supervised *out, char *out_problem, size_t size);

/* The configuration file that the supervisor was started with, as an absolute path.
 *
 * errors: false: this user may not look at that process */
bool supervised_config(int supervisor, char out_path[SUPERVISED_PATH_MAX]);

#endif
