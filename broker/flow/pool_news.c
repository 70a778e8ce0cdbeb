/* SPDX-License-Identifier: Apache-2.0 */
/* From the fold of a pool to the agents' sessions on this node, each change once.
 *
 *   entry (own or a colleague node's) --> its requests and agents are noted --> folded, durable
 *     --> compared with what was told --> offer, cancel, a look at the conversation, presence
 *
 * Invariant: what is told follows from the difference between the fold and what was told before,
 * never from an entry; and of a request it is told when a barrier has held for the last entry that
 * changed it, though the fold may be ahead: nobody is offered or loses what a failover takes back.
 * So it does not matter which node appended, whether entries were read one at a time or as a
 * snapshot, or how often the same is noted; and an entry costs as much as it changes and not as
 * much as there is. Ownership itself is told by the conversation (assignments.c): the pool only
 * says where to look.
 */
#include "flow/pool_news.h"

#include "base/check.h"
#include "flow/assignments.h"
#include "flow/colleagues.h"
#include "flow/deliver.h"
#include "flow/desks.h"

#include <stdlib.h>

enum told { TOLD_NOTHING, TOLD_OFFER, TOLD_CHAT, TOLD_WRAP_UP };

enum { REQUEST_KEY_MAX = POOL_ID_MAX + NAME_TEXT_MAX + 1 };

struct told_request {
    struct map_node by_key;
    struct list changed;
    uint64_t changed_seq; /* by this entry of the pool: told when it is durable */
    char key_bytes[REQUEST_KEY_MAX];
    struct id_text conversation;
    struct name request;
    enum told told;
    struct id_text agent; /* told: whose sessions */
    struct name offer;
    uint64_t deadline_ms;
    uint32_t held;     /* told: what the chat weighs */
    uint64_t *offered; /* the numbers of the sessions that were told of this offer */
    size_t offered_count;
};

void news_init(struct pool_news *news)
{
    list_init(&news->changed_requests);
    list_init(&news->changed_agents);
    list_init(&news->stale_agents);
    news->frames_per_s = COLLEAGUES_FRAMES_PER_S;
}

static void drop_request(struct pool_news *news, struct told_request *told)
{
    list_remove(&told->changed);
    map_remove(&news->requests, &told->by_key);
    free(told->offered);
    free(told);
}

static void forget(struct pool_news *news)
{
    struct map_node *at;
    while ((at = map_next(&news->requests, NULL)) != NULL)
        drop_request(news, MAP_ITEM(at, struct told_request, by_key));
    colleagues_forget(news);
    news->is_all = false;
}

/* ---- what changed -----------------------------------------------------------------------------
 */

static struct slice request_key(const struct pool_key *key, char out[REQUEST_KEY_MAX])
{
    char name[NAME_TEXT_MAX];
    struct buffer text = buffer_make(out, REQUEST_KEY_MAX);
    buffer_put_slice(&text, key->conversation);
    buffer_put_char(&text, ' ');
    buffer_put_slice(&text, slice_make(name, name_write(&key->name, name)));
    return buffer_slice(&text);
}

static struct told_request *find_request(struct pool_news *news, const struct pool_key *key)
{
    char bytes[REQUEST_KEY_MAX];
    return MAP_ITEM(
            map_find(&news->requests, request_key(key, bytes)), struct told_request, by_key);
}

static struct told_request *take_request(struct pool_news *news, const struct pool_key *key)
{
    struct told_request *told = find_request(news, key);
    if (told != NULL)
        return told;
    told = calloc(1, sizeof *told);
    check(told != NULL);
    list_init(&told->changed);
    id_set(&told->conversation, key->conversation);
    told->request = key->name;
    map_put(&news->requests, &told->by_key, request_key(key, told->key_bytes));
    return told;
}

static void note_request(struct pool_news *news, const struct pool_key *key, uint64_t seq)
{
    struct told_request *told = take_request(news, key);
    told->changed_seq = seq > told->changed_seq ? seq : told->changed_seq;
    list_remove(&told->changed);
    list_append(&news->changed_requests, &told->changed);
}

