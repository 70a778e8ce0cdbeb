/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent asks for: accept, decline, close, transfer, reopen, watch.
 *
 * Invariant: every one of them is decided by a log. accept and decline by the pool's; close,
 * transfer and reopen by the conversation's, with the owner token that the agent holds. A repeated
 * request is answered as the first one was.
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/requests.h"

#include <stdlib.h>

/* ---- offers -----------------------------------------------------------------------------------
 */

struct offer_change {
    struct pool_change change;
    struct session_handle session;
    struct id_text request_id, agent, conversation, reason;
    struct name offer, request;
    bool is_accept, is_taken_before;
    uint64_t taken_seq; /* by this entry; a repeat is told so once it is durable */
};

static size_t decide_offer(struct pool_change *pool_change, const struct pool *pool,
        uint64_t now_ms, struct pool_entry *entries)
{
    struct offer_change *change = LIST_ITEM(pool_change, struct offer_change, change);
    struct pool_request_view view;
    entries[0].agent = id_slice(&change->agent);
    if (!pool_find_offer(pool, &change->offer, entries[0].agent, &view))
        return 0;
    id_set(&change->conversation, view.key.conversation);
    change->request = view.key.name;
    change->is_taken_before = view.state == POOL_ACTIVE;
    change->taken_seq = view.moved_seq;
    entries[0] = (struct pool_entry){.kind = change->is_accept ? POOL_ACCEPTED : POOL_DECLINED,
            .request = view.key,
            .agent = id_slice(&change->agent),
            .offer = change->offer,
            .until_ms =
                    change->is_accept ? 0 : now_ms + team_policy(change->change.team)->exclusion_ms,
            .reason = id_slice(&change->reason)};
    return pool_may_apply(pool, &entries[0]) == POOL_DONE;
}

static void on_offer(struct pool_change *pool_change, enum log_outcome outcome)
{
    struct offer_change *change = LIST_ITEM(pool_change, struct offer_change, change);
    struct node *node = team_node(change->change.team);
    struct session *session = session_find(node, change->session);
    if (outcome == LOG_REFUSED && change->is_accept && change->is_taken_before)
        outcome =
                team_has_kept(change->change.team, change->taken_seq) ? LOG_WAS_ALREADY : LOG_RETRY;
    bool is_done = outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY;
    struct pool_key key = {id_slice(&change->conversation), change->request};
    struct chat *chat = is_done && change->is_accept ? pools_chat(change->change.team, &key) : NULL;
    if (chat != NULL) {
        pool_own(chat, &change->request, id_slice(&change->agent));
        chat_release(chat);
    }
    if (session != NULL && is_done)
        session_done(session, id_slice(&change->request_id), &change->offer);
    else if (session != NULL)
        session_error(session, id_slice(&change->request_id),
                outcome == LOG_REFUSED ? PROTO_ERROR_NO_SUCH_OFFER
                                       : outcome_code(outcome, REFUSAL_NONE),
                NULL);
    free(change);
}

static void answer_offer(struct session *session, struct slice request_id, const struct name *offer,
        bool is_accept, struct slice reason)
{
    struct team *team = pools_team(session->node, session->tenant);
    struct offer_change *change = team ? calloc(1, sizeof *change) : NULL;
    check(change != NULL);
    change->session = session_handle(session);
    id_set(&change->request_id, request_id);
    change->agent = session->subject;
    id_set(&change->reason, reason);
    change->offer = *offer;
    change->is_accept = is_accept;
    change->change.decide = decide_offer;
    change->change.done = on_offer;
    pool_submit(team, &change->change);
}

void agent_accept(struct session *session, const struct proto_accept *request)
{
    answer_offer(session, request->id, &request->offer, true, SLICE_NONE);
}

void agent_decline(struct session *session, const struct proto_decline *request)
{
    answer_offer(session, request->id, &request->offer, false, request->reason);
}

/* ---- the case ---------------------------------------------------------------------------------
 */

enum case_verb { CASE_CLOSE, CASE_TRANSFER, CASE_REOPEN };

