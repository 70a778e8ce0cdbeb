/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's libwebsockets is built with its assertions. One of them goes through a context's table
 * of descriptors at each close, and the table is as long as the limit of descriptors was when the
 * context was made: a tenth of what somebody who comes and goes costs, at 2,048, and half of it at
 * 10,000. Descriptors are given from below, so most connections of most nodes have low ones; these
 * get a context with a short table, and those above it one with a middling one.
 *
 * Invariant: the contexts are in the order of their tables, and the last one's is as long as the
 * limit. The limit is lowered only while another one is made.
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

static bool add_below(struct lws_contexts *contexts, const struct lws_context_creation_info *info,
        const struct rlimit *whole, rlim_t fd_end)
{
    struct rlimit lowered = {fd_end, whole->rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &lowered) != 0)
        return false;
    bool is_made = add(contexts, info, fd_end);
    return setrlimit(RLIMIT_NOFILE, whole) == 0 && is_made;
}

bool lws_contexts_create(
        struct lws_contexts *contexts, const struct lws_context_creation_info *info)
{
    static const rlim_t tables[LWS_CONTEXTS_MAX - 1] = {LWS_SHORT_TABLE, LWS_MIDDLE_TABLE};
    struct rlimit limit;
    bool is_good = getrlimit(RLIMIT_NOFILE, &limit) == 0;
    for (int i = 0; is_good && i < LWS_CONTEXTS_MAX - 1 && tables[i] < limit.rlim_cur; i++)
        is_good = add_below(contexts, info, &limit, tables[i]);
    return is_good && add(contexts, info, limit.rlim_cur);
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
