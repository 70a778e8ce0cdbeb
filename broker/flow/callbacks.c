/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks: offered to who waits, agreed, and told, from where the two logs stand.
 *
 *   waiting, in the pool ------> the policy says whether it is offered --> `callback` with ways
 *   ask_callback, checked -----> PART_CALLBACK in the conversation ------> `callback` with agreed
 *   callback_outcome ----------> reached: none; not reached: the queue again, or closed
 *
 * Invariant: what the customer is told follows from the folds alone and is told when it changed, so
 * whichever node they come to says the same. The number or address is in the conversation's log and
 * nowhere else: sealed as words are, and gone with the contact.
 */
#include "flow/callbacks.h"

#include "base/check.h"
#include "flow/assignments.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/requests.h"
#include "flow/sends.h"

#include <stdlib.h>

enum { OUTCOME_MS = 30 * 60 * 1000, ATTEMPTS = 3, RETRY_MS = 15 * 60 * 1000 };

static const struct route_callback no_callback = {
        .attempts = ATTEMPTS, .retry_ms = RETRY_MS, .outcome_ms = OUTCOME_MS};

static const char missed_text[] =
        "We tried to reach you, and could not. Write to us here whenever you like.";

/* ---- as it is told ----------------------------------------------------------------------------
 */

bool callback_word(struct slice channel, enum proto_callback_channel *out_word)
{
    static const enum proto_callback_channel words[] = {
            [ROUTE_CALLBACK_CHAT] = PROTO_CALLBACK_CHANNEL_CHAT,
            [ROUTE_CALLBACK_PHONE] = PROTO_CALLBACK_CHANNEL_PHONE,
            [ROUTE_CALLBACK_EMAIL] = PROTO_CALLBACK_CHANNEL_EMAIL};
    enum route_callback_channel found;
    if (!callback_channel_find(channel, &found))
        return false;
    *out_word = words[found];
    return true;
}

bool callback_view(const struct callback *callback, struct proto_callback_view *out_view)
{
    if (!callback_is_agreed(callback))
        return false;
    struct proto_callback_view view = {.address = callback_address(callback),
            .has_from_ms = callback->due_ms != 0,
            .from_ms = callback->due_ms,
            .has_until_ms = callback->until_ms != 0,
            .until_ms = callback->until_ms,
            .has_attempts = callback->attempts != 0,
            .attempts = callback->attempts};
    if (!callback_word(callback_channel(callback), &view.channel))
        return false;
    *out_view = view;
    return true;
}

/* false: the pool has no request of the case, or not yet. */
static bool find_case(
        struct chat *chat, const struct name *request, struct pool_request_view *out_view)
{
    struct team *team = pools_team(chat->node, chat->tenant);
    struct pool_key key = {chat_id(chat), *request};
    return team != NULL && pool_find(team_pool(team), &key, out_view);
}

/* The queue of a case that has a request in the pool; NULL: it has none, or the policy does not
 * name its queue. */
static const struct route_queue *case_queue(
        struct chat *chat, const struct name *request, struct pool_request_view *out_view)
{
    if (!find_case(chat, request, out_view))
        return NULL;
    return route_find_queue(
            team_policy(pools_team(chat->node, chat->tenant))->setup, out_view->queue);
}

bool callback_view_case(
        struct chat *chat, const struct name *request, struct proto_callback_view *out_view)
{
    struct pool_request_view view;
    if (!callback_view(&chat_fold(chat)->callback, out_view))
        return false;
    const struct route_queue *queue = case_queue(chat, request, &view);
    out_view->has_attempts_max = true;
    out_view->attempts_max = queue ? queue->callback.attempts : no_callback.attempts;
    return true;
}

bool callback_waits(const struct chat *chat)
{
    return callback_is_ahead(&chat_fold(chat)->callback, node_time_ms(chat->node));
}

uint64_t callback_outcome_ms(struct team *team, struct slice queue_name)
{
    const struct route_queue *queue = route_find_queue(team_policy(team)->setup, queue_name);
    return queue ? queue->callback.outcome_ms : no_callback.outcome_ms;
}

/* ---- offered ----------------------------------------------------------------------------------
 */

