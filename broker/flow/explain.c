/* SPDX-License-Identifier: Apache-2.0 */
/* Why a live case is with this agent, or with nobody: told to supervisors.
 *
 *   explain --> the conversation, and the case's request in the pool --> pool_explain, by the
 * policy in force --> explained
 *
 * Invariant: nothing is remembered for this. What was recorded with the offer is told as it was;
 * who fits now is asked of the very functions that decide.
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/callbacks.h"
#include "flow/callbacks_ahead.h"
#include "flow/pools.h"
#include "flow/requests.h"

#include <stdlib.h>

enum { CANDIDATES_MAX = 32 };

static const enum proto_verdict verdicts[] = {[ROUTE_ELIGIBLE] = PROTO_VERDICT_ELIGIBLE,
        [ROUTE_NOT_ONLINE] = PROTO_VERDICT_NOT_ONLINE,
        [ROUTE_NO_ROOM] = PROTO_VERDICT_NO_ROOM,
        [ROUTE_EXCLUDED] = PROTO_VERDICT_EXCLUDED,
        [ROUTE_LACKS_SKILL] = PROTO_VERDICT_LACKS_SKILL,
        [ROUTE_NOT_ASKED_FOR] = PROTO_VERDICT_NOT_ASKED_FOR,
        [ROUTE_NOT_PREFERRED] = PROTO_VERDICT_NOT_PREFERRED,
        [ROUTE_OFF_SHIFT] = PROTO_VERDICT_OUT_OF_SCHEDULE,
        [ROUTE_OTHER_QUEUE] = PROTO_VERDICT_OTHER_QUEUE};

static bool find_request(
        struct team *team, struct slice conversation, struct pool_request_view *out_view)
{
    size_t cursor = 0;
    while (pool_next_request(team_pool(team), &cursor, out_view))
        if (slice_equal(out_view->key.conversation, conversation))
            return true;
    return false;
}

static const struct proto_term *view_terms(
        struct arena *scratch, const struct pool_term *terms, size_t count)
{
    struct proto_term *out = arena_take(scratch, (count + 1) * sizeof *out);
    check(out != NULL);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct proto_term){terms[i].name, terms[i].value};
    return out;
}

static struct proto_candidate view_candidate(
        struct team *team, const struct route_candidate *from, uint64_t now_ms)
{
    struct pool_agent_view agent = {0};
    struct proto_candidate out = {.agent = from->agent,
            .verdict = verdicts[from->verdict],
            .score = from->score,
            .terms = view_terms(&team_node(team)->scratch, from->terms, from->term_count),
            .terms_count = from->term_count};
    if (pool_find_agent(team_pool(team), from->agent, &agent))
        out.name = agent.name;
    if (from->verdict == ROUTE_LACKS_SKILL)
        out.skill = from->skill;
    out.has_until_ms = from->verdict == ROUTE_EXCLUDED && from->until_ms > now_ms;
    out.until_ms = out.has_until_ms ? from->until_ms - now_ms : 0;
    return out;
}

/* What was recorded, if somebody was asked. */
static void put_decision(
        struct team *team, const struct pool_request_view *view, struct proto_explained *out)
{
    out->agent = view->agent;
    out->terms = view_terms(&team_node(team)->scratch, view->terms, view->term_count);
    out->terms_count = view->term_count;
    out->has_decided_by = view->agent.len > 0;
    out->decided_by = view->policy_version;
    out->has_gap = true;
    out->gap = team_gap(team);
}

static void put_candidates(
        struct team *team, const struct pool_request_view *view, struct proto_explained *out)
{
    struct arena *scratch = &team_node(team)->scratch;
    const struct route_policy *policy = team_policy(team);
    uint64_t now_ms = team_time_ms(team);
    struct route_candidate *all = arena_take(scratch, CANDIDATES_MAX * sizeof *all);
    struct proto_candidate *shown = arena_take(scratch, CANDIDATES_MAX * sizeof *shown);
    check(all != NULL && shown != NULL);
    out->agents = pool_explain(team_pool(team), policy, &view->key, now_ms, all, CANDIDATES_MAX);
    out->candidates = shown;
    while (out->candidates_count < out->agents && out->candidates_count < CANDIDATES_MAX) {
        shown[out->candidates_count] = view_candidate(team, &all[out->candidates_count], now_ms);
        out->candidates_count++;
    }
}

/* A case that is to be called back later has no request in the pool: nobody is looked at yet. */
static bool put_case(struct team *team, const struct chat *chat, struct proto_explained *out)
{
    struct pool_request_view view;
    bool is_ahead = callback_is_ahead_of(chat);
    bool is_live = !is_ahead && find_request(team, chat_id(chat), &view);
    out->conversation = chat_id(chat);
    out->policy = team_policy(team)->version;
    out->has_callback = callback_view(&chat_fold(chat)->callback, &out->callback);
    out->state = is_live ? case_state_word(view.state) : PROTO_CASE_STATE_WAITING;
    if (is_live) {
        put_decision(team, &view, out);
        put_candidates(team, &view, out);
    }
    return is_live || is_ahead;
}

struct explaining {
    struct chat_touch touch;
    struct session_handle session;
    struct id_text request_id;
};

static void on_read(struct chat_touch *touch, enum log_outcome outcome)
{
    struct explaining *explaining = LIST_ITEM(touch, struct explaining, touch);
    struct chat *chat = touch->change.chat;
    struct session *session = session_find(chat->node, explaining->session);
    struct slice id = id_slice(&explaining->request_id);
    struct arena *scratch = &chat->node->scratch;
    size_t mark = scratch->used;
    struct proto_frame frame = {.kind = PROTO_KIND_EXPLAINED, .as.explained.id = id};
    struct team *team = session ? pools_team(chat->node, session->tenant) : NULL;
    if (team != NULL && outcome != LOG_WAS_ALREADY)
        session_error(session, id, outcome_code(outcome, touch->change.refusal), NULL);
    else if (team != NULL && put_case(team, chat, &frame.as.explained))
        session_send(session, &frame);
    else if (team != NULL)
        session_error(session, id, PROTO_ERROR_UNKNOWN_CONVERSATION,
                "This case is neither waiting nor being answered.");
    scratch->used = mark;
    free(explaining);
}

void agent_explain(struct session *session, const struct proto_explain *request)
{
    if (!session_supervises(session) || pools_team(session->node, session->tenant) == NULL) {
        session_error(session, request->id, PROTO_ERROR_FORBIDDEN, NULL);
        return;
    }
    struct chat *chat = session_chat(session, request->id, request->conversation);
    if (chat == NULL)
        return;
    struct explaining *explaining = calloc(1, sizeof *explaining);
    check(explaining != NULL);
    explaining->session = session_handle(session);
    id_set(&explaining->request_id, request->id);
    explaining->touch.change.tenant = session->tenant;
    explaining->touch.done = on_read;
    chat_touch(chat, &explaining->touch);
    chat_release(chat);
}
