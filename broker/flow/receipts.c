/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: how far each participant has received and read.
 *
 *   receipt --> raise in the store --> barrier --> tell who follows, here and on other nodes
 *   follow  --> read from the store --> barrier --> tell the one who follows
 *
 * Invariant: read <= delivered <= head, and neither ever falls, in the store or in what is told.
 * They are scores in the conversation's cursor set, raised by Redis itself (ZADD GT), so no order
 * of arrival can lower one; nobody is told of a place that a crash could take back; and what was
 * told is kept in order by readers.c. Members are "d:<kind>:<id>" and "r:<kind>:<id>"; the mark of
 * a seq is not kept: it is read with the entry when somebody needs it. A customer is not told of
 * places beyond the last entry that they may see, nor of marks: an agent's receipt for a note would
 * betray the note.
 */
#include "base/check.h"
#include "flow/chat_hints.h"
#include "flow/deliver.h"
#include "flow/requests.h"

#include <stdio.h>
#include <stdlib.h>

/* A receipt on its way to be kept. Nothing else waits for it: when the store cannot say, it is
 * forgotten, and the reader's next one takes its place. */
struct raising {
    struct chat *chat;
    struct session_handle session;
    struct id_text id;
    enum proto_author_kind kind;
    bool to_customers, has_read, has_delivered, is_lost;
    struct name read, delivered;
    uint64_t generation;
    unsigned outstanding;
};

static uint64_t at_most(uint64_t seq, uint64_t limit)
{
    return seq < limit ? seq : limit;
}

/* As customers may hear it: places without marks, none beyond what they may see. */
static struct proto_receipts view_of_customers(
        const struct chat *chat, const struct proto_receipts *receipts)
{
    struct proto_receipts view = *receipts;
    view.delivered =
            (struct name){.seq = at_most(view.delivered.seq, chat_fold(chat)->public_tail.seq)};
    view.read = (struct name){.seq = at_most(view.read.seq, chat_fold(chat)->public_tail.seq)};
    return view;
}

static void tell(const struct raising *raising, const struct session *session)
{
    struct chat *chat = raising->chat;
    struct proto_frame staff = {.kind = PROTO_KIND_RECEIPTS};
    staff.as.receipts = (struct proto_receipts){.conversation = chat_id(chat),
            .who = session ? session_who(session)
                           : (struct proto_who){raising->kind, id_slice(&raising->id), SLICE_NONE},
            .has_delivered = raising->has_delivered,
            .delivered = raising->delivered,
            .has_read = raising->has_read,
            .read = raising->read};
    struct proto_frame customers = staff;
    struct proto_receipts *told = &customers.as.receipts;
    *told = view_of_customers(chat, &staff.as.receipts);
    if (!raising->to_customers)
        told->has_delivered = told->has_read = false;
    if (!readers_take_news(&chat->readers, &staff.as.receipts, told))
        return;
    bool to_customers = told->has_delivered || told->has_read;
    deliver_frame(chat, &staff, false, true, session);
    if (to_customers)
        deliver_frame(chat, &customers, true, false, session);
    chat_tell_receipts(chat, &staff.as.receipts, to_customers ? told : NULL);
}

static void end_raising(struct raising *raising, bool is_kept)
{
    struct chat *chat = raising->chat;
    struct session *session = session_find(chat->node, raising->session);
    struct subscription *sub = session ? deliver_subscription(session, chat) : NULL;
    if (is_kept)
        tell(raising, session);
    else if (sub != NULL)
        sub->read_seq = sub->delivered_seq = 0; /* so that the same receipt is taken again */
    free(raising);
    chat_release(chat);
}

static void on_kept(void *user, const struct store_reply *reply)
{
    end_raising(user, reply->outcome == STORE_OK);
}

static void on_raised(void *user, const struct store_reply *reply)
{
    struct raising *raising = user;
    struct store *store = raising->chat->node->store;
    raising->is_lost |= reply->outcome != STORE_OK;
    if (--raising->outstanding > 0)
        return;
    if (raising->is_lost)
        end_raising(raising, false);
    else
        store->ops->barrier(store, raising->generation, on_kept, raising);
}

static void raise(struct raising *raising, char which, uint64_t seq)
{
    struct store *store = raising->chat->node->store;
    char key[64], member[ID_MAX + 8];
    struct buffer out = buffer_make(member, sizeof member);
    buffer_put_char(&out, which);
    buffer_put_char(&out, ':');
    buffer_put_char(&out, raising->kind == PROTO_AUTHOR_KIND_CUSTOMER ? 'c' : 'a');
    buffer_put_char(&out, ':');
    buffer_put_slice(&out, id_slice(&raising->id));
    struct slice cursors = slice_make(key, conversation_cursors_key(chat_id(raising->chat), key));
    store->ops->zset_add(store, cursors, buffer_slice(&out), seq, ZSET_RAISE, on_raised, raising);
}