/* Once offered it stays so while the case waits: an estimate that falls takes nothing back. */
static bool is_offered(
        struct chat *chat, const struct route_queue *queue, const struct pool_request_view *view)
{
    struct team *team = pools_team(chat->node, chat->tenant);
    uint64_t now_ms = team_time_ms(team);
    bool is_waiting = view->state == POOL_WAITING || view->state == POOL_OFFER_OPEN;
    struct callback_situation situation = {
            .is_open = !queue->has_hours || hours_are_open(&queue->hours, now_ms),
            .is_anybody_there = pool_counts(team_pool(team)).online > 0,
            .waited_ms = now_ms > view->first_queued_ms ? now_ms - view->first_queued_ms : 0};
    situation.has_wait =
            pool_wait_estimate(team_pool(team), &view->key, now_ms, &situation.wait_ms);
    return is_waiting && queue->callback.channels != 0 &&
           (chat->is_callback_offered || callback_is_offered(&queue->callback, &situation));
}

static void put_ways(
        const struct route_callback *callback, struct slice *ways, struct proto_callback *out)
{
    out->ways = ways;
    for (unsigned i = 0; i < ROUTE_CALLBACK_CHANNELS; i++)
        if (callback->channels >> i & 1)
            ways[out->ways_count++] = callback_channel_name((enum route_callback_channel)i);
}

static void put_windows(const struct route_queue *queue, uint64_t now_ms,
        struct proto_callback_window *windows, struct proto_callback *out)
{
    struct callback_window found[CALLBACK_WINDOWS_MAX];
    out->windows = windows;
    out->windows_count = callback_windows(queue, now_ms, found);
    for (size_t i = 0; i < out->windows_count; i++)
        windows[i] = (struct proto_callback_window){found[i].from_ms, found[i].until_ms};
}

/* What was told of the ways is as it was: looking for windows anew for each change of the queue
 * would cost too much. */
static bool is_offered_still(struct chat *chat)
{
    const struct conversation *fold = chat_fold(chat);
    if (!chat->is_callback_offered || chat->told_callback == 0 || fold->phase != PHASE_QUEUED ||
            callback_is_agreed(&fold->callback) || node_time_ms(chat->node) >= chat->ways_until_ms)
        return false;
    struct team *team = pools_team(chat->node, chat->tenant);
    return team != NULL && team_policy(team)->version == chat->ways_policy;
}

static void put_offer(struct chat *chat, const struct route_queue *queue, struct slice *ways,
        struct proto_callback_window *windows, struct proto_callback *out)
{
    put_ways(&queue->callback, ways, out);
    put_windows(queue, node_time_ms(chat->node), windows, out);
    chat->ways_until_ms = out->windows_count > 0 ? windows[0].from_ms : UINT64_MAX;
    chat->ways_policy = team_policy(pools_team(chat->node, chat->tenant))->version;
}

static uint64_t stir(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 1099511628211u;
}

/* Equal news, equal marks; 0: there is nothing to tell. */
static uint64_t mark_of(const struct proto_callback *news)
{
    uint64_t mark = 14695981039346656037u;
    if (!news->has_agreed && news->ways_count == 0)
        return 0;
    for (size_t i = 0; i < news->ways_count; i++)
        mark = stir(mark, crypto_digest(news->ways[i]));
    for (size_t i = 0; i < news->windows_count; i++)
        mark = stir(mark, news->windows[i].from_ms);
    if (!news->has_agreed)
        return mark;
    mark = stir(stir(mark, 1 + (uint64_t)news->agreed.channel), news->agreed.from_ms);
    mark = stir(stir(mark, news->agreed.until_ms), news->agreed.attempts);
    return stir(mark, crypto_digest(news->agreed.address));
}

void callback_tell(struct chat *chat)
{
    const struct conversation *fold = chat_fold(chat);
    struct slice ways[ROUTE_CALLBACK_CHANNELS];
    struct proto_callback_window windows[CALLBACK_WINDOWS_MAX];
    struct pool_request_view view;
    struct proto_frame frame = {.kind = PROTO_KIND_CALLBACK};
    struct proto_callback *news = &frame.as.callback;
    *news = (struct proto_callback){.conversation = chat_id(chat)};
    chat->is_callback_offered &= fold->phase == PHASE_QUEUED;
    if (list_is_empty(&chat->followers) || is_offered_still(chat))
        return;
    news->has_agreed = callback_view(&fold->callback, &news->agreed);
    const struct route_queue *queue = fold->phase == PHASE_QUEUED && !news->has_agreed
                                              ? case_queue(chat, &fold->request, &view)
                                              : NULL;
    chat->is_callback_offered = queue != NULL && is_offered(chat, queue, &view);
    if (chat->is_callback_offered)
        put_offer(chat, queue, ways, windows, news);
    uint64_t mark = mark_of(news);
    if (mark == chat->told_callback)
        return;
    chat->told_callback = mark;
    deliver_frame(chat, &frame, true, false, NULL);
}

