/* SPDX-License-Identifier: Apache-2.0 */
/* The routing policy's file: YAML text on one side, the core's values on the other. */
#ifndef WEFT_CONFIG_POLICY_FILE_H
#define WEFT_CONFIG_POLICY_FILE_H

#include "base/slice.h"
#include "config/config.h"
#include "core/route/policy.h"
#include "core/route/setup.h"

#include <stdio.h>

/* The text of a policy, as it stands in its file. */
struct policy_text {
    char *bytes;
    size_t len;
};

/* Reads the file's bytes, not their meaning.
 *
 * owns:    free(out->bytes)
 * errors:  false: out_problem tells; also of a file that is longer than a pool log takes */
bool policy_text_read(
        const char *path, struct policy_text *out, struct config_problem *out_problem);

/* Reads and checks a policy: unknown terms and settings, wrong values and contradictions are
 * refused with line and column, the first one is told.
 *
 * shape:   name is what messages call the text: its path
 * owns:    free() the policy; it is one piece
 * errors:  NULL: out_problem tells */
struct route_policy *policy_parse(
        struct slice text, const char *name, struct config_problem *out_problem);

/* The same, and refuses what nobody of the staff could serve. */
struct route_policy *policy_parse_for(const struct route_staff *staff, struct slice text,
        const char *name, struct config_problem *out_problem);

/* A policy that a log holds: it is in force, so hours that overlap and dates that never come, which
 * were taken once, are taken as they were. */
struct route_policy *policy_parse_stored(
        struct slice text, const char *name, struct config_problem *out_problem);

/* A whole commented policy with every default. */
void policy_write_defaults(FILE *out);
/* docs/reference/policy.md, in Markdown. */
void policy_write_reference(FILE *out);

#endif