static void note_requests_of(struct team *team, struct slice agent, uint64_t seq)
{
    struct pool_request_view view;
    size_t cursor = 0;
    while (pool_next_of_agent(team_pool(team), agent, &cursor, &view))
        note_request(team_news(team), &view.key, seq);
}

/* Entries are counted anew, and all that is noted is noted again. */
void news_restart(struct team *team)
{
    struct pool_news *news = team_news(team);
    const struct map_node *at = NULL;
    while ((at = map_next(&news->requests, at)) != NULL)
        MAP_ITEM((struct map_node *)at, struct told_request, by_key)->changed_seq = 0;
    news->is_all = true;
}

void news_note(struct team *team, const struct pool_entry *entry)
{
    struct pool_news *news = team_news(team);
    struct pool_request_view before;
    uint64_t seq = team_seq(team) + 1;
    bool is_snapshot = entry->kind == POOL_SNAPSHOT || entry->kind == POOL_SNAPSHOT_AGENT ||
                       entry->kind == POOL_SNAPSHOT_REQUEST;
    if (news->sessions == 0 || news->is_all || is_snapshot) /* a snapshot changes nothing */
        return;
    colleagues_note(news, entry->agent);
    if (entry->request.conversation.len > 0) {
        note_request(news, &entry->request, seq);
        if (pool_find(team_pool(team), &entry->request, &before))
            colleagues_note(news, before.agent);
    } else if (entry->agent.len > 0) { /* whoever goes gives offers back */
        note_requests_of(team, entry->agent, seq);
    }
}

static void note_all(struct team *team)
{
    struct pool_news *news = team_news(team);
    struct pool_agent_view view;
    const struct map_node *at = NULL;
    size_t cursor = 0;
    while ((at = map_next(&news->requests, at)) != NULL) {
        struct told_request *told = MAP_ITEM((struct map_node *)at, struct told_request, by_key);
        told->changed_seq = team_seq(team);
        list_remove(&told->changed);
        list_append(&news->changed_requests, &told->changed);
    }
    while (pool_next_agent(team_pool(team), &cursor, &view)) {
        colleagues_note(news, view.agent);
        if (agents_session(team_node(team), team_tenant(team), view.agent, NULL) != NULL)
            note_requests_of(team, view.agent, team_seq(team));
    }
    news->is_all = false;
}

/* ---- telling ----------------------------------------------------------------------------------
 */

/* The owner may have been seen while no session of theirs was here, or none that could be told. */
static bool do_all_follow(struct team *team, const struct chat *chat, struct slice agent)
{
    struct session *at = NULL;
    while ((at = agents_session(team_node(team), team_tenant(team), agent, at)) != NULL) {
        const struct subscription *sub = deliver_subscription(at, (struct chat *)chat);
        if (sub == NULL || sub->is_watching)
            return false;
    }
    return true;
}

/* The conversation is to be looked at, unless it has told already. */
static void look_at_chat(struct team *team, const struct told_request *told, bool is_theirs)
{
    struct slice conversation = id_slice(&told->conversation);
    struct chat *chat = chat_find(team_node(team), conversation);
    bool is_seen = chat != NULL && (chat->seen_owner.seq != 0 || !is_theirs) &&
                   name_equal(&chat->seen_request, &told->request) &&
                   slice_equal(chat->seen_agent, id_slice(&told->agent));
    bool is_told = chat != NULL && is_seen == is_theirs &&
                   (!is_theirs || do_all_follow(team, chat, id_slice(&told->agent)));
    struct pool_key key = {conversation, told->request};
    if (!is_told)
        assignments_look(team, &key);
}

static enum told to_tell(struct team *team, const struct pool_request_view *view)
{
    bool is_here = view->agent.len > 0 &&
                   agents_session(team_node(team), team_tenant(team), view->agent, NULL) != NULL;
    if (!is_here || view->state == POOL_WAITING)
        return TOLD_NOTHING;
    return view->state == POOL_OFFER_OPEN ? TOLD_OFFER
           : view->state == POOL_WRAP_UP  ? TOLD_WRAP_UP
                                          : TOLD_CHAT;
}