/* ---- the customer asks ------------------------------------------------------------------------
 */

struct wish_change {
    struct chat_change change;
    struct session_handle session;
    struct id_text request_id;
    struct short_text name;
    bool is_cancel;
    struct callback_wish wish;
    char address[CALLBACK_TEXT_MAX];
};

static void decide_wish(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct wish_change *change = LIST_ITEM(chat_change, struct wish_change, change);
    if (change->is_cancel)
        conversation_cancel_callback(fold, &change->wish.author, now_ms, decision);
    else
        conversation_ask_callback(fold, &change->wish, now_ms, decision);
}

static void on_wish(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct wish_change *change = LIST_ITEM(chat_change, struct wish_change, change);
    struct session *session = session_find(change->change.chat->node, change->session);
    struct slice id = id_slice(&change->request_id);
    if (session != NULL) {
        session->unacked--;
        if (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY)
            session_done(session, id, &change->change.at);
        else
            session_error_after(session, id, outcome_code(outcome, change->change.refusal),
                    outcome_wait_ms(session->node, outcome), 0);
    }
    free(change);
}

static void start(struct session *session, struct chat *chat, struct slice request_id,
        const struct wish_change *wish)
{
    if (!send_may_enter(session, chat, request_id))
        return;
    struct wish_change *change = malloc(sizeof *change);
    check(change != NULL);
    *change = *wish;
    change->session = session_handle(session);
    id_set(&change->request_id, request_id);
    short_set(&change->name, session->name);
    change->wish.author = (struct author){AUTHOR_CUSTOMER, SLICE_NONE, short_slice(&change->name)};
    if (change->wish.address.len > 0)
        change->wish.address.bytes = change->address;
    change->change.tenant = session->tenant;
    change->change.decide = decide_wish;
    change->change.done = on_wish;
    chat_change(chat, &change->change);
}

/* Fills in what the queue allows of it, or says what is wrong with it. */
static enum proto_error_code check_wish(const struct proto_ask_callback *request,
        const struct route_queue *queue, uint64_t now_ms, struct wish_change *out)
{
    static const enum route_callback_channel channels[] = {
            [PROTO_CALLBACK_CHANNEL_CHAT] = ROUTE_CALLBACK_CHAT,
            [PROTO_CALLBACK_CHANNEL_PHONE] = ROUTE_CALLBACK_PHONE,
            [PROTO_CALLBACK_CHANNEL_EMAIL] = ROUTE_CALLBACK_EMAIL};
    enum route_callback_channel channel = channels[request->channel];
    size_t len = 0;
    if (!(queue->callback.channels >> channel & 1))
        return PROTO_ERROR_CALLBACK_NOT_OFFERED;
    if (!callback_address_read(channel, request->address, out->address, &len))
        return PROTO_ERROR_CALLBACK_BAD_ADDRESS;
    if (request->has_from_ms && !callback_window_is_good(queue, now_ms, request->from_ms))
        return PROTO_ERROR_CALLBACK_OUTSIDE_HOURS;
    out->wish.channel = callback_channel_name(channel);
    out->wish.address = slice_make(out->address, len);
    out->wish.due_ms = request->has_from_ms ? request->from_ms : 0;
    out->wish.until_ms = request->has_from_ms ? request->from_ms + queue->callback.window_ms : 0;
    return PROTO_ERROR_NONE;
}

static enum proto_error_code look_at_wish(
        struct chat *chat, const struct proto_ask_callback *request, struct wish_change *out)
{
    struct pool_request_view view;
    if (chat_fold(chat)->phase != PHASE_QUEUED)
        return PROTO_ERROR_NOT_WAITING;
    const struct route_queue *queue = case_queue(chat, &chat_fold(chat)->request, &view);
    bool is_free = queue != NULL && (callback_is_agreed(&chat_fold(chat)->callback) ||
                                            is_offered(chat, queue, &view));
    return is_free ? check_wish(request, queue, node_time_ms(chat->node), out)
                   : PROTO_ERROR_CALLBACK_NOT_OFFERED;
}

