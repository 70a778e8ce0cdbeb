/* SPDX-License-Identifier: Apache-2.0 */
/* Why a live case is with this agent, or with nobody: told to supervisors.
 *
 *   explain --> the case's request in the pool --> pool_explain, by the policy in force -->
 * explained
 *
 * Invariant: nothing is remembered for this. What was recorded with the offer is told as it was;
 * who fits now is asked of the very functions that decide.
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/pools.h"
#include "flow/requests.h"

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
    out->policy = policy->version;
    out->agents = pool_explain(team_pool(team), policy, &view->key, now_ms, all, CANDIDATES_MAX);
    out->candidates = shown;
    while (out->candidates_count < out->agents && out->candidates_count < CANDIDATES_MAX) {
        shown[out->candidates_count] = view_candidate(team, &all[out->candidates_count], now_ms);
        out->candidates_count++;
    }
}

void agent_explain(struct session *session, const struct proto_explain *request)
{
    struct team *team = pools_team(session->node, session->tenant);
    struct arena *scratch = &session->node->scratch;
    size_t mark = scratch->used;
    struct pool_request_view view;
    struct proto_frame frame = {.kind = PROTO_KIND_EXPLAINED};
    if (!session_supervises(session) || team == NULL) {
        session_error(session, request->id, PROTO_ERROR_FORBIDDEN, NULL);
        return;
    }
    if (!find_request(team, request->conversation, &view)) {
        session_error(session, request->id, PROTO_ERROR_UNKNOWN_CONVERSATION,
                "This case is neither waiting nor being answered.");
        return;
    }
    struct proto_explained *out = &frame.as.explained;
    *out = (struct proto_explained){.id = request->id,
            .conversation = view.key.conversation,
            .state = case_state_word(view.state)};
    put_decision(team, &view, out);
    put_candidates(team, &view, out);
    session_send(session, &frame);
    scratch->used = mark;
}
