/* SPDX-License-Identifier: Apache-2.0 */
/* Outside instances of the assignment problem, as docs/reference/routing-instance.md tells. */
#ifndef WEFT_CLI_INSTANCE_FILE_H
#define WEFT_CLI_INSTANCE_FILE_H

#include "lab/instance.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { INSTANCE_WHY_MAX = 256, INSTANCE_SCALE = 1000 /* whole numbers in one unit of a value */ };

struct instance_file {
    cJSON *json; /* the names are its own */
    const cJSON *agents, *cases;
    struct instance instance;
};

/* owns:   until instance_file_finish, also after a failure
 * errors: false: out_why is a sentence that names the place */
bool instance_file_read(
        const char *path, struct instance_file *out, char out_why[INSTANCE_WHY_MAX]);
void instance_file_finish(struct instance_file *file);

/* One JSON object: assignment, prices, profits, primal, bound. */
void instance_file_dump(
        const struct instance_file *file, const struct instance_answer *answer, FILE *to);

#endif
