/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery: from the log to the sessions that follow a conversation.
 *
 *              record that links to `sent`
 *   live ---------------------------------------> sent, live
 *    | anything else (gap, new life of the link)
 *    v
 *   reading: the log after `sent`, page by page, until its end --------> live
 *    | the record at `sent` has another mark
 *    v
 *   reset: seeking a beginning among the newest entries --> reading
 *
 * Invariant: `sent` names the last entry that was looked at for this session, visible to it or not,
 * and entries are sent only in the order of the log from there on. So nothing can be skipped or
 * doubled, whatever the order in which news arrives: news only says that there is something to
 * read.
 */
#include "flow/deliver.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/chat_hints.h"
#include "flow/entry_codec.h"
#include "flow/files.h"
#include "flow/requests.h"

#include <stdlib.h>

/* ROOM_MIN is less than half of what waits for one peer: port/peers.h tells of room from there on.
 */
enum { PAGE_COUNT = 32, ROOM_MIN = 96 * 1024, SEEK_COUNT = 128 };

/* A read of a subscription: the page after `sent`, or the place to begin at. */
struct subscription_read {
    struct chat_read read;
    struct subscription *sub;
    bool is_seeking;
    bool is_checked; /* the record at `sent` was found as the session holds it */
    size_t seen;
};

static void read_on(struct subscription *sub);

/* ---- following --------------------------------------------------------------------------------
 */

/* It is in both lists: the shorter one says. Some agents have hundreds of chats, and some chats
 * hundreds of devices. */
struct subscription *deliver_subscription(struct session *session, struct chat *chat)
{
    const struct list *chats = &session->subscriptions, *sessions = &chat->followers;
    struct list *a = chats->next, *b = sessions->next;
    for (; a != chats && b != sessions; a = a->next, b = b->next) {
        struct subscription *by_chat = LIST_ITEM(a, struct subscription, of_session);
        struct subscription *by_session = LIST_ITEM(b, struct subscription, of_chat);
        if (by_chat->chat == chat)
            return by_chat;
        if (by_session->session == session)
            return by_session;
    }
    return NULL;
}

/* All that the fold knows of was looked at: more comes by deliver_record, or deliver_moved. */
static bool is_at_end(const struct subscription *sub)
{
    const struct log *log = &sub->chat->log;
    return log->state == LOG_READY && name_equal(&sub->sent, &log->tail);
}

static size_t count_subscriptions(const struct session *session)
{
    size_t count = 0;
    LIST_EACH (at, next, &session->subscriptions)
        count++;
    return count;
}

bool deliver_follow(struct session *session, struct chat *chat, const struct name *cursor,
        enum deliver_from from)
{
    if (deliver_subscription(session, chat) != NULL)
        return true;
    struct subscription *sub = NULL;
    if (count_subscriptions(session) < SUBSCRIPTIONS_PER_SESSION_MAX)
        sub = calloc(1, sizeof *sub);
    if (sub == NULL)
        return false;
    *sub = (struct subscription){.session = session,
            .chat = chat,
            .is_staff = session->role != CREDENTIAL_CUSTOMER,
            .has_looked = from == DELIVER_READ_TO_ITS_END};
    if (cursor != NULL)
        sub->sent = *cursor;
    chat_hold_again(chat);
    chat->log.is_followed = true;
    list_append(&chat->followers, &sub->of_chat);
    chat_listen(chat);
    list_append(&session->subscriptions, &sub->of_session);
    sub->was_at_end = sub->has_looked && is_at_end(sub);
    if (!sub->was_at_end)
        read_on(sub);
    return true;
}

static void free_subscription(struct subscription *sub)
{
    struct chat *chat = sub->chat;
    free(sub);
    chat_release(chat);
}

/* A read under way still names the subscription: then its end frees it. */
static void end_subscription(struct subscription *sub)
{
    list_remove(&sub->of_chat);
    list_remove(&sub->of_session);
    sub->chat->log.is_followed = !list_is_empty(&sub->chat->followers);
    if (!sub->chat->log.is_followed)
        readers_finish(&sub->chat->readers); /* hints are not heard from now on */
    chat_listen(sub->chat);
    sub->session = NULL;
    sub->is_over = true;
    if (sub->read == NULL)
        free_subscription(sub);
}

void deliver_unfollow(struct session *session, struct chat *chat)
{
    struct subscription *sub = deliver_subscription(session, chat);
    if (sub != NULL)
        end_subscription(sub);
}

