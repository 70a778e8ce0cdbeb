/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's libwebsockets is built with its assertions. One of them goes through a context's table
 * of descriptors at each close, and the table is as long as the limit of descriptors was when the
 * context was made: a tenth of what somebody who comes and goes costs, at 10,000. Descriptors are
 * given from below, so most connections of most nodes have low ones; these get a context with a
 * short table.
 *
 * Invariant: the contexts are in the order of their tables, and the last one's is as long as the
 * limit. The limit is lowered only while the short one is made.
 */
#include "ws/lws_contexts.h"

#include <sys/resource.h>

static bool add(
        struct lws_contexts *contexts, const struct lws_context_creation_info *info, rlim_t fd_end)
{
    struct lws_context *context = lws_create_context(info);
    if (context == NULL)
        return false;
    struct lws_vhost *vhost = lws_get_vhost_by_name(context, info->vhost_name);
    contexts->all[contexts->count].context = context;
    contexts->all[contexts->count].vhost = vhost;
    contexts->all[contexts->count].fd_end = (int)fd_end;
    contexts->count++;
    return vhost != NULL;
}

static bool add_small(struct lws_contexts *contexts, const struct lws_context_creation_info *info,
        const struct rlimit *whole)
{
    struct rlimit lowered = {LWS_SMALL_TABLE, whole->rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &lowered) != 0)
        return false;
    bool is_made = add(contexts, info, LWS_SMALL_TABLE);
    return setrlimit(RLIMIT_NOFILE, whole) == 0 && is_made;
}

bool lws_contexts_create(
        struct lws_contexts *contexts, const struct lws_context_creation_info *info)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           (limit.rlim_cur <= LWS_SMALL_TABLE || add_small(contexts, info, &limit)) &&
           add(contexts, info, limit.rlim_cur);
}

struct lws_vhost *lws_contexts_vhost(const struct lws_contexts *contexts, int fd)
{
    int at = 0;
    while (at + 1 < contexts->count && fd >= contexts->all[at].fd_end)
        at++;
    return contexts->all[at].vhost;
}

void lws_contexts_destroy_half(struct lws_contexts *contexts)
{
    for (int i = 0; i < contexts->count; i++)
        lws_context_destroy(contexts->all[i].context);
}