static void tell_wrap_up(struct team *team, const struct told_request *told, uint64_t deadline_ms,
        struct session *session)
{
    notice_wrap_up(
            team, id_slice(&told->agent), id_slice(&told->conversation), deadline_ms, session);
}

static void tell_weight(struct team *team, struct told_request *told,
        const struct pool_request_view *view, struct session *session)
{
    notice_weight(team, view, session);
    told->held = view->held;
}

static void take_back(struct team *team, struct told_request *told)
{
    if (told->told == TOLD_OFFER)
        notice_cancel(team, id_slice(&told->agent), id_slice(&told->conversation), &told->offer,
                told->deadline_ms);
    else if (told->told == TOLD_CHAT)
        look_at_chat(team, told, false);
    else if (told->told == TOLD_WRAP_UP)
        tell_wrap_up(team, told, 0, NULL);
    told->told = TOLD_NOTHING;
}

static void set_told(
        struct told_request *told, enum told what, const struct pool_request_view *view)
{
    if (!name_equal(&told->offer, &view->offer))
        told->offered_count = 0;
    told->told = what;
    id_set(&told->agent, view->agent);
    told->offer = view->offer;
    told->deadline_ms = view->deadline_ms;
}

/* What the agent's other sessions were told already. */
static void tell_session(struct team *team, struct told_request *told,
        const struct pool_request_view *view, struct session *session)
{
    if (told->told == TOLD_OFFER) {
        offer_tell(team, view, session);
    } else if (told->told == TOLD_WRAP_UP) {
        tell_wrap_up(team, told, view->deadline_ms, session);
    } else if (told->told == TOLD_CHAT) {
        assignments_tell(session, &view->key);
        tell_weight(team, told, view, session);
    }
}

static void tell_newcomers(
        struct team *team, struct told_request *told, const struct pool_request_view *view)
{
    struct session *at = NULL;
    while ((at = agents_session(team_node(team), team_tenant(team), view->agent, at)) != NULL)
        if (at->awaits_news)
            tell_session(team, told, view, at);
}

static void tell_request(struct team *team, struct told_request *told)
{
    struct pool_request_view view;
    struct pool_key key = {id_slice(&told->conversation), told->request};
    bool is_live = pool_find(team_pool(team), &key, &view);
    enum told before = told->told, now = is_live ? to_tell(team, &view) : TOLD_NOTHING;
    bool is_same_agent = now != TOLD_NOTHING && slice_equal(view.agent, id_slice(&told->agent));
    bool is_same = is_same_agent && now == before &&
                   (now != TOLD_OFFER || name_equal(&told->offer, &view.offer));
    bool is_accepted = is_same_agent && before == TOLD_OFFER && now == TOLD_CHAT;
    if (is_same && now == TOLD_CHAT && view.held != told->held)
        tell_weight(team, told, &view, NULL);
    if (is_same) {
        tell_newcomers(team, told, &view);
        return;
    }
    if (!is_accepted)
        take_back(team, told);
    if (now == TOLD_NOTHING) {
        drop_request(team_news(team), told);
        return;
    }
    set_told(told, now, &view);
    if (now == TOLD_OFFER) {
        offer_tell(team, &view, NULL);
    } else if (now == TOLD_WRAP_UP) {
        tell_wrap_up(team, told, view.deadline_ms, NULL);
    } else {
        look_at_chat(team, told, true);
        tell_weight(team, told, &view, NULL);
    }
}

/* Something of the agent's is noted: anything, or what is not durable yet. */
static bool is_to_be_told(struct team *team, struct slice agent, bool is_any)
{
    struct pool_request_view view;
    LIST_EACH (at, next, &team_news(team)->changed_requests) {
        const struct told_request *told = LIST_ITEM(at, struct told_request, changed);
        struct pool_key key = {id_slice(&told->conversation), told->request};
        bool is_meant = is_any || !team_has_kept(team, told->changed_seq);
        if (is_meant && pool_find(team_pool(team), &key, &view) && slice_equal(view.agent, agent))
            return true;
    }
    return false;
}

