/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation's topic, {ab}h:<id>: told by the node where something happened, heard by those on
 * which the conversation is followed or a bot's turn of it is open.
 *
 *   record, look   to the log, which folds it or reads
 *   typist         to the followers: kind, id, name, is active, is for customers
 *   receipts       to the followers: kind, id, name, then places for staff, then for customers
 *
 * Invariant: what customers may not see is not in what is told for them: the node on which it
 * happened decides, by the same rules as for its own followers. A hint that cannot be read is
 * dropped; after a gap the log looks for its end, and the stored receipts are read.
 */
#include "flow/chat_hints.h"

#include "flow/bus_body.h"
#include "flow/bus_record.h"
#include "flow/deliver.h"
#include "flow/requests.h"

#include "base/check.h"

#include <stdlib.h>

enum { HAS_DELIVERED = 1, HAS_READ = 2 };

/* Where a chat listens; few do on a node that is the only one. */
struct chat_topic {
    struct bus_topic topic;
    struct chat *chat;
    char name[CONVERSATION_KEY_LEN];
};

/* ---- what is told -----------------------------------------------------------------------------
 */

void chat_tell_record(struct chat *chat, const struct record *record)
{
    char name[64];
    if (bus_is_heard(chat->node))
        bus_tell_record(chat->node, slice_make(name, conversation_topic(chat_id(chat), name)),
                &chat->log, record);
}

void chat_tell_look(struct node *node, struct slice id, uint64_t seq)
{
    char name[64], bytes[8];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    bus_put_u64(&body, seq);
    bus_tell(node, slice_make(name, conversation_topic(id, name)), BUS_LOOK, buffer_slice(&body));
}

static void put_who(struct buffer *out, const struct proto_who *who)
{
    buffer_put_char(out, (char)who->kind);
    bus_put_text(out, who->id);
    bus_put_text(out, who->name);
}

static void tell(struct chat *chat, enum bus_kind kind, const struct buffer *body)
{
    char name[64];
    if (!body->overflowed)
        bus_tell(chat->node, slice_make(name, conversation_topic(chat_id(chat), name)), kind,
                buffer_slice(body));
}

void chat_tell_typist(struct chat *chat, const struct proto_typist *typist, bool to_customers)
{
    char bytes[1024];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    if (!members_are_others(chat->node))
        return;
    put_who(&body, &typist->who);
    buffer_put_char(&body, (char)typist->active);
    buffer_put_char(&body, (char)to_customers);
    tell(chat, BUS_TYPING, &body);
}

static void put_places(struct buffer *out, const struct proto_receipts *receipts)
{
    static const struct proto_receipts none;
    const struct proto_receipts *from = receipts ? receipts : &none;
    buffer_put_char(out,
            (char)((from->has_delivered ? HAS_DELIVERED : 0) | (from->has_read ? HAS_READ : 0)));
    bus_put_name(out, &from->delivered);
    bus_put_name(out, &from->read);
}

void chat_tell_receipts(struct chat *chat, const struct proto_receipts *to_staff,
        const struct proto_receipts *to_customers)
{
    char bytes[1024];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    if (!members_are_others(chat->node))
        return;
    put_who(&body, &to_staff->who);
    put_places(&body, to_staff);
    put_places(&body, to_customers);
    tell(chat, BUS_RECEIPT, &body);
}

/* ---- what is heard ----------------------------------------------------------------------------
 */

static struct proto_who read_who(struct bus_reader *reader)
{
    struct proto_who who = {.kind = (enum proto_author_kind)bus_read_byte(reader)};
    who.id = bus_read_text(reader);
    who.name = bus_read_text(reader);
    reader->is_bad |= who.kind != PROTO_AUTHOR_KIND_CUSTOMER &&
                      who.kind != PROTO_AUTHOR_KIND_AGENT && who.kind != PROTO_AUTHOR_KIND_BOT;
    return who;
}

static void hear_typist(struct chat *chat, struct bus_reader *reader)
{
    struct proto_frame frame = {.kind = PROTO_KIND_TYPIST};
    frame.as.typist = (struct proto_typist){.conversation = chat_id(chat), .who = read_who(reader)};
    frame.as.typist.active = bus_read_byte(reader) != 0;
    bool to_customers = bus_read_byte(reader) != 0;
    if (bus_read_all(reader))
        deliver_frame(chat, &frame, to_customers, true, NULL);
}

static void read_places(struct bus_reader *reader, struct proto_receipts *out)
{
    uint8_t flags = bus_read_byte(reader);
    out->has_delivered = (flags & HAS_DELIVERED) != 0;
    out->has_read = (flags & HAS_READ) != 0;
    out->delivered = bus_read_name(reader);
    out->read = bus_read_name(reader);
}

static void hear_receipts(struct chat *chat, struct bus_reader *reader)
{
    struct proto_frame staff = {.kind = PROTO_KIND_RECEIPTS};
    struct proto_receipts *receipts = &staff.as.receipts;
    *receipts = (struct proto_receipts){.conversation = chat_id(chat), .who = read_who(reader)};
    struct proto_frame customers = staff;
    read_places(reader, receipts);
    read_places(reader, &customers.as.receipts);
    if (bus_read_all(reader))
        receipts_spread(chat, &staff, &customers, NULL);
}

static void on_hint(struct bus_topic *topic, const struct bus_hint *hint)
{
    struct chat *chat = LIST_ITEM(topic, struct chat_topic, topic)->chat;
    struct bus_reader reader = {.left = hint->body};
    chat_hold_again(chat);
    if (hint->kind == BUS_TYPING)
        hear_typist(chat, &reader);
    else if (hint->kind == BUS_RECEIPT)
        hear_receipts(chat, &reader);
    else
        bus_take_record(&chat->log, hint);
    chat_release(chat);
}

static void on_gap(struct bus_topic *topic)
{
    struct chat *chat = LIST_ITEM(topic, struct chat_topic, topic)->chat;
    log_doubt(&chat->log);
    receipts_look(chat);
}

/* ---- listening --------------------------------------------------------------------------------
 */

static void listen(struct chat *chat)
{
    char name[64];
    if (chat->node->hints == NULL)
        return;
    struct chat_topic *own = calloc(1, sizeof *own);
    check(own != NULL);
    *own = (struct chat_topic){.topic = {.on_hint = on_hint, .on_gap = on_gap}, .chat = chat};
    check(conversation_topic(chat_id(chat), name) == sizeof own->name);
    memcpy(own->name, name, sizeof own->name);
    chat->topic = own;
    bus_open(chat->node, &own->topic, slice_make(own->name, sizeof own->name));
}

void chat_listen(struct chat *chat)
{
    bool is_wanted = !list_is_empty(&chat->followers) || chat->turn != NULL;
    if (is_wanted && chat->topic == NULL)
        listen(chat);
    else if (!is_wanted)
        chat_listen_no_more(chat);
}

void chat_listen_no_more(struct chat *chat)
{
    if (chat->topic == NULL)
        return;
    bus_close(chat->node, &chat->topic->topic);
    free(chat->topic);
    chat->topic = NULL;
}