struct case_change {
    struct chat_change change;
    enum case_verb verb;
    struct session_handle session;
    struct id_text request_id, agent, to_agent, reason;
    struct short_text agent_name;
    struct name owner;
    struct chat_read first; /* a repeated transfer: the entry that handed the case on */
    bool is_found, is_same;
    size_t packet_len;
    char packet[];
};

static void decide_case(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct case_change *change = LIST_ITEM(chat_change, struct case_change, change);
    struct author author = {
            AUTHOR_AGENT, id_slice(&change->agent), short_slice(&change->agent_name)};
    struct requeue requeue;
    struct slice reason = id_slice(&change->reason);
    switch (change->verb) {
    case CASE_CLOSE:
        conversation_close(fold, &author, &change->owner, reason, now_ms, decision);
        break;
    case CASE_TRANSFER:
        requeue = (struct requeue){author, change->owner, id_slice(&change->to_agent), reason,
                slice_make(change->packet, change->packet_len)};
        conversation_requeue(fold, &requeue, now_ms, decision);
        break;
    case CASE_REOPEN:
        if (slice_equal(id_slice(&fold->last_agent), author.id))
            conversation_reopen(fold, &author, now_ms, decision);
        else
            decision->verdict = VERDICT_NO, decision->refusal = REFUSAL_UNBORN;
        break;
    }
}

static void answer_case(struct case_change *change, enum log_outcome outcome)
{
    struct session *session = session_find(change->change.chat->node, change->session);
    struct slice request_id = id_slice(&change->request_id);
    if (session != NULL && (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY))
        session_done(session, request_id, &change->change.at);
    else if (session != NULL)
        session_error(session, request_id, outcome_code(outcome, change->change.refusal), NULL);
    free(change);
}

/* Not a record of theirs that they did not reach the customer, say, which queues a case as well. */
static bool is_that_transfer(const struct case_change *change, const struct entry *entry)
{
    const struct part *queued = entry_part(entry, PART_QUEUED);
    return queued != NULL && entry->author.kind == AUTHOR_AGENT &&
           slice_equal(entry->author.id, id_slice(&change->agent)) &&
           slice_equal(queued->reason, id_slice(&change->reason)) &&
           slice_equal(queued->id, id_slice(&change->to_agent)) &&
           slice_equal(queued->handoff, slice_make(change->packet, change->packet_len));
}

static void on_first_record(struct chat_read *read, const struct record *record)
{
    struct case_change *change = LIST_ITEM(read, struct case_change, first);
    struct arena *scratch = &read->chat->node->scratch;
    size_t mark = scratch->used;
    struct entry entry;
    change->is_found = name_equal(&record->at, &change->change.at) &&
                       chat_read_entry(read->chat, record, &entry);
    change->is_same = change->is_found && is_that_transfer(change, &entry);
    scratch->used = mark;
}

/* Not found: the log moves just now, or has lost it; then nobody can say. */
static void on_first_read(struct chat_read *read, enum log_outcome outcome)
{
    struct case_change *change = LIST_ITEM(read, struct case_change, first);
    change->change.refusal = outcome == LOG_APPENDED ? REFUSAL_FENCED : read->refusal;
    if (outcome == LOG_APPENDED)
        outcome = !change->is_found ? LOG_RETRY : change->is_same ? LOG_WAS_ALREADY : LOG_REFUSED;
    answer_case(change, outcome);
}

/* The token was ended by an entry that queued the case: by this very transfer, or by another
 * window's, or because they were away. Only the first is a repeated request. */
static void on_case(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct case_change *change = LIST_ITEM(chat_change, struct case_change, change);
    if (change->verb != CASE_TRANSFER || outcome != LOG_WAS_ALREADY) {
        answer_case(change, outcome);
        return;
    }
    change->first = (struct chat_read){.from = chat_change->at.seq,
            .to = chat_change->at.seq,
            .count = 1,
            .on_record = on_first_record,
            .done = on_first_read};
    chat_read(chat_change->chat, &change->first);
}

