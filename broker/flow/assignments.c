/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns a conversation, told to the agents' sessions.
 *
 * Invariant: `assigned` is sent for the owner token in force, once a session, before any entry of
 * that conversation reaches it; after `released` none does, unless the agent watches. Who watches
 * is asked again whenever an agent becomes the owner.
 */
#include "flow/assignments.h"

#include "base/check.h"
#include "flow/callbacks.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/follow_up.h"
#include "flow/pool_news.h"
#include "flow/requests.h"

#include <stdlib.h>

/* An assignment on its way to one session: the chat is loaded, then the packet is read. */
struct assignment {
    struct chat_touch touch;
    struct chat *chat;
    struct session_handle session;
    struct name cursor, request;
    struct log_reader reader;
    struct slice packet;
};

static void end_assignment(struct assignment *assignment)
{
    struct chat *chat = assignment->chat;
    free((char *)assignment->packet.bytes);
    free(assignment);
    chat_release(chat);
}

static void on_packet(struct log_reader *reader, const struct record *record)
{
    struct assignment *assignment = LIST_ITEM(reader, struct assignment, reader);
    struct node *node = assignment->chat->node;
    size_t mark = node->scratch.used;
    struct entry entry;
    const struct part *part = NULL;
    if (chat_read_entry(assignment->chat, record, &entry))
        part = entry_part(&entry, PART_QUEUED);
    char *copy = part && part->handoff.len ? malloc(part->handoff.len) : NULL;
    if (copy != NULL) {
        memcpy(copy, part->handoff.bytes, part->handoff.len);
        assignment->packet = slice_make(copy, part->handoff.len);
    }
    node->scratch.used = mark;
}

static bool is_owner(const struct chat *chat, const struct session *session)
{
    return chat_fold(chat)->phase == PHASE_ACTIVE &&
           slice_equal(id_slice(&chat_fold(chat)->owner_id), id_slice(&session->subject));
}

/* The fold alone may know of an owner whose entry is not kept yet, and never will be. */
bool assignments_is_told(struct session *session, struct chat *chat)
{
    const struct subscription *sub = deliver_subscription(session, chat);
    return sub != NULL && is_owner(chat, session) &&
           name_equal(&sub->told_owner, &chat_fold(chat)->owner);
}

static void tell(struct assignment *assignment, struct session *session)
{
    struct chat *chat = assignment->chat;
    struct node *node = chat->node;
    size_t mark = node->scratch.used;
    struct proto_frame frame = {.kind = PROTO_KIND_ASSIGNED};
    struct proto_assigned *assigned = &frame.as.assigned;
    *assigned = (struct proto_assigned){.conversation = chat_id(chat),
            .owner = chat_fold(chat)->owner,
            .contact = short_slice(&chat_fold(chat)->contact_name),
            .has_proven = true,
            .proven = chat_fold(chat)->reference.len > 0};
    if (assignment->packet.len > 0)
        assigned->has_handoff =
                handoff_decode(assignment->packet, &node->scratch, &assigned->handoff);
    assigned->has_callback =
            callback_view_case(chat, &chat_fold(chat)->request, &assigned->callback);
    session_send(session, &frame);
    node->scratch.used = mark;
    struct name cursor = session_cursor(session, chat_id(chat));
    if (!deliver_follow(session, chat, cursor.seq ? &cursor : NULL, DELIVER_READ_TO_ITS_END))
        return;
    struct subscription *sub = deliver_subscription(session, chat);
    sub->is_watching = false;
    sub->told_owner = chat_fold(chat)->owner;
    receipts_tell(session, chat);
}

/* A log that is broken stays so for this life of the link. */
static void keep_for_later(
        struct team *team, const struct chat *chat, const struct name *request, bool is_broken)
{
    struct pool_key key = {chat_id(chat), *request};
    if (is_broken)
        news_untold(team, &key);
    else
        news_again(team, &key);
}

/* The store could not say: as if the owner had not been seen yet. The chat may be closed until
 * then, so it is the pool's news that are told again. */
static void tell_later(const struct assignment *assignment, enum log_outcome outcome)
{
    struct chat *chat = assignment->chat;
    struct session *session = session_find(chat->node, assignment->session);
    chat->seen_owner = (struct name){0};
    chat->log.is_untold |= outcome == LOG_RETRY;
    if (session != NULL)
        keep_for_later(pools_team(chat->node, session->tenant), chat, &assignment->request,
                outcome != LOG_RETRY);
}

static void on_packet_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct assignment *assignment = LIST_ITEM(reader, struct assignment, reader);
    struct session *session = session_find(assignment->chat->node, assignment->session);
    if (outcome != LOG_APPENDED)
        tell_later(assignment, outcome);
    /* two may be on their way, since there are two who know: the pool, and the conversation */
    if (outcome == LOG_APPENDED && session != NULL && is_owner(assignment->chat, session) &&
            !assignments_is_told(session, assignment->chat))
        tell(assignment, session);
    end_assignment(assignment);
}

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct assignment *assignment = LIST_ITEM(touch, struct assignment, touch);
    struct chat *chat = assignment->chat;
    struct session *session = session_find(chat->node, assignment->session);
    if (outcome != LOG_WAS_ALREADY)
        tell_later(assignment, outcome);
    if (outcome == LOG_WAS_ALREADY && chat_fold(chat)->phase == PHASE_QUEUED)
        follow_up(chat); /* who took the request in the pool died before this log had its owner */
    if (outcome != LOG_WAS_ALREADY || session == NULL || !is_owner(chat, session)) {
        end_assignment(assignment);
        return;
    }
    uint64_t seq = chat_fold(chat)->packet_seq;
    assignment->reader = (struct log_reader){
            .from = seq, .to = seq, .count = 1, .on_record = on_packet, .done = on_packet_read};
    if (seq == 0) /* there is none */
        on_packet_read(&assignment->reader, LOG_APPENDED);
    else
        log_read(&chat->log, &assignment->reader);
}

