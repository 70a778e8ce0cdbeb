/* SPDX-License-Identifier: Apache-2.0 */
/* What a customer is told who comes outside the hours of the case's queue.
 *
 * Invariant: the case waits as any other, and whoever is online may be offered it; this is a
 * sentence and nothing else. It follows the entry that queued the case directly or not at all, so
 * it is said at most once for each request, by whichever node.
 */
#include "base/check.h"
#include "core/route/setup.h"
#include "flow/entry_codec.h"
#include "flow/pools.h"

#include <stdlib.h>

struct offline_change {
    struct chat_change change;
    struct name request;
    size_t len;
    char body[];
};

static void decide_offline(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct offline_change *change = LIST_ITEM(chat_change, struct offline_change, change);
    conversation_tell_waiting(
            fold, &change->request, slice_make(change->body, change->len), now_ms, decision);
}

static void on_told(struct chat_change *chat_change, enum log_outcome outcome)
{
    (void)outcome; /* the case waits all the same */
    free(LIST_ITEM(chat_change, struct offline_change, change));
}

void offline_answer(struct team *team, struct chat *chat, struct slice queue_name)
{
    struct node *node = chat->node;
    const struct route_queue *queue = route_find_queue(team_policy(team)->setup, queue_name);
    if (queue == NULL || !queue->has_hours || queue->offline_len == 0 ||
            hours_are_open(&queue->hours, node_time_ms(node)))
        return;
    size_t mark = node->scratch.used;
    struct proto_body said = {.kind = PROTO_BODY_KIND_SYSTEM,
            .text = slice_make(queue->offline_text, queue->offline_len)};
    struct slice body = body_encode(&said, &node->scratch);
    struct offline_change *change = calloc(1, sizeof *change + body.len);
    check(change != NULL && body.bytes != NULL);
    memcpy(change->body, body.bytes, body.len);
    node->scratch.used = mark;
    change->len = body.len;
    change->request = chat_fold(chat)->request;
    change->change.decide = decide_offline;
    change->change.done = on_told;
    chat_change(chat, &change->change);
}
