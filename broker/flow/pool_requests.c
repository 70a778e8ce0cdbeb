/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation and its request in the pool: two logs, kept in step by looking at both.
 *
 *   conversation says        pool says              what is done
 *   queued(request)          nothing                QUEUED in the pool
 *   queued, a callback ahead anything               nothing, until it is due
 *   queued(request)          active(agent), kept    OWNER in the conversation
 *   active(agent, request)   nothing or another     ADOPTED in the pool
 *   no longer this request   anything               RELEASED in the pool
 *
 * Invariant (rule 12): the pool reserves before the conversation gives, the conversation ends
 * before the pool releases. Every row can be run again at any time, by any node: it depends on
 * where the two logs stand, not on who brought them there. A change's done comes after its barrier,
 * and a fold that is ahead of its barrier gives nothing (kept), so the second log is never ahead of
 * the first. What the pool was told of a conversation is compared with it once more, by a read that
 * is newer: another node may have moved it on in between, and have found nothing in the pool to
 * release.
 */
#include "base/check.h"
#include "base/log_line.h"
#include "flow/callbacks.h"
#include "flow/case_needs.h"
#include "flow/entry_codec.h"
#include "flow/pool_news.h"
#include "flow/pools.h"

#include <stdlib.h>

/* ---- telling the pool -------------------------------------------------------------------------
 */

struct request_change {
    struct pool_change change;
    struct chat *chat;
    enum pool_kind kind; /* QUEUED, ADOPTED, RELEASED */
    struct name request;
    struct log_reader reader; /* of the packet, for what the case needs */
    struct case_needs needs;
    struct id_text to_agent, agent;
    struct pool_exclusion exclusion;
    bool is_wrapped_up;
    bool is_handed_on; /* by the last agent, who is not to get it straight back */
    const char *reason;
};

static void end_change(struct request_change *change)
{
    struct chat *chat = change->chat;
    free(change);
    chat_release(chat);
}

/* An agent closed it, and the policy leaves them some time with it. */
static bool is_to_be_wrapped_up(
        const struct request_change *change, const struct pool_request_view *view)
{
    const struct conversation *fold = chat_fold(change->chat);
    return view->state == POOL_ACTIVE && fold->phase == PHASE_IDLE &&
           team_policy(change->change.team)->wrap_up_ms > 0 && !change->is_wrapped_up;
}

static size_t decide_request(struct pool_change *pool_change, const struct pool *pool,
        uint64_t now_ms, struct pool_entry *entries)
{
    struct request_change *change = LIST_ITEM(pool_change, struct request_change, change);
    struct pool_request_view view;
    struct pool_key key = {chat_id(change->chat), change->request};
    struct pool_exclusion exclusion = {
            change->needs.need.last_agent, now_ms + team_policy(pool_change->team)->exclusion_ms};
    change->exclusion = exclusion;
    entries[0] = (struct pool_entry){.kind = change->kind,
            .exclusions = &change->exclusion,
            .exclusion_count = change->is_handed_on,
            .request = key,
            .agent = id_slice(&change->agent),
            .need = change->needs.need,
            .reason = slice_of_string(change->reason)};
    entries[0].need.to_agent = id_slice(&change->to_agent);
    if (change->kind == POOL_RELEASED && pool_find(pool, &key, &view)) {
        if (view.state == POOL_WRAP_UP && !change->is_wrapped_up)
            return 0; /* it ends by itself */
        if (is_to_be_wrapped_up(change, &view)) {
            entries[0].kind = POOL_WRAPPING;
            entries[0].deadline_ms = now_ms + team_policy(pool_change->team)->wrap_up_ms;
        }
        entries[0].agent = view.agent; /* for whoever is to be told */
        entries[0].offer = view.state == POOL_OFFER_OPEN ? view.offer : (struct name){0};
    }
    return pool_may_apply(pool, &entries[0]) == POOL_DONE;
}

static void on_request(struct pool_change *pool_change, enum log_outcome outcome)
{
    struct request_change *change = LIST_ITEM(pool_change, struct request_change, change);
    bool is_said = outcome == LOG_APPENDED || outcome == LOG_REFUSED;
    if (!is_said)
        log_line(LOG_INFO, "pool.later", "conversation=%.*s", SLICE_ARGS(chat_id(change->chat)));
    if (!is_said && change->kind == POOL_RELEASED) /* else the due index brings it back */
        pool_doubt(pool_change->team);
    if (outcome == LOG_APPENDED && change->kind != POOL_RELEASED) {
        struct pool_key key = {chat_id(change->chat), change->request};
        pool_check_request(pool_change->team, &key);
    }
    end_change(change);
}

