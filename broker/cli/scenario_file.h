/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files for `weft simulate`, described in docs/how-to/simulate.md. */
#ifndef WEFT_CLI_SCENARIO_FILE_H
#define WEFT_CLI_SCENARIO_FILE_H

#include "lab/scenario.h"

enum { SCENARIO_FILE_WHY_MAX = 256 };

/* What the file leaves out is as in scenario_plain(300, 0).
 *
 * errors: false: out_why is a sentence about out_line (0: about the file) */
bool scenario_file_read(const char *path, struct scenario *out, char out_why[SCENARIO_FILE_WHY_MAX],
        uint32_t *out_line);

#endif
