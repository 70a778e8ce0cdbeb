/* SPDX-License-Identifier: Apache-2.0 */
/* Telling sessions what the pool decided: offers to agents, places in the queue to customers.
 *
 * Invariant: what is told is read off the fold or the entry that was just appended; a session that
 * missed it is told again when it enters. An offer carries the handoff packet and why this agent.
 */
#include "base/check.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/pools.h"

#include <stdlib.h>

/* ---- offers -----------------------------------------------------------------------------------
 */

/* An offer on its way to an agent's sessions: the packet is read first. */
struct telling {
    struct chat *chat;
    struct team *team;
    struct id_text agent;
    struct name offer;
    struct session_handle only; /* number 0: all sessions of the agent */
    struct log_reader reader;
    struct slice packet;
};

static void end_telling(struct telling *telling)
{
    struct chat *chat = telling->chat;
    free((char *)telling->packet.bytes);
    free(telling);
    chat_release(chat);
}

static void on_packet(struct log_reader *reader, const struct record *record)
{
    struct telling *telling = LIST_ITEM(reader, struct telling, reader);
    struct node *node = telling->chat->node;
    size_t mark = node->scratch.used;
    struct entry entry;
    const struct part *part =
            chat_read_entry(telling->chat, record, &entry) ? entry_part(&entry, PART_QUEUED) : NULL;
    char *copy = part && part->handoff.len ? malloc(part->handoff.len) : NULL;
    if (copy != NULL) {
        memcpy(copy, part->handoff.bytes, part->handoff.len);
        free((char *)telling->packet.bytes);
        telling->packet = slice_make(copy, part->handoff.len);
    }
    node->scratch.used = mark;
}

static size_t view_terms(const struct pool_request_view *view, struct proto_term *terms)
{
    for (size_t i = 0; i < view->term_count; i++)
        terms[i] = (struct proto_term){view->terms[i].name, view->terms[i].value};
    return view->term_count;
}

static void send_offer(struct telling *telling, const struct pool_request_view *view)
{
    struct node *node = telling->chat->node;
    uint64_t now_ms = team_time_ms(telling->team);
    struct proto_term terms[POOL_TERMS_MAX];
    struct proto_frame frame = {.kind = PROTO_KIND_OFFER};
    struct proto_offer *offer = &frame.as.offer;
    *offer = (struct proto_offer){
            .offer = view->offer,
            .conversation = chat_id(telling->chat),
            .expires_in_ms = view->deadline_ms > now_ms ? view->deadline_ms - now_ms : 0,
            .has_waiting_ms = true,
            .waiting_ms = now_ms > view->first_queued_ms ? now_ms - view->first_queued_ms : 0,
            .contact = short_slice(&telling->chat->fold.contact_name),
            .terms = terms,
            .terms_count = view_terms(view, terms),
    };
    if (telling->packet.len > 0)
        offer->has_handoff = handoff_decode(telling->packet, &node->scratch, &offer->handoff);
    struct session *at = NULL;
    while ((at = agents_session(
                    node, id_slice(&telling->chat->tenant), id_slice(&telling->agent), at)))
        if (telling->only.number == 0 || telling->only.number == at->number)
            session_send(at, &frame);
}

static void on_packet_read(struct log_reader *reader, enum log_outcome outcome)
{
    struct telling *telling = LIST_ITEM(reader, struct telling, reader);
    struct node *node = telling->chat->node;
    size_t mark = node->scratch.used;
    struct pool_request_view view;
    bool is_open = pool_find_offer(team_pool(telling->team), &telling->offer,
                           id_slice(&telling->agent), &view) &&
                   view.state == POOL_OFFER_OPEN;
    if (is_open && outcome == LOG_APPENDED)
        send_offer(telling, &view);
    node->scratch.used = mark;
    end_telling(telling);
}

struct loading {
    struct chat_touch touch;
    struct telling *telling;
};

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct loading *loading = LIST_ITEM(touch, struct loading, touch);
    struct telling *telling = loading->telling;
    struct chat *chat = telling->chat;
    free(loading);
    if (outcome != LOG_WAS_ALREADY) {
        end_telling(telling);
        return;
    }
    uint64_t seq = chat->fold.packet_seq ? chat->fold.packet_seq : chat->fold.tail.seq;
    telling->reader = (struct log_reader){
            .from = seq, .to = seq, .count = 1, .on_record = on_packet, .done = on_packet_read};
    log_read(&chat->log, &telling->reader);
}

