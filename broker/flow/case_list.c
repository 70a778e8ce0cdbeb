/* SPDX-License-Identifier: Apache-2.0 */
/* All live cases, as supervisors see them.
 *
 *   list_cases --> where callbacks may lie ahead --> each of these conversations is read --> cases
 *
 * Invariant: a case is live when the pool has a request of it, or when its conversation says that
 * the customer is called back later; of the second only the conversation knows, so it is asked each
 * time. The list says when, and never where to: the number is for who is to use it. At most
 * CASES_MAX cases are told, and AHEAD_MAX conversations read for it; `more` says when that is not
 * all.
 */
#include "base/check.h"
#include "flow/assignments.h"
#include "flow/callbacks.h"
#include "flow/callbacks_ahead.h"
#include "flow/pools.h"
#include "flow/requests.h"

#include <stdlib.h>

enum { CASES_MAX = 128, AHEAD_MAX = 64 };

struct listing;

/* A conversation that may wait for its callback. */
struct ahead {
    struct chat_touch touch;
    struct listing *listing;
    struct chat *chat; /* held while it is read, and shown; else NULL */
};

struct listing {
    struct node *node;
    struct session_handle session;
    struct id_text request_id;
    unsigned open; /* completions to come */
    bool has_more;
    size_t count;
    struct ahead ahead[AHEAD_MAX];
};

enum proto_case_state case_state_word(enum pool_state state)
{
    switch (state) {
    case POOL_WAITING:
        return PROTO_CASE_STATE_WAITING;
    case POOL_OFFER_OPEN:
        return PROTO_CASE_STATE_OFFERED;
    case POOL_ACTIVE:
        return PROTO_CASE_STATE_ACTIVE;
    case POOL_WRAP_UP:
        return PROTO_CASE_STATE_WRAP_UP;
    }
    return PROTO_CASE_STATE_WAITING;
}

static uint64_t span_ms(uint64_t since_ms, uint64_t now_ms)
{
    return now_ms > since_ms ? now_ms - since_ms : 0;
}

static struct proto_case_view view_case(struct team *team, const struct pool_request_view *view)
{
    uint64_t since_ms = view->state == POOL_ACTIVE ? view->since_ms : view->first_queued_ms;
    const struct chat *chat = chat_find(team_node(team), view->key.conversation);
    return (struct proto_case_view){.conversation = view->key.conversation,
            .state = case_state_word(view->state),
            .agent = view->agent,
            .queue = view->queue,
            .channel = view->channel,
            .has_waiting_ms = true,
            .waiting_ms = span_ms(since_ms, team_time_ms(team)),
            .has_weight = true,
            .weight = view->held > 0 ? view->held : view->weight,
            .has_interrupted = view->is_interrupted,
            .interrupted = view->is_interrupted,
            .contact = chat ? short_slice(&chat_fold(chat)->contact_name) : SLICE_NONE};
}

static struct proto_case_view view_ahead(struct team *team, const struct chat *chat)
{
    const struct conversation *fold = chat_fold(chat);
    struct proto_case_view view = {.conversation = chat_id(chat),
            .state = PROTO_CASE_STATE_WAITING,
            .has_waiting_ms = true,
            .waiting_ms = span_ms(fold->first_queued_ms, team_time_ms(team)),
            .contact = short_slice(&fold->contact_name)};
    view.has_callback = callback_view(&fold->callback, &view.callback);
    view.callback.address = SLICE_NONE;
    return view;
}

static void add_case(struct proto_cases *out, struct proto_case_view view)
{
    out->has_more = out->more |= out->cases_count == CASES_MAX;
    if (out->cases_count < CASES_MAX)
        ((struct proto_case_view *)out->cases)[out->cases_count++] = view;
}