static struct request_change *make_change(
        struct chat *chat, enum pool_kind kind, const struct name *request, const char *reason)
{
    struct request_change *change = calloc(1, sizeof *change);
    if (change == NULL)
        return NULL;
    change->chat = chat;
    change->kind = kind;
    change->request = *request;
    change->reason = reason;
    needs_begin(&change->needs, chat_fold(chat));
    change->change.decide = decide_request;
    change->change.done = on_request;
    chat_hold_again(chat);
    return change;
}

static void submit(struct request_change *change)
{
    struct chat *chat = change->chat;
    struct team *team = pools_team(chat->node, chat->tenant);
    if (team == NULL)
        end_change(change);
    else
        pool_submit(team, &change->change);
}

/* ---- what a case needs ------------------------------------------------------------------------
 */

static void on_packet(struct log_reader *reader, const struct record *record)
{
    struct request_change *change = LIST_ITEM(reader, struct request_change, reader);
    struct node *node = change->chat->node;
    size_t mark = node->scratch.used;
    struct entry entry;
    struct proto_handoff handoff;
    const struct part *part = NULL;
    if (chat_read_entry(change->chat, record, &entry))
        part = entry_part(&entry, PART_QUEUED);
    if (part != NULL && handoff_decode(part->handoff, &node->scratch, &handoff))
        needs_take(&change->needs, &handoff);
    if (part != NULL && record->at.seq == change->request.seq)
        id_set(&change->to_agent, part->id);
    if (part != NULL && record->at.seq == change->request.seq)
        change->is_handed_on = slice_is(part->reason, "agent_silent") ||
                               (slice_is(part->reason, "transferred") && part->id.len == 0);
    node->scratch.used = mark;
}

static void submit_queued(struct request_change *change)
{
    struct chat *chat = change->chat;
    struct team *team = pools_team(chat->node, chat->tenant);
    struct case_needs *needs = &change->needs;
    if (team != NULL) {
        needs_complete(needs, chat_fold(chat), team_policy(team));
        offline_answer(team, chat, needs->need.queue);
    }
    needs->need.is_stranded =
            team != NULL && needs_are_stranded(needs, chat->node, chat->tenant, team_policy(team));
    if (needs->need.is_stranded)
        log_line(LOG_WARN, "case.stranded", "tenant=%.*s conversation=%.*s queue=%.*s skill=%.*s",
                SLICE_ARGS(chat->tenant), SLICE_ARGS(chat_id(chat)), SLICE_ARGS(needs->need.queue),
                SLICE_ARGS(needs->skills[0].name));
    submit(change);
}

static void on_request_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct request_change *change = LIST_ITEM(reader, struct request_change, reader);
    if (outcome == LOG_APPENDED)
        submit_queued(change);
    else
        end_change(change);
}

static void on_packet_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct request_change *change = LIST_ITEM(reader, struct request_change, reader);
    if (outcome != LOG_APPENDED) {
        end_change(change);
        return;
    }
    reader->from = reader->to = change->request.seq;
    reader->done = on_request_read;
    log_read(&change->chat->log, reader);
}

/* The packet may be older than the request: a requeued case keeps it. What is told just now need
 * not be read: each read waits for the fsync of what others write. */
static void queue(struct chat *chat)
{
    struct name request = chat_fold(chat)->request;
    struct request_change *change = make_change(chat, POOL_QUEUED, &request, "queued");
    if (change == NULL)
        return;
    uint64_t packet_seq = chat_fold(chat)->packet_seq;
    bool is_older = packet_seq != 0 && packet_seq != request.seq;
    uint64_t seq = is_older ? packet_seq : request.seq;
    change->reader = (struct log_reader){.from = seq,
            .to = seq,
            .count = 1,
            .on_record = on_packet,
            .done = is_older ? on_packet_read : on_request_read};
    if (!is_older && chat->told != NULL && name_equal(&chat->told->at, &request)) {
        on_packet(&change->reader, chat->told);
        submit_queued(change);
    } else {
        log_read(&chat->log, &change->reader);
    }
}

/* ---- giving the conversation ------------------------------------------------------------------
 */

struct own_change {
    struct chat_change change;
    struct name request;
    struct id_text agent;
    struct short_text agent_name;
};

static void decide_own(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct own_change *change = LIST_ITEM(chat_change, struct own_change, change);
    conversation_own(fold, &change->request, id_slice(&change->agent),
            short_slice(&change->agent_name), now_ms, decision);
}

static void release(struct chat *chat, const struct name *request, const char *reason)
{
    struct request_change *change = make_change(chat, POOL_RELEASED, request, reason);
    if (change != NULL)
        submit(change);
}

/* Another node may write the owner, and nobody here might read it. */
static void look_again(struct chat *chat, const struct name *request)
{
    struct team *team = pools_team(chat->node, chat->tenant);
    if (team != NULL)
        news_again(team, &(struct pool_key){chat_id(chat), *request});
}

