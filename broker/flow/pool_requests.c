/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation and its request in the pool: two logs, kept in step by looking at both.
 *
 *   conversation says        pool says              what is done
 *   queued(request)          nothing                QUEUED in the pool
 *   queued(request)          active(agent)          OWNER in the conversation
 *   active(agent, request)   nothing or another     ADOPTED in the pool
 *   no longer this request   anything               RELEASED in the pool
 *
 * Invariant (rule 12): the pool reserves before the conversation gives, the conversation ends
 * before the pool releases. Every row can be run again at any time, by any node: it depends on
 * where the two logs stand, not on who brought them there. A change's done comes after its barrier,
 * so the second log is never ahead of the first. What the pool was told of a conversation is
 * compared with it once more, by a read that is newer: another node may have moved it on in
 * between, and have found nothing in the pool to release.
 */
#include "base/check.h"
#include "base/log_line.h"
#include "flow/entry_codec.h"
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
    struct pool_requirement skills[POOL_REQUIREMENTS_MAX];
    char texts[POOL_REQUIREMENTS_MAX][POOL_WORD_MAX];
    size_t skill_count;
    struct id_text language, last_agent, to_agent, agent;
    uint64_t first_queued_ms;
    struct pool_exclusion exclusion;
    bool is_handed_on; /* by last_agent, who is not to get it straight back */
    const char *reason;
};

static void end_change(struct request_change *change)
{
    struct chat *chat = change->chat;
    free(change);
    chat_release(chat);
}

static size_t decide_request(struct pool_change *pool_change, const struct pool *pool,
        uint64_t now_ms, struct pool_entry *entries)
{
    struct request_change *change = LIST_ITEM(pool_change, struct request_change, change);
    struct pool_request_view view;
    struct pool_key key = {chat_id(change->chat), change->request};
    struct pool_exclusion exclusion = {
            id_slice(&change->last_agent), now_ms + team_policy(pool_change->team)->exclusion_ms};
    change->exclusion = exclusion;
    entries[0] = (struct pool_entry){.kind = change->kind,
            .exclusions = &change->exclusion,
            .exclusion_count = change->is_handed_on,
            .request = key,
            .agent = id_slice(&change->agent),
            .need = {.first_queued_ms = change->first_queued_ms,
                    .skills = change->skills,
                    .skill_count = change->skill_count,
                    .language = id_slice(&change->language),
                    .last_agent = id_slice(&change->last_agent),
                    .to_agent = id_slice(&change->to_agent)},
            .reason = slice_of_string(change->reason)};
    if (change->kind == POOL_RELEASED && pool_find(pool, &key, &view)) {
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
    change->first_queued_ms = chat->fold.first_queued_ms;
    change->language = chat->fold.language;
    change->last_agent = chat->fold.last_agent;
    change->change.decide = decide_request;
    change->change.done = on_request;
    chat_hold_again(chat);
    return change;
}

static void submit(struct request_change *change)
{
    struct chat *chat = change->chat;
    struct team *team = pools_team(chat->node, id_slice(&chat->tenant));
    if (team == NULL)
        end_change(change);
    else
        pool_submit(team, &change->change);
}

/* ---- what a case needs ------------------------------------------------------------------------
 */

static void take_needs(struct request_change *change, const struct proto_handoff *handoff)
{
    for (size_t i = 0; i < handoff->skills_count && i < POOL_REQUIREMENTS_MAX; i++) {
        struct slice name = handoff->skills[i].name;
        memcpy(change->texts[i], name.bytes, name.len);
        change->skills[i] =
                (struct pool_requirement){.name = slice_make(change->texts[i], name.len),
                        .must = handoff->skills[i].has_must && handoff->skills[i].must};
        change->skill_count = i + 1;
    }
    if (handoff->language.len > 0)
        id_set(&change->language, handoff->language);
}

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
        take_needs(change, &handoff);
    if (part != NULL && record->at.seq == change->request.seq)
        id_set(&change->to_agent, part->id);
    if (part != NULL && record->at.seq == change->request.seq)
        change->is_handed_on = slice_is(part->reason, "transferred") && part->id.len == 0;
    node->scratch.used = mark;
}

static void on_request_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct request_change *change = LIST_ITEM(reader, struct request_change, reader);
    if (outcome == LOG_APPENDED)
        submit(change);
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

/* The packet may be older than the request: a requeued case keeps it. */
static void queue(struct chat *chat)
{
    struct request_change *change = make_change(chat, POOL_QUEUED, &chat->fold.request, "queued");
    if (change == NULL)
        return;
    uint64_t seq = chat->fold.packet_seq ? chat->fold.packet_seq : chat->fold.request.seq;
    change->reader = (struct log_reader){
            .from = seq, .to = seq, .count = 1, .on_record = on_packet, .done = on_packet_read};
    log_read(&chat->log, &change->reader);
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

static void on_owned(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct own_change *change = LIST_ITEM(chat_change, struct own_change, change);
    if (outcome == LOG_REFUSED || outcome == LOG_MISSING)
        release(change->change.chat, &change->request, "moved_on");
    free(change);
}

void pool_own(struct chat *chat, const struct name *request, struct slice agent)
{
    struct own_change *change = calloc(1, sizeof *change);
    const struct agent_profile *profile =
            directory_agent(chat->node, id_slice(&chat->tenant), agent);
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

static void look_at_waiting(struct chat *chat, const struct pool *pool)
{
    struct pool_request_view view;
    struct pool_key key = {chat_id(chat), chat->fold.request};
    if (!pool_find(pool, &key, &view))
        queue(chat);
    else if (view.state == POOL_ACTIVE)
        pool_own(chat, &chat->fold.request, view.agent);
}

static void look_at_active(struct chat *chat, const struct pool *pool)
{
    struct pool_request_view view;
    struct pool_key key = {chat_id(chat), chat->fold.request};
    bool is_known = pool_find(pool, &key, &view) && view.state == POOL_ACTIVE &&
                    slice_equal(view.agent, id_slice(&chat->fold.owner_id));
    struct request_change *change =
            is_known ? NULL : make_change(chat, POOL_ADOPTED, &chat->fold.request, "adopted");
    if (change != NULL) {
        change->agent = chat->fold.owner_id;
        submit(change);
    }
}

void pools_follow_up(struct chat *chat)
{
    struct conversation *fold = &chat->fold;
    struct team *team = pools_team(chat->node, id_slice(&chat->tenant));
    if (team == NULL)
        return;
    bool is_wanted = fold->phase == PHASE_QUEUED || fold->phase == PHASE_ACTIVE;
    if (chat->seen_request.seq != 0 &&
            (!is_wanted || !name_equal(&chat->seen_request, &fold->request)))
        release(chat, &chat->seen_request, "over");
    chat->seen_request = is_wanted ? fold->request : (struct name){0};
    if (fold->phase == PHASE_QUEUED)
        look_at_waiting(chat, team_pool(team));
    else if (fold->phase == PHASE_ACTIVE)
        look_at_active(chat, team_pool(team));
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
    enum conversation_phase phase = chat->fold.phase;
    bool is_live = outcome == LOG_WAS_ALREADY && (phase == PHASE_QUEUED || phase == PHASE_ACTIVE) &&
                   name_equal(&chat->fold.request, &check_of->request);
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
    bool is_ours = conversation_id_is_well_formed(key->conversation);
    struct chat *chat = is_ours ? chat_hold(team_node(team), key->conversation) : NULL;
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
