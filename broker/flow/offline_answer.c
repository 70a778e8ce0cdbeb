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

/* The policy's sentence; {opens} in it is the next moment of opening, on the queue's own clock. */
static struct slice write_sentence(
        const struct route_queue *queue, uint64_t now_ms, char *out, size_t size)
{
    struct slice text = slice_make(queue->offline_text, queue->offline_len);
    struct slice blank = SLICE_OF("{opens}");
    const char *at = memmem(text.bytes, text.len, blank.bytes, blank.len);
    uint64_t opens_ms = hours_open_next_ms(&queue->hours, now_ms);
    char moment[HOURS_LOCAL_TEXT];
    if (at == NULL || opens_ms == UINT64_MAX)
        return text;
    size_t before = (size_t)(at - text.bytes);
    struct buffer buffer = buffer_make(out, size);
    buffer_put_slice(&buffer, slice_make(text.bytes, before));
    buffer_put_slice(&buffer, hours_write_local(&queue->hours, opens_ms, moment));
    buffer_put_slice(&buffer, slice_make(at + blank.len, text.len - before - blank.len));
    return buffer_slice(&buffer);
}

void offline_answer(struct team *team, struct chat *chat, struct slice queue_name)
{
    struct node *node = chat->node;
    const struct route_queue *queue = route_find_queue(team_policy(team)->setup, queue_name);
    if (queue == NULL || !queue->has_hours || queue->offline_len == 0 ||
            hours_are_open(&queue->hours, node_time_ms(node)))
        return;
    size_t mark = node->scratch.used;
    char sentence[ROUTE_OFFLINE_TEXT_MAX + HOURS_LOCAL_TEXT];
    struct proto_body said = {.kind = PROTO_BODY_KIND_SYSTEM,
            .text = write_sentence(queue, node_time_ms(node), sentence, sizeof sentence)};
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