static void on_owned(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct own_change *change = LIST_ITEM(chat_change, struct own_change, change);
    if (outcome == LOG_REFUSED || outcome == LOG_MISSING)
        release(change->change.chat, &change->request, "moved_on");
    if (outcome == LOG_RETRY)
        look_again(change->change.chat, &change->request);
    free(change);
}

void pool_own(struct chat *chat, const struct name *request, struct slice agent)
{
    struct own_change *change = calloc(1, sizeof *change);
    const struct agent_profile *profile = directory_agent(chat->node, chat->tenant, agent);
    if (change == NULL)
        return;
    change->request = *request;
    id_set(&change->agent, agent);
    short_set(&change->agent_name, profile ? profile->name : agent);
    change->change.decide = decide_own;
    change->change.done = on_owned;
    chat_change(chat, &change->change);
}

/* ---- keeping the two in step ------------------------------------------------------------------
 */

static void look_at_waiting(struct chat *chat, struct team *team)
{
    struct pool_request_view view;
    struct pool_key key = {chat_id(chat), chat_fold(chat)->request};
    if (callback_waits(chat)) /* the due index brings it back */
        return;
    if (!pool_find(team_pool(team), &key, &view))
        queue(chat);
    else if (view.state == POOL_ACTIVE && team_has_kept(team, view.moved_seq))
        pool_own(chat, &chat_fold(chat)->request, view.agent);
    else if (view.state == POOL_ACTIVE)
        pool_give_later(team, &key, view.moved_seq);
}

static void look_at_active(struct chat *chat, struct team *team)
{
    struct pool_request_view view;
    struct pool_key key = {chat_id(chat), chat_fold(chat)->request};
    bool is_known = pool_find(team_pool(team), &key, &view) && view.state == POOL_ACTIVE &&
                    slice_equal(view.agent, id_slice(&chat_fold(chat)->owner_id));
    if (is_known) /* perhaps somebody spoke */
        activity_look_at(team, chat, &view);
    struct request_change *change =
            is_known ? NULL : make_change(chat, POOL_ADOPTED, &chat_fold(chat)->request, "adopted");
    if (change != NULL) {
        change->agent = chat_fold(chat)->owner_id;
        needs_complete(&change->needs, chat_fold(chat), team_policy(team));
        submit(change);
    }
}

void pool_wrapped_up(struct chat *chat, const struct name *request)
{
    struct request_change *change = make_change(chat, POOL_RELEASED, request, "wrapped_up");
    if (change == NULL)
        return;
    change->is_wrapped_up = true;
    submit(change);
}

void pools_follow_up(struct chat *chat)
{
    struct conversation *fold = chat_fold(chat);
    struct team *team = pools_team(chat->node, chat->tenant);
    if (team == NULL)
        return;
    bool is_wanted = fold->phase == PHASE_QUEUED || fold->phase == PHASE_ACTIVE;
    if (chat->seen_request.seq != 0 &&
            (!is_wanted || !name_equal(&chat->seen_request, &fold->request)))
        release(chat, &chat->seen_request, callback_waits(chat) ? "callback_later" : "over");
    chat->seen_request = is_wanted ? fold->request : (struct name){0};
    if (fold->phase == PHASE_QUEUED)
        look_at_waiting(chat, team);
    else if (fold->phase == PHASE_ACTIVE)
        look_at_active(chat, team);
}

struct request_check {
    struct chat_touch touch;
    struct team *team;
    struct name request;
};

static void on_checked(struct chat_touch *touch, enum log_outcome outcome)
{
    struct request_check *check_of = LIST_ITEM(touch, struct request_check, touch);
    struct chat *chat = touch->change.chat;
    enum conversation_phase phase = chat_fold(chat)->phase;
    bool is_live = outcome == LOG_WAS_ALREADY && (phase == PHASE_QUEUED || phase == PHASE_ACTIVE) &&
                   name_equal(&chat_fold(chat)->request, &check_of->request);
    if (is_live)
        pools_follow_up(chat);
    else if (outcome == LOG_WAS_ALREADY || outcome == LOG_MISSING)
        release(chat, &check_of->request, "moved_on");
    else
        pool_doubt(check_of->team);
    chat_release(chat);
    free(check_of);
}

void pool_check_request(struct team *team, const struct pool_key *key)
{
    struct chat *chat = pools_chat(team, key);
    struct request_check *request = chat ? calloc(1, sizeof *request) : NULL;
    if (request == NULL) {
        pool_doubt(team); /* all chats are in use: later */
        if (chat != NULL)
            chat_release(chat);
        return;
    }
    request->team = team;
    request->request = key->name;
    request->touch.done = on_checked;
    chat_touch(chat, &request->touch);
}