/* Of what was told before they came, requests have told them, and colleagues are left. */
static void welcome_newcomers(struct team *team)
{
    struct agent_desk *desk = NULL;
    bool is_all = true;
    while ((desk = desk_next(team_node(team), team_tenant(team), desk)) != NULL) {
        bool is_early = is_to_be_told(team, id_slice(&desk->agent), false);
        is_all &= !is_early;
        LIST_EACH (at, next, &desk->sessions) {
            struct session *session = LIST_ITEM(at, struct session, of_role);
            if (session->awaits_news && !is_early)
                colleagues_show(team, session);
            session->awaits_news &= is_early;
        }
    }
    team_news(team)->has_newcomers = !is_all;
}

/* What no barrier has held for yet stays noted, and so does what fails: not now. */
static void tell_requests(struct team *team)
{
    struct pool_news *news = team_news(team);
    struct list requests;
    list_init(&requests);
    while (!list_is_empty(&news->changed_requests))
        list_append(&requests, list_take_first(&news->changed_requests));
    while (!list_is_empty(&requests)) {
        struct told_request *told =
                LIST_ITEM(list_take_first(&requests), struct told_request, changed);
        if (team_has_kept(team, told->changed_seq))
            tell_request(team, told);
        else
            list_append(&news->changed_requests, &told->changed);
    }
}

void news_tell(struct team *team)
{
    struct pool_news *news = team_news(team);
    if (!team_is_read(team))
        return; /* half folded: told when it is whole */
    if (news->sessions == 0) {
        forget(news);
        return;
    }
    if (news->is_all)
        note_all(team);
    tell_requests(team);
    colleagues_tell(team);
    if (news->has_newcomers)
        welcome_newcomers(team);
}

bool news_untold(struct team *team, const struct pool_key *key)
{
    struct told_request *told = find_request(team_news(team), key);
    if (told != NULL)
        told->told = TOLD_NOTHING;
    return told != NULL;
}

void news_again(struct team *team, const struct pool_key *key)
{
    if (news_untold(team, key))
        note_request(team_news(team), key, 0);
}

/* A session may come while its agent's are being told: the conversation is read first. */
bool news_take_offer(struct team *team, const struct pool_key *key, const struct session *session)
{
    struct told_request *told = find_request(team_news(team), key);
    if (told == NULL)
        return true;
    for (size_t i = 0; i < told->offered_count; i++)
        if (told->offered[i] == session->number)
            return false;
    size_t size = (told->offered_count + 1) * sizeof *told->offered;
    told->offered = realloc(told->offered, size);
    check(told->offered != NULL);
    told->offered[told->offered_count++] = session->number;
    return true;
}

/* ---- coming and going -------------------------------------------------------------------------
 */

void news_enter(struct team *team, struct session *session)
{
    struct pool_news *news = team_news(team);
    struct pool_request_view view;
    size_t cursor = 0;
    bool is_first = news->sessions++ == 0;
    if (is_first) /* what changed was not noted */
        forget(news);
    if (!team_is_read(team) || news->is_all || (is_first && !team_has_kept(team, team_seq(team)))) {
        session->awaits_news = news->has_newcomers = news->is_all = true;
        return;
    }
    if (is_to_be_told(team, id_slice(&session->subject), true)) { /* with all of theirs */
        note_requests_of(team, id_slice(&session->subject), 0);
        session->awaits_news = news->has_newcomers = true;
        return;
    }
    colleagues_show(team, session);
    while (pool_next_of_agent(team_pool(team), id_slice(&session->subject), &cursor, &view)) {
        struct told_request *told = take_request(news, &view.key);
        set_told(told, to_tell(team, &view), &view);
        tell_session(team, told, &view, session);
    }
}

void news_leave(struct team *team)
{
    check(team_news(team)->sessions > 0);
    team_news(team)->sessions--;
}