void deliver_unfollow_all(struct session *session)
{
    while (!list_is_empty(&session->subscriptions))
        end_subscription(LIST_ITEM(session->subscriptions.next, struct subscription, of_session));
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* What was sent counts no more, and what follows begins anew. */
static void forget(struct subscription *sub)
{
    struct proto_frame frame = {.kind = PROTO_KIND_RESET};
    frame.as.reset = (struct proto_reset){
            .conversation = chat_id(sub->chat), .reason = PROTO_RESET_REASON_LOST_SUFFIX};
    if (sub->sent.seq != 0)
        session_send(sub->session, &frame);
    sub->sent = (struct name){0};
    sub->begin_seq = 0;
}

/* An entry as it is told to all who follow: decoded once, and written once for each codec, or for
 * each kind of receiver where these see it differently, into the node's out. Nothing else is sent
 * while a telling is under way. */
struct telling {
    struct chat *chat;
    const struct record *record;
    struct entry entry;
    bool is_decoded, is_good, is_alike;
    size_t written;            /* bytes of the node's out */
    struct slice frames[2][2]; /* by is_staff and codec */
};

/* The entry, which is large, is not cleared: decode_once fills it. */
static void begin_telling(struct telling *telling, struct chat *chat, const struct record *record)
{
    telling->chat = chat;
    telling->record = record;
    telling->is_decoded = telling->is_good = telling->is_alike = false;
    telling->written = 0;
    memset(telling->frames, 0, sizeof telling->frames);
}

static bool decode_once(struct telling *telling)
{
    if (!telling->is_decoded)
        telling->is_good = chat_read_entry(telling->chat, telling->record, &telling->entry);
    if (!telling->is_decoded && telling->is_good)
        telling->is_alike = entry_looks_alike(&telling->entry);
    telling->is_decoded = true;
    return telling->is_good;
}

static struct slice write_once(struct telling *telling, bool is_staff, enum peer_codec codec)
{
    struct node *node = telling->chat->node;
    bool is_apart = is_staff && !telling->is_alike;
    struct slice *written = &telling->frames[is_apart][codec == PEER_MSGPACK];
    struct proto_frame frame = {.kind = PROTO_KIND_ENTRY};
    if (written->len > 0 || !entry_view(&telling->entry, chat_id(telling->chat), is_staff,
                                    &node->scratch, &frame.as.entry))
        return *written;
    file_links_set(node, &frame.as.entry);
    struct buffer out =
            buffer_make(node->out + telling->written, NODE_OUT_BYTES - telling->written);
    proto_frame_write(codec == PEER_JSON ? PROTO_JSON : PROTO_MSGPACK, &frame, &out);
    check(!out.overflowed);
    telling->written += out.len;
    *written = buffer_slice(&out);
    return *written;
}

static void tell(struct telling *telling, struct subscription *sub)
{
    struct node *node = sub->chat->node;
    sub->sent = telling->record->at;
    if (!decode_once(telling) || !entry_is_visible(&telling->entry, sub->is_staff))
        return;
    size_t mark = node->scratch.used; /* after the entry, which borrows from it */
    struct slice frame = write_once(telling, sub->is_staff, sub->session->codec);
    node->scratch.used = mark;
    if (frame.len > 0)
        session_send_written(sub->session, frame);
}

/* ERASED stands for all before it, and comes after nothing: whoever holds something forgets it. */
static void look_at(struct subscription *sub, const struct record *record)
{
    struct node *node = sub->chat->node;
    size_t mark = node->scratch.used;
    struct telling telling;
    if (!record->is_sealed)
        forget(sub);
    begin_telling(&telling, sub->chat, record);
    tell(&telling, sub);
    node->scratch.used = mark;
}

static bool links_to(const struct subscription *sub, const struct record *record)
{
    return record->at.seq == sub->sent.seq + 1 && sub->sent.seq != 0 &&
           memcmp(record->prev, sub->sent.mark, MARK_SIZE) == 0;
}

void deliver_record(struct chat *chat, const struct record *record)
{
    struct node *node = chat->node;
    size_t mark = node->scratch.used;
    struct telling telling;
    begin_telling(&telling, chat, record);
    chat_hold_again(chat);
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->read != NULL || record->at.seq > chat_fold(chat)->tail.seq)
            sub->is_behind = true; /* or the link began anew: on_moved comes */
        else if (links_to(sub, record))
            tell(&telling, sub);
        else if (!is_at_end(sub)) /* else a page had it before its barrier */
            read_on(sub);
    }
    node->scratch.used = mark;
    chat_release(chat);
}

void deliver_moved(struct chat *chat)
{
    chat_hold_again(chat);
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        sub->is_behind = true;
        if (sub->read == NULL && !name_equal(&sub->sent, &chat->log.tail))
            read_on(sub);
    }
    receipts_tell_rest(chat);
    chat_release(chat);
}

void deliver_erased(struct chat *chat)
{
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        bool has_heard = chat_fold(chat)->phase == PHASE_ERASED && is_at_end(sub);
        if (sub->is_staff && !has_heard)
            forget(sub);
    }
}

/* The client says again what was its own (reset), drops its ticket, and is refused its renewal. */
void deliver_loss(struct session *session, const struct chat *chat, struct slice request_id)
{
    struct proto_frame frame = {.kind = PROTO_KIND_RESET};
    frame.as.reset = (struct proto_reset){
            .conversation = chat_id(chat), .reason = PROTO_RESET_REASON_LOST_SUFFIX};
    session_send(session, &frame);
    session_error(session, request_id, PROTO_ERROR_UNAUTHENTICATED, NULL);
}