static void tell_offer(struct team *team, struct slice conversation, struct slice agent,
        const struct name *offer, const struct session *only)
{
    struct node *node = team_node(team);
    if (agents_session(node, team_tenant(team), agent, NULL) == NULL)
        return;
    struct chat *chat = chat_hold(node, conversation);
    if (chat == NULL)
        return;
    struct telling *telling = calloc(1, sizeof *telling);
    struct loading *loading = calloc(1, sizeof *loading);
    check(telling != NULL && loading != NULL);
    *telling = (struct telling){.chat = chat, .team = team, .offer = *offer};
    id_set(&telling->agent, agent);
    if (only != NULL)
        telling->only = session_handle(only);
    loading->telling = telling;
    loading->touch.done = on_loaded;
    chat_touch(chat, &loading->touch);
}

static void tell_cancel(
        struct team *team, const struct pool_entry *entry, enum proto_cancel_reason reason)
{
    struct node *node = team_node(team);
    struct proto_frame frame = {.kind = PROTO_KIND_CANCEL};
    frame.as.cancel = (struct proto_cancel){.has_offer = true,
            .offer = entry->offer,
            .conversation = entry->request.conversation,
            .reason = reason};
    struct session *at = NULL;
    while ((at = agents_session(node, team_tenant(team), entry->agent, at)) != NULL)
        session_send(at, &frame);
}

void offers_tell(struct team *team, const struct pool_entry *entry, const struct name *at)
{
    switch (entry->kind) {
    case POOL_OFFERED:
        tell_offer(team, entry->request.conversation, entry->agent, at, NULL);
        break;
    case POOL_EXPIRED:
        tell_cancel(team, entry, PROTO_CANCEL_REASON_EXPIRED);
        break;
    case POOL_DECLINED:
        tell_cancel(team, entry, PROTO_CANCEL_REASON_WITHDRAWN);
        break;
    case POOL_RELEASED:
        if (entry->offer.seq != 0)
            tell_cancel(team, entry, PROTO_CANCEL_REASON_WITHDRAWN);
        if (entry->agent.len > 0)
            agents_tell_presence(team, entry->agent);
        break;
    case POOL_PRESENCE:
    case POOL_STATUS:
    case POOL_AGENT_REMOVED:
        agents_tell_presence(team, entry->agent);
        break;
    case POOL_ACCEPTED: /* `assigned` follows, to all windows of the agent */
    case POOL_ADOPTED:
    case POOL_TAKEN:
        agents_tell_presence(team, entry->agent); /* they have one chat more */
        break;
    case POOL_UNKNOWN:
    case POOL_ROUTER:
    case POOL_QUEUED:
    case POOL_SNAPSHOT:
    case POOL_SNAPSHOT_AGENT:
    case POOL_SNAPSHOT_REQUEST:
    case POOL_POLICY:
    case POOL_KIND_COUNT:
        break;
    }
}

void offers_tell_all(struct session *agent)
{
    struct team *team = pools_team(agent->node, id_slice(&agent->tenant));
    struct pool_request_view view;
    size_t cursor = 0;
    while (team != NULL &&
            pool_next_of_agent(team_pool(team), id_slice(&agent->subject), &cursor, &view))
        if (view.state == POOL_OFFER_OPEN)
            tell_offer(team, view.key.conversation, id_slice(&agent->subject), &view.offer, agent);
}

/* ---- the queue --------------------------------------------------------------------------------
 */

static void send_place(struct chat *chat, uint64_t place, bool has_wait, uint64_t wait_ms)
{
    struct proto_frame frame = {.kind = PROTO_KIND_QUEUE};
    frame.as.queue = (struct proto_queue){.conversation = chat_id(chat),
            .position = place,
            .has_wait_ms = has_wait,
            .wait_ms = wait_ms};
    chat->told_place = place;
    deliver_frame(chat, &frame, true, false, NULL);
}

void queue_tell(struct team *team, bool to_all)
{
    struct node *node = team_node(team);
    struct pool_request_view view;
    size_t cursor = 0;
    while (pool_next_waiting(team_pool(team), &cursor, &view)) {
        struct chat *chat = chat_find(node, view.key.conversation);
        if (chat == NULL || list_is_empty(&chat->followers))
            continue;
        uint64_t place = pool_position(team_pool(team), &view.key), wait_ms = 0;
        if (place == chat->told_place && !to_all)
            continue;
        bool has_wait =
                pool_wait_estimate(team_pool(team), &view.key, team_time_ms(team), &wait_ms);
        send_place(chat, place, has_wait, wait_ms);
    }
}

void queue_tell_left(struct chat *chat)
{
    if (chat->told_place != 0)
        send_place(chat, 0, false, 0);
}
