/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: how far each participant has received and read.
 *
 *   receipt --> raise in the store --> barrier --> tell who follows, here and on other nodes
 *   follow  --> read from the store --> barrier --> tell the one who follows
 *
 * Invariant: read <= delivered <= head, and neither ever falls, in the store or in what is told.
 * They are scores in the conversation's cursor set, raised by Redis itself (ZADD GT), so no order
 * of arrival can lower one; nobody is told of a place that a crash could take back; and what was
 * told is kept in order by readers.c, which takes in what the store holds before anybody is told
 * anything. Members are "d:<kind>:<id>" and "r:<kind>:<id>"; the mark of a seq is not kept: it is
 * read with the entry when somebody needs it. A customer is not told of places beyond the last
 * entry that they may see, nor of marks: an agent's receipt for a note would betray the note; and
 * of an agent who only looks on (kind s) they are told nothing, now or later.
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

/* Who has not been told of all places yet is told of these with them: alone they could say that
 * somebody has read what they have not received. */
static void tell_followers(struct chat *chat, const struct proto_frame *frame, bool to_staff,
        const struct session *but)
{
    const struct proto_receipts *receipts = &frame->as.receipts;
    if (!receipts->has_delivered && !receipts->has_read)
        return;
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->places == PLACES_TOLD && sub->is_staff == to_staff && sub->session != but)
            session_send(sub->session, frame);
    }
}

bool receipts_spread(struct chat *chat, struct proto_frame *staff, struct proto_frame *customers,
        const struct session *but)
{
    if (!readers_take_news(&chat->readers, &staff->as.receipts, &customers->as.receipts))
        return false;
    receipts_tell_rest(chat);
    tell_followers(chat, staff, true, but);
    tell_followers(chat, customers, false, but);
    return true;
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
    if (receipts_spread(chat, &staff, &customers, session))
        chat_tell_receipts(
                chat, &staff.as.receipts, told->has_delivered || told->has_read ? told : NULL);
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
    buffer_put_char(&out, raising->kind == PROTO_AUTHOR_KIND_CUSTOMER ? 'c'
                          : raising->to_customers                     ? 'a'
                                                                      : 's');
    buffer_put_char(&out, ':');
    buffer_put_slice(&out, id_slice(&raising->id));
    struct slice cursors = slice_make(key, conversation_cursors_key(chat_id(raising->chat), key));
    store->ops->zset_add(store, cursors, buffer_slice(&out), seq, ZSET_RAISE, on_raised, raising);
}

static void keep(struct chat *chat, struct session *session, const struct raising *what)
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