/* The chat is the agent's tenant's, or the agent is told that there is none. */
struct chat *session_chat(
        struct session *session, struct slice request_id, struct slice conversation)
{
    if (!conversation_id_is_well_formed(conversation)) {
        session_error(session, request_id, PROTO_ERROR_UNKNOWN_CONVERSATION, NULL);
        return NULL;
    }
    struct chat *chat = chat_hold(session->node, conversation);
    if (chat == NULL)
        session_error(session, request_id, PROTO_ERROR_BUSY, NULL);
    return chat;
}

static void change_case(struct session *session, struct case_change *change,
        struct slice request_id, struct slice conversation)
{
    struct chat *chat = session_chat(session, request_id, conversation);
    if (chat == NULL) {
        free(change);
        return;
    }
    change->session = session_handle(session);
    id_set(&change->request_id, request_id);
    change->agent = session->subject;
    short_set(&change->agent_name, session->name);
    change->change.tenant = session->tenant;
    change->change.decide = decide_case;
    change->change.done = on_case;
    chat_change(chat, &change->change);
    chat_release(chat);
}

void agent_close(struct session *session, const struct proto_close *request)
{
    struct case_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->verb = CASE_CLOSE;
    change->owner = request->owner;
    id_set(&change->reason, request->reason.len ? request->reason : SLICE_OF("solved"));
    change_case(session, change, request->id, request->conversation);
}

void agent_transfer(struct session *session, const struct proto_transfer *request)
{
    struct node *node = session->node;
    if (request->to_agent.len > 0 &&
            directory_agent(node, session->tenant, request->to_agent) == NULL) {
        session_error(session, request->id, PROTO_ERROR_NO_SUCH_AGENT, NULL);
        return;
    }
    size_t mark = node->scratch.used;
    struct slice packet = handoff_encode(&request->handoff, &node->scratch);
    struct case_change *change = calloc(1, sizeof *change + packet.len);
    check(change != NULL && packet.bytes != NULL);
    memcpy(change->packet, packet.bytes, packet.len);
    change->packet_len = packet.len;
    node->scratch.used = mark;
    change->verb = CASE_TRANSFER;
    change->owner = request->owner;
    id_set(&change->to_agent, request->to_agent);
    id_set(&change->reason, SLICE_OF("transferred"));
    change_case(session, change, request->id, request->conversation);
}

void agent_reopen(struct session *session, const struct proto_reopen *request)
{
    struct case_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->verb = CASE_REOPEN;
    change_case(session, change, request->id, request->conversation);
}

/* ---- wrap-up ----------------------------------------------------------------------------------
 */

/* Of the agent's own wrap-ups only; one that is over already is fine. */
void agent_wrapped_up(struct session *session, const struct proto_wrapped_up *request)
{
    struct team *team = pools_team(session->node, session->tenant);
    struct pool_request_view view;
    size_t cursor = 0;
    while (team != NULL &&
            pool_next_of_agent(team_pool(team), id_slice(&session->subject), &cursor, &view)) {
        if (view.state != POOL_WRAP_UP ||
                !slice_equal(view.key.conversation, request->conversation))
            continue;
        struct chat *chat = session_chat(session, request->id, request->conversation);
        if (chat == NULL)
            return;
        pool_wrapped_up(chat, &view.key.name);
        chat_release(chat);
        break;
    }
    session_done(session, request->id, NULL);
}

/* ---- looking on -------------------------------------------------------------------------------
 */

struct watching {
    struct chat_touch touch;
    struct pool_change look;
    struct node *node;
    struct session_handle session;
    struct id_text request_id;
    struct name cursor;
};

