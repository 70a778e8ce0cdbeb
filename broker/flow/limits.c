/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets for what people ask of a node, and an end for those who do not heed them.
 *
 *   session     messages, and other requests            in the session
 *   contact     messages from all devices; devices      in the chat
 *   tenant      messages of everybody who speaks there  in a map, one for each tenant that spoke
 *   address     new sessions over HTTP                  in a table of slots: two addresses may
 * share
 *
 *   refusals    whatever was asked for                 in the session
 *
 * Invariant: whoever is refused is told for how long, and nothing of theirs is lost by it; who
 * heeds it is never sent away, however long the limit lasts: below the half of its refusals a
 * session is told to wait until it has half of them again. Buckets are a node's own: with several
 * nodes the sum may be so many times as large. What bots ask is not counted here; their credits
 * bound it.
 */
#include "flow/limits.h"

#include "base/check.h"
#include "flow/conversations.h"
#include "flow/deliver.h"
#include "flow/sessions.h"

#include <stdlib.h>
#include <string.h>

enum {
    ADDRESS_SLOTS = 4096,
    REQUESTS_PER_MESSAGE = 8,
    REFUSED_MS_MIN = 200, /* five tries a second are enough for anybody */
    AGAIN_MS = 10000,     /* for those who were sent away */
};

struct tenant_rate {
    struct map_node by_id;
    struct id_text id;
    struct rate rate;
};

struct limits {
    struct map tenants;
    struct rate addresses[ADDRESS_SLOTS];
};

bool limits_create(struct node *node)
{
    node->limits = calloc(1, sizeof *node->limits);
    return node->limits != NULL;
}

uint64_t rate_take(struct rate *rate, uint32_t per_min, uint64_t clock_ms)
{
    uint64_t full = (uint64_t)per_min * 1000, cost = 1000;
    if (rate->refilled_ms == 0)
        rate->tokens_milli = full;
    uint64_t passed_ms = rate->refilled_ms ? clock_ms - rate->refilled_ms : 0;
    uint64_t tokens = rate->tokens_milli + passed_ms * per_min / 60;
    rate->tokens_milli = tokens < full ? tokens : full;
    rate->refilled_ms = clock_ms;
    if (rate->tokens_milli < cost)
        return (cost - rate->tokens_milli) * 60 / per_min + 1;
    rate->tokens_milli -= cost;
    return 0;
}

static bool is_customer(const struct session *session)
{
    return session->role == CREDENTIAL_CUSTOMER;
}

static uint32_t messages_per_min(const struct session *session)
{
    const struct node_settings *settings = session->node->settings;
    return is_customer(session) ? settings->messages_per_min : settings->agent_messages_per_min;
}

struct proto_limit_set limits_told(const struct session *session)
{
    const struct node_settings *settings = session->node->settings;
    bool is_person = is_customer(session) || session->role == CREDENTIAL_AGENT;
    bool may_upload = is_person && session->node->blobs != NULL;
    return (struct proto_limit_set){.frame_bytes = PROTO_LIMIT_FRAME_BYTES,
            .text_bytes = PROTO_LIMIT_TEXT_BYTES,
            .unacked_sends = PROTO_LIMIT_UNACKED_SENDS,
            .history_entries = PROTO_LIMIT_HISTORY_ENTRIES,
            .ping_ms = settings->ping_ms ? settings->ping_ms : PROTO_LIMIT_PING_MS,
            .dead_ms = settings->dead_ms ? settings->dead_ms : PROTO_LIMIT_DEAD_MS,
            .has_messages_per_min = true,
            .messages_per_min = messages_per_min(session),
            .has_upload_bytes = true,
            .upload_bytes = may_upload ? settings->upload_bytes_max : 0,
            .has_edit_ms = true,
            .edit_ms = is_person ? settings->edit_window_ms : 0};
}

uint64_t limits_session_wait_ms(struct session *session)
{
    return rate_take(&session->sends, messages_per_min(session), node_clock_ms(session->node));
}

