/* SPDX-License-Identifier: Apache-2.0 */
/* Colleagues and supervisors in a conversation: invite, join, leave, take over.
 *
 * Invariant: an agent joins where the log says that they were invited; a supervisor, as the
 * directory says, may look at any case of the tenant, join it and take it over. Looking on is no
 * entry and nobody sees it; joining is one, and the customer sees it. What a supervisor whispers is
 * a note: entry_view shows it to staff alone.
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/bus.h"
#include "flow/bus_body.h"
#include "flow/deliver.h"
#include "flow/pools.h"
#include "flow/requests.h"

#include <stdlib.h>

enum { INVITED_BODY_MAX = 1024 };

bool session_supervises(const struct session *session)
{
    const struct agent_profile *profile =
            directory_agent(session->node, session->tenant, id_slice(&session->subject));
    return session->role == CREDENTIAL_AGENT && profile != NULL && profile->is_supervisor;
}

enum join_verb { JOIN_INVITE, JOIN_JOIN, JOIN_LEAVE, JOIN_TAKE_OVER };

struct join_change {
    struct chat_change change;
    enum join_verb verb;
    bool may_barge;
    struct session_handle session;
    struct id_text request_id, agent, invited;
    struct short_text agent_name;
    struct name owner;
};

static void decide_join(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct join_change *change = LIST_ITEM(chat_change, struct join_change, change);
    struct author by = {AUTHOR_AGENT, id_slice(&change->agent), short_slice(&change->agent_name)};
    switch (change->verb) {
    case JOIN_INVITE:
        conversation_invite(
                fold, &by, &change->owner, id_slice(&change->invited), now_ms, decision);
        break;
    case JOIN_JOIN:
        conversation_join(fold, &by, change->may_barge, now_ms, decision);
        break;
    case JOIN_LEAVE:
        conversation_leave(fold, &by, now_ms, decision);
        break;
    case JOIN_TAKE_OVER:
        conversation_take_over(fold, &by, now_ms, decision);
        break;
    }
}

/* Every desk of the agent on this node. */
static void tell_sessions(struct node *node, struct slice tenant, struct slice agent,
        const struct proto_invited *invited)
{
    struct proto_frame frame = {.kind = PROTO_KIND_INVITED, .as.invited = *invited};
    struct session *at = NULL;
    while ((at = agents_session(node, tenant, agent, at)) != NULL)
        session_send(at, &frame);
}

/* On the other nodes too: the colleague may be there. A hint that is lost costs them the news, not
 * the right to join. */
static void tell_invited(const struct join_change *change, struct chat *chat)
{
    struct proto_invited invited = {
            chat_id(chat), id_slice(&change->agent), short_slice(&change->agent_name)};
    struct slice tenant = chat->tenant, agent = id_slice(&change->invited);
    char bytes[INVITED_BODY_MAX];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    tell_sessions(chat->node, tenant, agent, &invited);
    bus_put_text(&body, agent);
    bus_put_text(&body, invited.conversation);
    bus_put_text(&body, invited.by);
    bus_put_text(&body, invited.name);
    struct team *team = pools_team(chat->node, tenant);
    if (team != NULL && !body.overflowed)
        bus_tell(chat->node, team_topic(team), BUS_INVITED, buffer_slice(&body));
}

void invited_hear(struct team *team, const struct bus_hint *hint)
{
    struct bus_reader reader = {.left = hint->body};
    struct slice agent = bus_read_text(&reader);
    struct proto_invited invited = {.conversation = bus_read_text(&reader)};
    invited.by = bus_read_text(&reader);
    invited.name = bus_read_text(&reader);
    if (bus_read_all(&reader))
        tell_sessions(team_node(team), team_tenant(team), agent, &invited);
}

/* Who joined follows; who left does not, unless they may look on. */
static void follow(struct chat *chat, struct session *session, enum join_verb verb)
{
    struct subscription *sub = deliver_subscription(session, chat);
    if (verb == JOIN_JOIN && sub == NULL &&
            deliver_follow(session, chat, NULL, DELIVER_LOOK_FIRST)) {
        deliver_subscription(session, chat)->is_watching = true;
        receipts_tell(session, chat);
    } else if (verb == JOIN_LEAVE && sub != NULL && !agent_may_watch(chat, session))
        deliver_unfollow(session, chat);
}

static void on_join(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct join_change *change = LIST_ITEM(chat_change, struct join_change, change);
    struct chat *chat = change->change.chat;
    struct session *session = session_find(chat->node, change->session);
    struct slice request_id = id_slice(&change->request_id);
    bool is_done = outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY;
    if (is_done && change->verb == JOIN_INVITE)
        tell_invited(change, chat);
    if (session != NULL && is_done) {
        session_done(session, request_id, &change->change.at);
        follow(chat, session, change->verb);
    } else if (session != NULL) {
        session_error(session, request_id, outcome_code(outcome, change->change.refusal), NULL);
    }
    free(change);
}

static struct join_change *make_change(
        struct session *session, enum join_verb verb, struct slice request_id)
{
    struct join_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->verb = verb;
    change->may_barge = session_supervises(session);
    change->session = session_handle(session);
    id_set(&change->request_id, request_id);
    change->agent = session->subject;
    short_set(&change->agent_name, session->name);
    change->change.tenant = session->tenant;
    change->change.decide = decide_join;
    change->change.done = on_join;
    return change;
}

static void submit(struct session *session, struct join_change *change, struct slice request_id,
        struct slice conversation)
{
    struct chat *chat = session_chat(session, request_id, conversation);
    if (chat == NULL) {
        free(change);
        return;
    }
    chat_change(chat, &change->change);
    chat_release(chat);
}

void agent_invite(struct session *session, const struct proto_invite *request)
{
    if (directory_agent(session->node, session->tenant, request->agent) == NULL) {
        session_error(session, request->id, PROTO_ERROR_NO_SUCH_AGENT, NULL);
        return;
    }
    struct join_change *change = make_change(session, JOIN_INVITE, request->id);
    change->owner = request->owner;
    id_set(&change->invited, request->agent);
    submit(session, change, request->id, request->conversation);
}

void agent_join(struct session *session, const struct proto_join *request)
{
    submit(session, make_change(session, JOIN_JOIN, request->id), request->id,
            request->conversation);
}

void agent_leave(struct session *session, const struct proto_leave *request)
{
    submit(session, make_change(session, JOIN_LEAVE, request->id), request->id,
            request->conversation);
}

void agent_take_over(struct session *session, const struct proto_take_over *request)
{
    if (!session_supervises(session)) {
        session_error(session, request->id, PROTO_ERROR_FORBIDDEN, NULL);
        return;
    }
    submit(session, make_change(session, JOIN_TAKE_OVER, request->id), request->id,
            request->conversation);
}
