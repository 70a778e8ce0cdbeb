/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: how far each participant has received and read.
 *
 * Invariant: read <= delivered <= head, and neither ever falls. They are scores in the
 * conversation's cursor set, raised by Redis itself (ZADD GT), so no order of arrival can lower
 * one. Members are "d:<kind>:<id>" and "r:<kind>:<id>"; the mark of a seq is not kept: it is read
 * with the entry when somebody needs it. A customer is not told of places beyond the last entry
 * that they may see, nor of marks: an agent's receipt for a note would betray the note.
 */
#include "base/check.h"
#include "flow/chat_hints.h"
#include "flow/deliver.h"
#include "flow/requests.h"

#include <stdio.h>
#include <stdlib.h>

static void raise(struct chat *chat, const struct session *session, char which, uint64_t seq)
{
    struct node *node = chat->node;
    char key[64], member[ID_MAX + 8];
    struct buffer out = buffer_make(member, sizeof member);
    buffer_put_char(&out, which);
    buffer_put_char(&out, ':');
    buffer_put_char(&out, session->role == CREDENTIAL_CUSTOMER ? 'c' : 'a');
    buffer_put_char(&out, ':');
    buffer_put_slice(&out, id_slice(&session->subject));
    struct slice cursors = slice_make(key, conversation_cursors_key(chat_id(chat), key));
    node->store->ops->zset_add(
            node->store, cursors, buffer_slice(&out), seq, ZSET_RAISE, NULL, NULL);
}

static bool is_real(const struct chat *chat, const struct name *at)
{
    return at->seq > 0 && at->seq <= chat->fold.tail.seq;
}

static uint64_t at_most(uint64_t seq, uint64_t limit)
{
    return seq < limit ? seq : limit;
}

/* What a customer may hear of it: places without marks, nothing when only notes were read, and
 * nothing of colleagues who look on. false: nothing. */
static bool view_of_customers(struct chat *chat, const struct session *session,
        const struct proto_frame *frame, const struct subscription *before,
        struct proto_frame *out_told)
{
    const struct name *head = &chat->fold.public_tail;
    struct proto_receipts *receipts = &out_told->as.receipts;
    *out_told = *frame;
    receipts->delivered =
            (struct name){.seq = at_most(frame->as.receipts.delivered.seq, head->seq)};
    receipts->read = (struct name){.seq = at_most(frame->as.receipts.read.seq, head->seq)};
    receipts->has_delivered = receipts->delivered.seq > before->delivered_seq;
    receipts->has_read = receipts->read.seq > before->read_seq;
    return (receipts->has_delivered || receipts->has_read) && session_answers(session, chat);
}

static void tell(struct chat *chat, const struct session *session, const struct proto_frame *frame,
        const struct subscription *before)
{
    struct proto_frame told;
    bool to_customers = view_of_customers(chat, session, frame, before, &told);
    deliver_frame(chat, frame, false, true, session);
    if (to_customers)
        deliver_frame(chat, &told, true, false, session);
    chat_tell_receipts(chat, &frame->as.receipts, to_customers ? &told.as.receipts : NULL);
}

void receipt(struct session *session, const struct proto_receipt *request)
{
    struct chat *chat = request_chat(session, NULL, request->conversation);
    if (chat == NULL)
        return;
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPTS};
    struct proto_receipts *receipts = &frame.as.receipts;
    *receipts = (struct proto_receipts){.conversation = chat_id(chat), .who = session_who(session)};
    struct subscription *sub = deliver_subscription(session, chat);
    struct subscription before = *sub;
    bool has_read =
            request->has_read && is_real(chat, &request->read) && request->read.seq > sub->read_seq;
    struct name delivered = has_read && request->read.seq > request->delivered.seq
                                    ? request->read
                                    : request->delivered;
    bool has_delivered = is_real(chat, &delivered) && delivered.seq > sub->delivered_seq;
    if (has_read) {
        sub->read_seq = request->read.seq;
        receipts->has_read = true;
        receipts->read = request->read;
        raise(chat, session, 'r', request->read.seq);
    }
    if (has_delivered) {
        sub->delivered_seq = delivered.seq;
        receipts->has_delivered = true;
        receipts->delivered = delivered;
        raise(chat, session, 'd', delivered.seq);
    }
    if (has_read || has_delivered)
        tell(chat, session, &frame, &before);
    chat_release(chat);
}

/* ---- for whoever begins to follow -------------------------------------------------------------
 */

enum { READERS_MAX = 64 };

struct reader_place {
    struct proto_who who;
    uint64_t delivered, read;
    struct id_text id;
};

struct telling {
    struct chat *chat;
    struct session_handle session;
};

static struct reader_place *place_of(
        struct reader_place *places, size_t *count, struct slice member)
{
    struct slice id = slice_make(member.bytes + 4, member.len - 4);
    enum proto_author_kind kind =
            member.bytes[2] == 'c' ? PROTO_AUTHOR_KIND_CUSTOMER : PROTO_AUTHOR_KIND_AGENT;
    for (size_t i = 0; i < *count; i++)
        if (places[i].who.kind == kind && slice_equal(id_slice(&places[i].id), id))
            return &places[i];
    if (*count == READERS_MAX)
        return NULL;
    struct reader_place *place = &places[(*count)++];
    *place = (struct reader_place){.who.kind = kind};
    id_set(&place->id, id);
    return place;
}

static void send_place(
        struct session *session, const struct chat *chat, const struct reader_place *place)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    uint64_t head = is_customer ? chat->fold.public_tail.seq : chat->fold.tail.seq;
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPTS};
    frame.as.receipts = (struct proto_receipts){.conversation = chat_id(chat),
            .who = {place->who.kind, id_slice(&place->id), SLICE_NONE},
            .has_delivered = place->delivered > 0,
            .delivered = {.seq = at_most(place->delivered, head)},
            .has_read = place->read > 0,
            .read = {.seq = at_most(place->read, head)}};
    session_send(session, &frame);
}

static void on_cursors(void *user, const struct store_reply *reply)
{
    struct telling *telling = user;
    struct chat *chat = telling->chat;
    struct session *session = session_find(chat->node, telling->session);
    struct reader_place places[READERS_MAX];
    size_t count = 0;
    for (size_t i = 0; reply->outcome == STORE_OK && i < reply->item_count; i++) {
        struct slice member = reply->items[i].value;
        struct reader_place *place = member.len > 4 ? place_of(places, &count, member) : NULL;
        if (place != NULL && member.bytes[0] == 'd')
            place->delivered = reply->items[i].number;
        else if (place != NULL)
            place->read = reply->items[i].number;
    }
    for (size_t i = 0; session != NULL && i < count; i++)
        send_place(session, chat, &places[i]);
    free(telling);
    chat_release(chat);
}

void receipts_tell(struct session *session, struct chat *chat)
{
    struct node *node = chat->node;
    struct telling *telling = calloc(1, sizeof *telling);
    char key[64];
    check(telling != NULL);
    *telling = (struct telling){chat, session_handle(session)};
    chat_hold_again(chat);
    struct slice cursors = slice_make(key, conversation_cursors_key(chat_id(chat), key));
    node->store->ops->zset_range(
            node->store, cursors, 0, UINT64_MAX, 2 * READERS_MAX, on_cursors, telling);
}