void assignments_tell(struct session *session, const struct pool_key *key)
{
    struct slice conversation = key->conversation;
    bool is_ours = conversation_id_is_well_formed(conversation);
    struct chat *chat = is_ours ? chat_hold(session->node, conversation) : NULL;
    if (chat == NULL)
        return;
    struct assignment *assignment = calloc(1, sizeof *assignment);
    check(assignment != NULL);
    assignment->chat = chat;
    assignment->session = session_handle(session);
    assignment->request = key->name;
    assignment->touch.done = on_loaded;
    chat_touch(chat, &assignment->touch);
}

/* A conversation is read because the pool says something new of it: consequences follow. */
struct look {
    struct chat_touch touch;
    struct team *team;
    struct name request;
};

/* The owner was seen before, perhaps when no session of theirs was here. */
static void tell_newcomers(struct chat *chat)
{
    struct session *at = NULL;
    while (chat_fold(chat)->phase == PHASE_ACTIVE &&
            (at = agents_session(
                     chat->node, chat->tenant, id_slice(&chat_fold(chat)->owner_id), at)) != NULL) {
        struct subscription *sub = deliver_subscription(at, chat);
        if (sub == NULL || sub->is_watching)
            assignments_tell(at, &(struct pool_key){chat_id(chat), chat_fold(chat)->request});
    }
}

static void on_looked(struct chat_touch *touch, enum log_outcome outcome)
{
    struct look *look = LIST_ITEM(touch, struct look, touch);
    struct chat *chat = touch->change.chat;
    struct name seen = chat->seen_owner;
    if (outcome == LOG_WAS_ALREADY)
        follow_up(chat);
    else
        keep_for_later(look->team, chat, &look->request, outcome != LOG_RETRY);
    if (outcome == LOG_WAS_ALREADY && name_equal(&seen, &chat->seen_owner))
        tell_newcomers(chat);
    chat_release(chat);
    free(look);
}

void assignments_look(struct team *team, const struct pool_key *key)
{
    if (!conversation_id_is_well_formed(key->conversation))
        return;
    struct chat *chat = chat_hold(team_node(team), key->conversation);
    if (chat == NULL) { /* all chats are in use */
        news_again(team, key);
        return;
    }
    struct look *look = calloc(1, sizeof *look);
    check(look != NULL);
    look->team = team;
    look->request = key->name;
    look->touch.done = on_looked;
    chat_touch(chat, &look->touch);
}

static const char *release_reason(const struct conversation *fold)
{
    bool is_over = fold->phase == PHASE_IDLE || fold->phase == PHASE_ERASED;
    return is_over ? "closed" : fold->phase == PHASE_ACTIVE ? "transferred" : "requeued";
}

static void tell_released(const struct chat *chat, struct session *session, const char *reason)
{
    struct proto_frame frame = {.kind = PROTO_KIND_RELEASED};
    frame.as.released = (struct proto_released){chat_id(chat), slice_of_string(reason)};
    session_send(session, &frame);
}

static void release_sessions(struct chat *chat, struct slice agent, const char *reason)
{
    struct session *at = NULL;
    while ((at = agents_session(chat->node, chat->tenant, agent, at)) != NULL) {
        struct subscription *sub = deliver_subscription(at, chat);
        tell_released(chat, at, reason);
        if (sub != NULL && !sub->is_watching)
            deliver_unfollow(at, chat);
    }
}

static void end_following(struct chat *chat, struct subscription *sub, const char *reason)
{
    tell_released(chat, sub->session, reason);
    deliver_unfollow(sub->session, chat);
}

/* Who looked on while it was theirs to look on. */
static void end_watching(struct chat *chat)
{
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->is_staff && !agent_may_watch(chat, sub->session))
            end_following(chat, sub, "transferred");
    }
}

void assignments_lost(struct chat *chat)
{
    struct slice agent = chat->seen_agent;
    chat->seen_owner = (struct name){0};
    chat->seen_agent = SLICE_NONE;
    if (agent.len > 0)
        release_sessions(chat, agent, "closed");
    free((char *)agent.bytes);
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->is_staff)
            end_following(chat, sub, "closed");
    }
}

void assignments_follow_up(struct chat *chat)
{
    const struct conversation *fold = chat_fold(chat);
    bool is_agent = fold->phase == PHASE_ACTIVE;
    struct name owner = is_agent ? fold->owner : (struct name){0};
    struct slice agent = is_agent ? id_slice(&fold->owner_id) : SLICE_NONE;
    struct slice before = chat->seen_agent;
    bool is_over = !is_agent && before.len > 0; /* who was told may be so beside who could not be */
    if (name_equal(&chat->seen_owner, &owner) && !is_over)
        return;
    chat->seen_owner = owner;
    chat->seen_agent = SLICE_NONE;
    session_keep_text(&chat->seen_agent, agent);
    if (before.len > 0 && !slice_equal(before, agent))
        release_sessions(chat, before, release_reason(fold));
    free((char *)before.bytes);
    if (is_agent)
        end_watching(chat);
    struct session *at = NULL;
    while (is_agent &&
            (at = agents_session(chat->node, chat->tenant, id_slice(&fold->owner_id), at)) != NULL)
        assignments_tell(at, &(struct pool_key){chat_id(chat), fold->request});
}