/* Of a conversation that was erased nothing is kept, not even that this was read. */
static bool is_real(const struct chat *chat, const struct name *at)
{
    return at->seq > 0 && at->seq <= chat_fold(chat)->tail.seq &&
           chat_fold(chat)->phase != PHASE_ERASED;
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

/* As it was noted: this node's fold may be behind what it was told by another. */
static void send_place(struct session *session, struct chat *chat, const struct reader *reader)
{
    bool is_customer = session->role == CREDENTIAL_CUSTOMER;
    uint64_t delivered = is_customer ? reader->shown_delivered : reader->delivered;
    uint64_t read = is_customer ? reader->shown_read : reader->read;
    struct proto_frame frame = {.kind = PROTO_KIND_RECEIPTS};
    frame.as.receipts = (struct proto_receipts){.conversation = chat_id(chat),
            .who = {reader->kind, id_slice(&reader->id), SLICE_NONE},
            .has_delivered = true,
            .delivered = {.seq = delivered > read ? delivered : read},
            .has_read = read > 0,
            .read = {.seq = read}};
    if (delivered > 0 || read > 0)
        session_send(session, &frame);
}

/* The others may not have heard of it: another node's hint was lost. */
static void spread_stored(
        struct chat *chat, const struct reader *stored, const struct session *session)
{
    struct proto_frame staff = {.kind = PROTO_KIND_RECEIPTS};
    staff.as.receipts = (struct proto_receipts){.conversation = chat_id(chat),
            .who = {stored->kind, id_slice(&stored->id), SLICE_NONE},
            .has_delivered = stored->delivered > 0,
            .delivered = {.seq = stored->delivered},
            .has_read = stored->read > 0,
            .read = {.seq = stored->read}};
    struct proto_frame customers = staff;
    struct proto_receipts *told = &customers.as.receipts;
    told->delivered.seq = stored->shown_delivered;
    told->read.seq = stored->shown_read;
    *told = view_of_customers(chat, told);
    told->has_delivered = told->delivered.seq > 0;
    told->has_read = told->read.seq > 0;
    receipts_spread(chat, &staff, &customers, session);
}

static void end_telling(struct telling *telling, bool is_durable)
{
    struct chat *chat = telling->chat;
    struct session *session = session_find(chat->node, telling->session);
    struct subscription *sub = session ? deliver_subscription(session, chat) : NULL;
    for (size_t i = 0; is_durable && i < telling->readers.count; i++)
        spread_stored(chat, &telling->readers.all[i], session);
    if (sub != NULL)
        sub->places = is_durable ? PLACES_TOLD : PLACES_UNTOLD;
    for (size_t i = 0; is_durable && sub != NULL && i < chat->readers.count; i++)
        send_place(session, chat, &chat->readers.all[i]);
    readers_finish(&telling->readers);
    free(telling);
    chat_release(chat);
}

static void on_durable(void *user, const struct store_reply *reply)
{
    end_telling(user, reply->outcome == STORE_OK);
}

/* "d:<kind>:<id>" */
static void take_member(struct readers *readers, struct slice member, uint64_t seq)
{
    struct slice id = member.len > 4 ? slice_make(member.bytes + 4, member.len - 4) : SLICE_NONE;
    bool is_delivered = member.len > 0 && member.bytes[0] == 'd';
    if (id.len == 0)
        return;
    char kind = member.bytes[2];
    struct reader *reader = readers_find(
            readers, kind == 'c' ? PROTO_AUTHOR_KIND_CUSTOMER : PROTO_AUTHOR_KIND_AGENT, id);
    if (reader == NULL)
        return;
    uint64_t *place = is_delivered ? &reader->delivered : &reader->read;
    *place = seq > *place ? seq : *place;
    if (kind != 's')
        *(is_delivered ? &reader->shown_delivered : &reader->shown_read) = seq;
}

static void on_cursors(void *user, const struct store_reply *reply)
{
    struct telling *telling = user;
    struct store *store = telling->chat->node->store;
    bool is_read = reply->outcome == STORE_OK;
    for (size_t i = 0; is_read && i < reply->item_count; i++)
        take_member(&telling->readers, reply->items[i].value, reply->items[i].number);
    if (telling->readers.count > 0)
        store->ops->barrier(store, telling->generation, on_durable, telling);
    else
        end_telling(telling, is_read);
}

/* to: who is told all that is stored; the others hear what goes beyond what they were told. */
static void compare(struct chat *chat, struct session_handle to)
{
    struct store *store = chat->node->store;
    struct telling *telling = calloc(1, sizeof *telling);
    char key[64];
    check(telling != NULL);
    *telling = (struct telling){chat, to, store->ops->generation(store), {0}};
    chat_hold_again(chat);
    struct slice cursors = slice_make(key, conversation_cursors_key(chat_id(chat), key));
    store->ops->zset_range(store, cursors, 0, UINT64_MAX, 4 * READERS_MAX, on_cursors, telling);
}

void receipts_tell(struct session *session, struct chat *chat)
{
    struct subscription *sub = deliver_subscription(session, chat);
    if (sub != NULL)
        sub->places = PLACES_READING;
    compare(chat, session_handle(session));
}

void receipts_look(struct chat *chat)
{
    LIST_EACH (at, next, &chat->followers) {
        if (LIST_ITEM(at, struct subscription, of_chat)->places == PLACES_TOLD) {
            compare(chat, (struct session_handle){0});
            return;
        }
    }
}

void receipts_tell_rest(struct chat *chat)
{
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->places == PLACES_UNTOLD)
            receipts_tell(sub->session, chat);
    }
}

void receipts_forget(struct chat *chat)
{
    readers_finish(&chat->readers);
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->places == PLACES_TOLD)
            sub->places = PLACES_UNTOLD;
    }
    receipts_tell_rest(chat);
}
