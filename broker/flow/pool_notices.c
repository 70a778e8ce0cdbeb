/* SPDX-License-Identifier: Apache-2.0 */
/* The short frames that agents' sessions are sent of a request: cancel, wrap_up, weight.
 *
 * Invariant: nothing is decided here and nothing remembered: whether it is news, and durable, is
 * pool_news.c's to know. Offers have a packet to read (pool_offers.c); who owns a conversation is
 * told by the conversation (assignments.c).
 */
#include "flow/pool_news.h"

/* only: NULL: all of the agent's. */
static void send_to(struct team *team, struct slice agent, const struct session *only,
        const struct proto_frame *frame)
{
    struct session *at = NULL;
    while ((at = agents_session(team_node(team), team_tenant(team), agent, at)) != NULL)
        if (only == NULL || at == only)
            session_send(at, frame);
}

void notice_cancel(struct team *team, struct slice agent, struct slice conversation,
        const struct name *offer, uint64_t deadline_ms)
{
    bool is_late = team_time_ms(team) >= deadline_ms;
    struct proto_frame frame = {.kind = PROTO_KIND_CANCEL};
    frame.as.cancel = (struct proto_cancel){.has_offer = true,
            .offer = *offer,
            .conversation = conversation,
            .reason = is_late ? PROTO_CANCEL_REASON_EXPIRED : PROTO_CANCEL_REASON_WITHDRAWN};
    send_to(team, agent, NULL, &frame);
}

void notice_wrap_up(struct team *team, struct slice agent, struct slice conversation,
        uint64_t deadline_ms, const struct session *only)
{
    uint64_t now_ms = team_time_ms(team);
    struct proto_frame frame = {.kind = PROTO_KIND_WRAP_UP};
    frame.as.wrap_up = (struct proto_wrap_up){.conversation = conversation,
            .ends_in_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0};
    send_to(team, agent, only, &frame);
}

void notice_weight(
        struct team *team, const struct pool_request_view *view, const struct session *only)
{
    struct proto_frame frame = {.kind = PROTO_KIND_WEIGHT};
    frame.as.weight = (struct proto_weight){view->key.conversation, view->held};
    send_to(team, view->agent, only, &frame);
}
