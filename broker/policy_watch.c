/* SPDX-License-Identifier: Apache-2.0 */
/* Watching the policy file.
 *
 * Invariant: what a node is given was read and checked; a file that is missing, half written or
 * wrong leaves the policy before in force, is told once with its line, and is looked at again when
 * it changes. The file's times are asked for, not the kernel's events: an editor's rename, a
 * network file system and a container's mounts all look the same that way.
 */
#include "policy_watch.h"

#include "base/log_line.h"
#include "flow/policies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LOOK_EVERY_MS = 1000 };

struct route_policy *policy_watch_read(
        struct slice text, const struct route_staff *staff, char out_why[POLICY_WHY_MAX])
{
    struct config_problem problem;
    struct route_policy *policy = staff ? policy_parse_for(staff, text, "policy", &problem)
                                        : policy_parse_stored(text, "policy", &problem);
    if (policy == NULL)
        snprintf(out_why, POLICY_WHY_MAX, "%.*s", POLICY_WHY_MAX - 1, problem.text);
    return policy;
}

static bool has_changed(struct policy_watch *watch)
{
    struct stat now = {0};
    bool is_there = stat(watch->path, &now) == 0;
    int64_t seconds = is_there ? now.st_mtim.tv_sec : 0;
    int64_t nanoseconds = is_there ? now.st_mtim.tv_nsec : 0, size = is_there ? now.st_size : -1;
    bool is_same =
            seconds == watch->seen_s && nanoseconds == watch->seen_ns && size == watch->seen_size;
    watch->seen_s = seconds;
    watch->seen_ns = nanoseconds;
    watch->seen_size = size;
    return !is_same;
}

static bool read_file(struct policy_watch *watch, struct config_problem *out_problem)
{
    struct policy_text text;
    if (!policy_text_read(watch->path, &text, out_problem))
        return false;
    struct slice bytes = slice_make(text.bytes, text.len);
    struct route_policy *policy = policy_parse(bytes, watch->path, out_problem);
    if (policy == NULL) {
        free(text.bytes);
        return false;
    }
    free(policy);
    policies_set_file(watch->node, bytes);
    free(watch->text.bytes);
    watch->text = text;
    return true;
}

void policy_watch_look(struct policy_watch *watch)
{
    struct config_problem problem;
    has_changed(watch);
    if (!read_file(watch, &problem))
        log_line(LOG_ERROR, "policy.refused", "why=\"%s\" note=\"the one before stays in force\"",
                problem.text);
}

static void on_due(struct timer *timer)
{
    struct policy_watch *watch =
            (struct policy_watch *)((char *)timer - offsetof(struct policy_watch, timer));
    struct timers *timers = watch->node->timers;
    timers->ops->arm(timers, timer, timers->ops->now_ms(timers) + LOOK_EVERY_MS);
    if (has_changed(watch))
        policy_watch_look(watch);
}

bool policy_watch_start(struct policy_watch *watch, struct node *node, const char *path,
        struct config_problem *out_problem)
{
    struct timers *timers = node->timers;
    *watch = (struct policy_watch){.path = path, .node = node, .timer.on_due = on_due};
    has_changed(watch);
    if (!read_file(watch, out_problem))
        return false;
    timers->ops->arm(timers, &watch->timer, timers->ops->now_ms(timers) + LOOK_EVERY_MS);
    return true;
}