/* Tenants come from the directory, so there are no more of them than were made. */
static struct rate *rate_of_tenant(struct limits *limits, struct slice id)
{
    struct tenant_rate *found = MAP_ITEM(map_find(&limits->tenants, id), struct tenant_rate, by_id);
    if (found == NULL) {
        found = calloc(1, sizeof *found);
        check(found != NULL);
        id_set(&found->id, id);
        map_put(&limits->tenants, &found->by_id, id_slice(&found->id));
    }
    return &found->rate;
}

uint64_t limits_contact_wait_ms(struct chat *chat)
{
    const struct node_settings *settings = chat->node->settings;
    uint32_t per_min = settings->messages_per_min_per_contact;
    if (per_min == 0)
        return 0;
    if (per_min < settings->messages_per_min)
        per_min = settings->messages_per_min;
    return rate_take(&chat->sends, per_min, node_clock_ms(chat->node));
}

uint64_t limits_chat_wait_ms(struct session *session, struct chat *chat)
{
    struct node *node = session->node;
    const struct node_settings *settings = node->settings;
    uint64_t now_ms = node_clock_ms(node);
    uint64_t wait_ms = is_customer(session) ? limits_contact_wait_ms(chat) : 0;
    if (wait_ms == 0 && settings->messages_per_min_per_tenant > 0)
        wait_ms = rate_take(rate_of_tenant(node->limits, session->tenant),
                settings->messages_per_min_per_tenant, now_ms);
    return wait_ms;
}

uint64_t limits_request_wait_ms(struct session *session)
{
    bool is_person = is_customer(session) || session->role == CREDENTIAL_AGENT;
    return is_person
                   ? rate_take(&session->requests, messages_per_min(session) * REQUESTS_PER_MESSAGE,
                             node_clock_ms(session->node))
                   : 0;
}

uint64_t limits_address_wait_ms(struct node *node, struct slice address)
{
    struct rate *rate = &node->limits->addresses[crypto_digest(address) % ADDRESS_SLOTS];
    return rate_take(rate, node->settings->sessions_per_min_per_ip, node_clock_ms(node));
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t refusal_wait_ms(struct rate *refusals, uint64_t wait_ms, uint64_t clock_ms)
{
    const uint32_t per_min = PROTO_LIMIT_REFUSALS_PER_MIN;
    if (rate_take(refusals, per_min, clock_ms) > 0)
        return 0;
    uint64_t half = per_min * 500, left = refusals->tokens_milli;
    uint64_t until_half_ms = left < half ? (half - left) * 60 / per_min : 0;
    return larger(larger(wait_ms, REFUSED_MS_MIN), until_half_ms);
}

/* Returns how long to wait; 0: it was sent away. */
static uint64_t count_refusal(struct session *session, uint64_t wait_ms)
{
    wait_ms = refusal_wait_ms(&session->refusals, wait_ms, node_clock_ms(session->node));
    if (wait_ms == 0)
        session_bye(session, "too_many", AGAIN_MS, PROTO_CLOSE_TOO_MANY);
    return wait_ms;
}

void limits_refuse(struct session *session, struct slice request_id, enum proto_error_code code,
        uint64_t wait_ms)
{
    wait_ms = count_refusal(session, wait_ms);
    if (wait_ms > 0 && request_id.len > 0)
        session_error_after(session, request_id, code, wait_ms, 0);
}

void limits_refuse_for_good(struct session *session, struct slice request_id,
        enum proto_error_code code, const char *detail)
{
    if (count_refusal(session, 0) > 0)
        session_error(session, request_id, code, detail);
}

bool limits_admit_device(struct session *session, const struct chat *chat)
{
    uint32_t most = session->node->settings->sessions_per_contact_max, devices = 0;
    LIST_EACH (at, next, &chat->followers)
        devices += !LIST_ITEM(at, struct subscription, of_chat)->is_staff;
    if (most == 0 || devices < most)
        return true;
    session_bye(session, "too_many", AGAIN_MS, PROTO_CLOSE_TOO_MANY);
    return false;
}