void deliver_lost(struct chat *chat)
{
    if (list_is_empty(&chat->followers))
        return;
    log_line(LOG_ERROR, "chat.lost", "conversation=%.*s", SLICE_ARGS(chat_id(chat)));
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (!sub->is_staff)
            deliver_loss(sub->session, chat, SLICE_NONE);
    }
}

void deliver_frame(struct chat *chat, const struct proto_frame *frame, bool to_customers,
        bool to_staff, const struct session *but)
{
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->session != but && (sub->is_staff ? to_staff : to_customers))
            session_send(sub->session, frame);
    }
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Pages are read, and their records sent, only while the ring has room; the rest waits for
 * on_writable. */
static bool has_room(const struct subscription *sub)
{
    struct peers *peers = sub->chat->node->peers;
    return sub->session->phase != SESSION_CLOSING &&
           peers->ops->room(peers, sub->session->peer) >= ROOM_MIN;
}

static void on_seek_record(struct chat_read *read, const struct record *record)
{
    struct subscription_read *seek = LIST_ITEM(read, struct subscription_read, read);
    struct subscription *sub = seek->sub;
    struct node *node = sub->chat->node;
    size_t mark = node->scratch.used;
    struct entry entry;
    if (seek->seen < FOLLOW_FROM_START_ENTRIES && chat_read_entry(sub->chat, record, &entry)) {
        seek->seen += entry_is_visible(&entry, sub->is_staff);
        sub->begin_seq = record->at.seq;
    }
    node->scratch.used = mark;
}

static void on_page_record(struct chat_read *read, const struct record *record)
{
    struct subscription_read *page = LIST_ITEM(read, struct subscription_read, read);
    struct subscription *sub = page->sub;
    if (sub->is_over)
        return;
    if (sub->sent.seq == 0 && sub->begin_seq <= record->at.seq) {
        look_at(sub, record);
        page->is_checked = true;
    } else if (record->at.seq == sub->sent.seq) {
        page->is_checked = name_equal(&record->at, &sub->sent);
    } else if (page->is_checked && links_to(sub, record)) {
        if (!has_room(sub)) { /* long ones: what is left of the page is read again */
            sub->is_behind = true;
            return;
        }
        look_at(sub, record);
        page->seen++;
    }
}

static void on_read(struct chat_read *read, enum log_outcome outcome)
{
    struct subscription_read *ended = LIST_ITEM(read, struct subscription_read, read);
    struct subscription *sub = ended->sub;
    bool was_seeking = ended->is_seeking, has_seen = ended->seen > 0;
    bool is_lost = !was_seeking && !ended->is_checked && !read->is_cut;
    free(ended);
    sub->read = NULL;
    if (sub->is_over) {
        free_subscription(sub);
        return;
    }
    if (outcome != LOG_APPENDED) {
        sub->chat->log.is_untold = true; /* within a second, or with the next life of the link */
        return;
    }
    if (was_seeking && sub->begin_seq == 0)
        return; /* the next entry looks again */
    if (is_lost) {
        forget(sub);
        receipts_forget(sub->chat);
    }
    sub->was_at_end = sub->was_at_end || is_at_end(sub);
    if (is_at_end(sub))
        sub->is_behind = false;
    else if (is_lost || was_seeking || sub->is_behind || has_seen)
        read_on(sub);
}

/* A beginning need not be looked for when all that there is will be sent. */
static uint64_t beginning_of(const struct subscription *sub)
{
    const struct log *log = &sub->chat->log;
    bool is_known = sub->has_looked && log->state == LOG_READY;
    return is_known && log->tail.seq <= FOLLOW_FROM_START_ENTRIES ? 1 : sub->begin_seq;
}

/* Reads the page after `sent`, with the record at `sent` to check it against; or, without a cursor,
 * first looks for the place to begin at. */
static void read_on(struct subscription *sub)
{
    if (sub->read != NULL || !has_room(sub)) {
        sub->is_behind = true;
        return;
    }
    struct subscription_read *started = calloc(1, sizeof *started);
    check(started != NULL);
    sub->read = started;
    sub->is_behind = false;
    if (sub->sent.seq == 0 && sub->begin_seq == 0)
        sub->begin_seq = beginning_of(sub);
    started->sub = sub;
    started->is_seeking = sub->sent.seq == 0 && sub->begin_seq == 0;
    uint64_t from = started->is_seeking ? 0 : sub->sent.seq ? sub->sent.seq : sub->begin_seq;
    started->read = (struct chat_read){
            .from = from,
            .to = UINT64_MAX,
            .count = started->is_seeking ? SEEK_COUNT : PAGE_COUNT,
            .is_reverse = started->is_seeking,
            .is_patient = !sub->was_at_end,
            .is_fresh = !sub->has_looked,
            .is_of_follower = true,
            .on_record = started->is_seeking ? on_seek_record : on_page_record,
            .done = on_read,
    };
    sub->has_looked = true;
    chat_read(sub->chat, &started->read);
}

void deliver_resume(struct session *session)
{
    LIST_EACH (at, next, &session->subscriptions) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_session);
        if (sub->is_behind && sub->read == NULL)
            read_on(sub);
    }
}