bool agent_may_see(const struct chat *chat, struct slice agent)
{
    const struct agent_profile *profile = directory_agent(chat->node, chat->tenant, agent);
    struct team *team = pools_team(chat->node, chat->tenant);
    struct pool_request_view view;
    size_t cursor = 0;
    if (slice_equal(id_slice(&chat_fold(chat)->owner_id), agent) ||
            slice_equal(id_slice(&chat_fold(chat)->last_agent), agent) ||
            (profile != NULL && profile->is_supervisor) ||
            conversation_participant(chat_fold(chat), agent) != NULL ||
            conversation_has_invited(chat_fold(chat), agent))
        return true;
    while (team != NULL && pool_next_of_agent(team_pool(team), agent, &cursor, &view))
        if (slice_equal(view.key.conversation, chat_id(chat)))
            return true;
    return false;
}

bool agent_may_watch(const struct chat *chat, const struct session *session)
{
    return agent_may_see(chat, id_slice(&session->subject));
}

static void refuse_watching(struct watching *watching, enum proto_error_code code)
{
    struct session *session = session_find(watching->node, watching->session);
    if (session != NULL)
        session_error(session, id_slice(&watching->request_id), code, NULL);
}

static void begin_watching(struct watching *watching, struct chat *chat)
{
    struct session *session = session_find(watching->node, watching->session);
    struct name *cursor = watching->cursor.seq ? &watching->cursor : NULL;
    if (session == NULL)
        return;
    if (!deliver_follow(session, chat, cursor, DELIVER_READ_TO_ITS_END)) {
        refuse_watching(watching, PROTO_ERROR_BUSY);
        return;
    }
    deliver_subscription(session, chat)->is_watching =
            !assignments_is_told(session, chat); /* also the owner's, until then */
    session_done(session, id_slice(&watching->request_id), NULL);
    receipts_tell(session, chat);
}

static void end_watching(struct watching *watching)
{
    struct chat *chat = watching->touch.change.chat;
    free(watching);
    chat_release(chat);
}

/* The pool was read up to its end: what it says now is the answer. */
static void on_pool_read(struct pool_change *change, enum log_outcome outcome)
{
    struct watching *watching = LIST_ITEM(change, struct watching, look);
    struct chat *chat = watching->touch.change.chat;
    struct session *session = session_find(watching->node, watching->session);
    if (session != NULL && agent_may_watch(chat, session))
        begin_watching(watching, chat);
    else
        refuse_watching(watching, outcome == LOG_REFUSED ? PROTO_ERROR_UNKNOWN_CONVERSATION
                                                         : PROTO_ERROR_STORE_UNAVAILABLE);
    end_watching(watching);
}

static void on_watched(struct chat_touch *touch, enum log_outcome outcome)
{
    struct watching *watching = LIST_ITEM(touch, struct watching, touch);
    struct chat *chat = touch->change.chat;
    struct session *session = session_find(watching->node, watching->session);
    if (session != NULL && outcome == LOG_WAS_ALREADY && !agent_may_watch(chat, session)) {
        watching->look.done = on_pool_read;
        pool_look(pools_team(watching->node, chat->tenant), &watching->look);
        return;
    }
    if (outcome == LOG_WAS_ALREADY)
        begin_watching(watching, chat);
    else
        refuse_watching(watching, outcome_code(outcome, touch->change.refusal));
    end_watching(watching);
}

void agent_watch(struct session *session, const struct proto_watch *request)
{
    struct chat *chat = session_chat(session, request->id, request->conversation);
    if (chat == NULL)
        return;
    struct watching *watching = calloc(1, sizeof *watching);
    check(watching != NULL);
    watching->node = session->node;
    watching->session = session_handle(session);
    id_set(&watching->request_id, request->id);
    watching->cursor = request->at;
    watching->touch.change.tenant = session->tenant;
    watching->touch.done = on_watched;
    chat_touch(chat, &watching->touch); /* held until the end */
}

void agent_unwatch(struct session *session, const struct proto_unwatch *request)
{
    struct chat *chat = conversation_id_is_well_formed(request->conversation)
                                ? chat_find(session->node, request->conversation)
                                : NULL;
    struct subscription *sub = chat ? deliver_subscription(session, chat) : NULL;
    if (sub != NULL && sub->is_watching)
        deliver_unfollow(session, chat);
    session_done(session, request->id, NULL);
}
