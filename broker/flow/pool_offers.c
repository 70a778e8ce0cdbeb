/* SPDX-License-Identifier: Apache-2.0 */
/* An offer on its way to an agent's sessions, with the handoff packet and why this agent.
 *
 * Invariant: it is sent only if it is open when its packet has been read; if the packet could not
 * be read, it is tried again (pool_news.c says when an offer is to be told).
 */
#include "base/check.h"
#include "flow/callbacks.h"
#include "flow/entry_codec.h"
#include "flow/pool_news.h"

#include <stdlib.h>

/* An offer on its way to an agent's sessions: the packet is read first. */
struct telling {
    struct chat *chat;
    struct team *team;
    struct id_text agent;
    struct name offer, request;
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

static void tell_again(struct telling *telling)
{
    struct pool_key key = {chat_id(telling->chat), telling->request};
    news_again(telling->team, &key);
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
            .contact = short_slice(&chat_fold(telling->chat)->contact_name),
            .terms = terms,
            .terms_count = view_terms(view, terms),
    };
    if (telling->packet.len > 0)
        offer->has_handoff = handoff_decode(telling->packet, &node->scratch, &offer->handoff);
    offer->has_callback = callback_view_case(telling->chat, &telling->request, &offer->callback);
    struct pool_key key = {chat_id(telling->chat), telling->request};
    struct session *at = NULL;
    while ((at = agents_session(node, telling->chat->tenant, id_slice(&telling->agent), at)))
        if ((telling->only.number == 0 || telling->only.number == at->number) &&
                news_take_offer(telling->team, &key, at))
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
    else if (outcome == LOG_RETRY)
        tell_again(telling);
    node->scratch.used = mark;
    end_telling(telling);
}

static void read_packet(struct telling *telling)
{
    struct chat *chat = telling->chat;
    uint64_t seq = chat_fold(chat)->packet_seq;
    telling->reader = (struct log_reader){
            .from = seq, .to = seq, .count = 1, .on_record = on_packet, .done = on_packet_read};
    if (seq == 0) /* there is none */
        on_packet_read(&telling->reader, LOG_APPENDED);
    else
        log_read(&chat->log, &telling->reader);
}

struct loading {
    struct chat_touch touch;
    struct telling *telling;
};

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct loading *loading = LIST_ITEM(touch, struct loading, touch);
    struct telling *telling = loading->telling;
    free(loading);
    if (outcome == LOG_RETRY)
        tell_again(telling);
    if (outcome == LOG_WAS_ALREADY)
        read_packet(telling);
    else
        end_telling(telling);
}

static void load(struct telling *telling)
{
    struct loading *loading = calloc(1, sizeof *loading);
    check(loading != NULL);
    loading->telling = telling;
    loading->touch.done = on_loaded;
    chat_touch(telling->chat, &loading->touch);
}

/* The pool speaks of the request after the conversation's barrier; a fold that waits with this very
 * one knows its packet, however old it is. */
static bool is_at_hand(const struct chat *chat, const struct name *request)
{
    return chat->log.state == LOG_READY && chat_fold(chat)->phase == PHASE_QUEUED &&
           name_equal(&chat_fold(chat)->request, request);
}

void offer_tell(struct team *team, const struct pool_request_view *view, const struct session *only)
{
    struct chat *chat = pools_chat(team, &view->key);
    if (chat == NULL) {
        news_again(team, &view->key);
        return;
    }
    struct telling *telling = calloc(1, sizeof *telling);
    check(telling != NULL);
    *telling = (struct telling){
            .chat = chat, .team = team, .offer = view->offer, .request = view->key.name};
    id_set(&telling->agent, view->agent);
    if (only != NULL)
        telling->only = session_handle(only);
    if (is_at_hand(chat, &view->key.name))
        read_packet(telling);
    else
        load(telling);
}