static void keep(struct chat *chat, const struct session *session, const struct raising *what)
{
    struct raising *raising = malloc(sizeof *raising);
    struct proto_who who = session_who(session);
    check(raising != NULL);
    *raising = *what;
    raising->chat = chat;
    raising->session = session_handle(session);
    raising->kind = who.kind;
    raising->generation = chat->node->store->ops->generation(chat->node->store);
    raising->to_customers = session_answers(session, chat);
    raising->outstanding = (unsigned)raising->has_read + (unsigned)raising->has_delivered;
    id_set(&raising->id, who.id);
    chat_hold_again(chat);
    if (raising->has_read)
        raise(raising, 'r', raising->read.seq);
    if (raising->has_delivered)
        raise(raising, 'd', raising->delivered.seq);
}

static bool is_real(const struct chat *chat, const struct name *at)
{
    return at->seq > 0 && at->seq <= chat_fold(chat)->tail.seq;
}

void receipt(struct session *session, const struct proto_receipt *request)
{
    struct chat *chat = request_chat(session, NULL, request->conversation);
    if (chat == NULL)
        return;
    struct subscription *sub = deliver_subscription(session, chat);
    struct raising raising = {.read = request->read, .delivered = request->delivered};
    raising.has_read =
            request->has_read && is_real(chat, &request->read) && request->read.seq > sub->read_seq;
    if (raising.has_read && request->read.seq > request->delivered.seq)
        raising.delivered = request->read;
    raising.has_delivered =
            is_real(chat, &raising.delivered) && raising.delivered.seq > sub->delivered_seq;
    if (raising.has_read)
        sub->read_seq = raising.read.seq;
    if (raising.has_delivered)
        sub->delivered_seq = raising.delivered.seq;
    if (raising.has_read || raising.has_delivered)
        keep(chat, session, &raising);
    chat_release(chat);
}

/* ---- for whoever begins to follow -------------------------------------------------------------
 */

struct telling {
    struct chat *chat;
    struct session_handle session;
    uint64_t generation;
    struct readers readers;
};

static void send_place(struct session *session, struct chat *chat, const struct reader *reader)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    uint64_t head = is_customer ? chat_fold(chat)->public_tail.seq : chat_fold(chat)->tail.seq;
    const struct reader *told = readers_find(&chat->readers, reader->kind, id_slice(&reader->id));
    uint64_t delivered = reader->delivered, read = reader->read;
    if (told != NULL && told->delivered > delivered)
        delivered = told->delivered; /* told while the answer was on its way */
    if (told != NULL && told->read > read)
        read = told->read;
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPTS};
    frame.as.receipts = (struct proto_receipts){.conversation = chat_id(chat),
            .who = {reader->kind, id_slice(&reader->id), SLICE_NONE},
            .has_delivered = delivered > 0,
            .delivered = {.seq = at_most(delivered > read ? delivered : read, head)},
            .has_read = read > 0,
            .read = {.seq = at_most(read, head)}};
    session_send(session, &frame);
}

static void end_telling(struct telling *telling, bool is_durable)
{
    struct chat *chat = telling->chat;
    struct session *session = session_find(chat->node, telling->session);
    for (size_t i = 0; is_durable && session != NULL && i < telling->readers.count; i++)
        send_place(session, chat, &telling->readers.all[i]);
    readers_finish(&telling->readers);
    free(telling);
    chat_release(chat);
}

static void on_durable(void *user, const struct store_reply *reply)
{
    end_telling(user, reply->outcome == STORE_OK);
}

static void on_cursors(void *user, const struct store_reply *reply)
{
    struct telling *telling = user;
    struct store *store = telling->chat->node->store;
    for (size_t i = 0; reply->outcome == STORE_OK && i < reply->item_count; i++) {
        struct slice member = reply->items[i].value;
        struct slice id =
                member.len > 4 ? slice_make(member.bytes + 4, member.len - 4) : SLICE_NONE;
        struct reader *reader =
                id.len == 0 ? NULL
                            : readers_find(&telling->readers,
                                      member.bytes[2] == 'c' ? PROTO_AUTHOR_KIND_CUSTOMER
                                                             : PROTO_AUTHOR_KIND_AGENT,
                                      id);
        if (reader != NULL && member.bytes[0] == 'd')
            reader->delivered = reply->items[i].number;
        else if (reader != NULL)
            reader->read = reply->items[i].number;
    }
    if (telling->readers.count > 0)
        store->ops->barrier(store, telling->generation, on_durable, telling);
    else
        end_telling(telling, false);
}

void receipts_tell(struct session *session, struct chat *chat)
{
    struct store *store = chat->node->store;
    struct telling *telling = calloc(1, sizeof *telling);
    char key[64];
    check(telling != NULL);
    *telling = (struct telling){chat, session_handle(session), store->ops->generation(store), {0}};
    chat_hold_again(chat);
    struct slice cursors = slice_make(key, conversation_cursors_key(chat_id(chat), key));
    store->ops->zset_range(store, cursors, 0, UINT64_MAX, 2 * READERS_MAX, on_cursors, telling);
}