void callback_ask(struct session *session, const struct proto_ask_callback *request)
{
    struct wish_change wish = {0};
    if (!send_is_within_limits(session, request->id))
        return;
    struct chat *chat = request_chat(session, &request->id, request->conversation);
    if (chat == NULL)
        return;
    enum proto_error_code fault = look_at_wish(chat, request, &wish);
    if (fault != PROTO_ERROR_NONE)
        session_error(session, request->id, fault, NULL);
    else
        start(session, chat, request->id, &wish);
    chat_release(chat);
}

void callback_cancel(struct session *session, const struct proto_cancel_callback *request)
{
    if (!send_is_within_limits(session, request->id))
        return;
    struct chat *chat = request_chat(session, &request->id, request->conversation);
    if (chat == NULL)
        return;
    start(session, chat, request->id, &(struct wish_change){.is_cancel = true});
    chat_release(chat);
}

/* ---- the agent records ------------------------------------------------------------------------
 */

struct outcome_change {
    struct chat_change change;
    struct session_handle session;
    struct id_text request_id, agent;
    struct short_text agent_name;
    struct name owner;
    bool is_reached;
    bool is_early; /* the pool has not heard of the case, which alone knows its queue */
};

/* The next attempt is made within the hours, if there are any to come. */
static uint64_t next_attempt_ms(const struct route_queue *queue, uint64_t now_ms)
{
    uint64_t at_ms = now_ms + (queue ? queue->callback.retry_ms : no_callback.retry_ms);
    uint64_t opens_ms =
            queue != NULL && queue->has_hours ? hours_open_next_ms(&queue->hours, at_ms) : at_ms;
    return opens_ms == UINT64_MAX ? at_ms : opens_ms;
}

static void decide_outcome(struct chat_change *chat_change, const struct conversation *fold,
        uint64_t now_ms, struct decision *decision)
{
    struct outcome_change *change = LIST_ITEM(chat_change, struct outcome_change, change);
    struct pool_request_view view;
    const struct route_queue *queue = case_queue(chat_change->chat, &fold->request, &view);
    const struct route_callback *callback = queue ? &queue->callback : &no_callback;
    struct proto_body said = {.kind = PROTO_BODY_KIND_SYSTEM,
            .text = callback->missed_len ? slice_make(callback->missed_text, callback->missed_len)
                                         : slice_of_string(missed_text)};
    struct callback_outcome outcome = {
            .by = {AUTHOR_AGENT, id_slice(&change->agent), short_slice(&change->agent_name)},
            .owner = change->owner,
            .is_reached = change->is_reached,
            .attempts_max = callback->attempts,
            .again_ms = next_attempt_ms(queue, now_ms),
            .body = body_encode(&said, &chat_change->chat->node->scratch)};
    conversation_end_callback(fold, &outcome, now_ms, decision);
    change->is_early = decision->verdict == VERDICT_APPEND && !change->is_reached &&
                       !find_case(chat_change->chat, &fold->request, &view);
    if (change->is_early)
        decision->verdict = VERDICT_NO;
}

static void on_outcome(struct chat_change *chat_change, enum log_outcome outcome)
{
    struct outcome_change *change = LIST_ITEM(chat_change, struct outcome_change, change);
    struct session *session = session_find(change->change.chat->node, change->session);
    struct slice id = id_slice(&change->request_id);
    if (outcome == LOG_REFUSED && change->is_early)
        outcome = LOG_RETRY;
    if (session != NULL && (outcome == LOG_APPENDED || outcome == LOG_WAS_ALREADY))
        session_done(session, id, &change->change.at);
    else if (session != NULL)
        session_error_after(session, id, outcome_code(outcome, change->change.refusal),
                outcome_wait_ms(session->node, outcome), 0);
    free(change);
}

void callback_outcome(struct session *session, const struct proto_callback_outcome *request)
{
    struct chat *chat = session_chat(session, request->id, request->conversation);
    if (chat == NULL)
        return;
    struct outcome_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->session = session_handle(session);
    id_set(&change->request_id, request->id);
    change->agent = session->subject;
    short_set(&change->agent_name, session->name);
    change->owner = request->owner;
    change->is_reached = request->reached;
    change->change.tenant = session->tenant;
    change->change.decide = decide_outcome;
    change->change.done = on_outcome;
    chat_change(chat, &change->change);
    chat_release(chat);
}
