/* SPDX-License-Identifier: Apache-2.0 */
/* Recalls for the two logs of a case, put between the product and a test of two_nodes by the linker
 * (--wrap). With RECALL_ADOPTION nothing is ever adopted into a pool that forgot it (rule 13). With
 * RECALL_ORDER the pool releases before the conversation has ended (rule 12). The test must fail.
 */
#include "flow/conversations.h"
#include "flow/pools.h"

#ifdef RECALL_ADOPTION
enum pool_outcome __real_pool_may_apply(const struct pool *pool, const struct pool_entry *entry);
enum pool_outcome __wrap_pool_may_apply(const struct pool *pool, const struct pool_entry *entry);

enum pool_outcome __wrap_pool_may_apply(const struct pool *pool, const struct pool_entry *entry)
{
    return entry->kind == POOL_ADOPTED ? POOL_ALREADY_LIVE : __real_pool_may_apply(pool, entry);
}
#endif

#ifdef RECALL_ORDER
void __real_agent_close(struct session *session, const struct proto_close *request);
void __wrap_agent_close(struct session *session, const struct proto_close *request);

void __wrap_agent_close(struct session *session, const struct proto_close *request)
{
    struct chat *chat = chat_find(session->node, request->conversation);
    if (chat != NULL)
        pool_wrapped_up(chat, &chat_fold(chat)->request);
    __real_agent_close(session, request);
}
#endif