static void send_cases(const struct listing *listing, struct session *session, struct team *team)
{
    struct arena *scratch = &listing->node->scratch;
    size_t mark = scratch->used, cursor = 0;
    struct pool_request_view view;
    struct proto_case_view *cases = arena_take(scratch, CASES_MAX * sizeof *cases);
    check(cases != NULL);
    struct proto_frame frame = {.kind = PROTO_KIND_CASES};
    struct proto_cases *out = &frame.as.cases;
    *out = (struct proto_cases){.id = id_slice(&listing->request_id),
            .cases = cases,
            .has_more = listing->has_more,
            .more = listing->has_more};
    while (!(out->more && out->cases_count == CASES_MAX) &&
            pool_next_request(team_pool(team), &cursor, &view))
        add_case(out, view_case(team, &view));
    for (size_t i = 0; i < listing->count; i++)
        if (listing->ahead[i].chat != NULL)
            add_case(out, view_ahead(team, listing->ahead[i].chat));
    session_send(session, &frame);
    scratch->used = mark;
}

static void close_one(struct listing *listing)
{
    if (--listing->open > 0)
        return;
    struct session *session = session_find(listing->node, listing->session);
    struct team *team = session ? pools_team(listing->node, session->tenant) : NULL;
    if (team != NULL)
        send_cases(listing, session, team);
    for (size_t i = 0; i < listing->count; i++)
        if (listing->ahead[i].chat != NULL)
            chat_release(listing->ahead[i].chat);
    free(listing);
}

static void on_read(struct chat_touch *touch, enum log_outcome outcome)
{
    struct ahead *ahead = LIST_ITEM(touch, struct ahead, touch);
    struct listing *listing = ahead->listing;
    bool is_known = outcome == LOG_WAS_ALREADY;
    bool is_ahead = is_known && callback_is_ahead_of(ahead->chat);
    bool is_wrong = is_known ? !is_ahead : outcome == LOG_MISSING || outcome == LOG_REFUSED;
    listing->has_more |= !is_known && !is_wrong;
    if (is_wrong)
        ahead_forget(listing->node, touch->change.tenant, chat_id(ahead->chat));
    if (!is_ahead) {
        chat_release(ahead->chat);
        ahead->chat = NULL;
    }
    close_one(listing);
}

static void read_one(struct listing *listing, struct slice tenant, struct slice id)
{
    bool is_ours = conversation_id_is_well_formed(id);
    struct chat *chat = is_ours ? chat_hold(listing->node, id) : NULL;
    listing->has_more |= is_ours && chat == NULL; /* all chats are in use */
    if (!is_ours)
        ahead_forget(listing->node, tenant, id);
    if (chat == NULL)
        return;
    struct ahead *ahead = &listing->ahead[listing->count++];
    *ahead = (struct ahead){.listing = listing, .chat = chat};
    ahead->touch.change.tenant = tenant;
    ahead->touch.done = on_read;
    listing->open++;
    chat_touch(chat, &ahead->touch);
}

static void on_ahead(void *user, const struct store_reply *reply)
{
    struct listing *listing = user;
    struct session *session = session_find(listing->node, listing->session);
    bool is_read = reply->outcome == STORE_OK;
    listing->has_more = !is_read || reply->item_count > AHEAD_MAX;
    for (size_t i = 0; session && is_read && i < reply->item_count && i < AHEAD_MAX; i++)
        read_one(listing, session->tenant, reply->items[i].value);
    close_one(listing);
}

void agent_list_cases(struct session *session, const struct proto_list_cases *request)
{
    if (!session_supervises(session) || pools_team(session->node, session->tenant) == NULL) {
        session_error(session, request->id, PROTO_ERROR_FORBIDDEN, NULL);
        return;
    }
    struct listing *listing = calloc(1, sizeof *listing);
    check(listing != NULL);
    listing->node = session->node;
    listing->session = session_handle(session);
    id_set(&listing->request_id, request->id);
    listing->open = 1;
    ahead_find(session->node, session->tenant, AHEAD_MAX + 1, on_ahead, listing);
}
