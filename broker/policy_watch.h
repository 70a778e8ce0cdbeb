/* SPDX-License-Identifier: Apache-2.0 */
/* The policy file of a running node: read at the start, and again whenever it changes. */
#ifndef WEFT_POLICY_WATCH_H
#define WEFT_POLICY_WATCH_H

#include "config/policy_file.h"
#include "flow/node.h"

struct policy_watch {
    const char *path;
    struct node *node;
    struct timer timer;
    struct policy_text text;            /* in force, or on its way there */
    int64_t seen_s, seen_ns, seen_size; /* of the file that was read last */
};

/* Reads the file and looks at it again every second. path is borrowed.
 *
 * errors:  false: the first reading failed, out_problem tells; nothing was started */
bool policy_watch_start(struct policy_watch *watch, struct node *node, const char *path,
        struct config_problem *out_problem);
/* Looks now, even if the file seems to be the same (a signal asked for it). */
void policy_watch_look(struct policy_watch *watch);

/* For node_settings.read_policy. staff: NULL: the policy is a log's. */
struct route_policy *policy_watch_read(
        struct slice text, const struct route_staff *staff, char out_why[POLICY_WHY_MAX]);

#endif
