/* SPDX-License-Identifier: Apache-2.0 */
/* The doors for people: a visitor gets an anonymous contact, an agent comes in by a one-time code.
 *
 *   POST /v1/sessions          {tenant, renewal?, …} -> {token, conversation, renewal, …}
 *   POST /v1/agents/sessions   {code} or {renewal}   -> {token, agent, name, tenant, renewal, …}
 *
 * Invariant: a code opens once. Tokens are short-lived; what lasts is the renewal, which opens
 * nothing but this door. Each address may make so many new contacts a minute.
 */
#include "base/check.h"
#include "flow/contacts.h"
#include "flow/credentials.h"
#include "flow/door.h"
#include "flow/sessions.h"

#include <stdlib.h>

enum { ONCE_LEN = 26 };

struct visit_request {
    struct slice tenant, renewal, page, language, name;
};

struct session_answer {
    struct slice token, renewal, tenant, conversation, agent, name;
    uint64_t expires_in_ms;
};

struct agent_request {
    struct slice code, renewal;
};

static const struct proto_field visit_fields[] = {
        PROTO_STR(struct visit_request, tenant, REQUIRED, ID_MAX),
        PROTO_STR(struct visit_request, renewal, OPTIONAL, TOKEN_MAX),
        PROTO_STR(struct visit_request, page, OPTIONAL, 2048),
        PROTO_STR(struct visit_request, language, OPTIONAL, 64),
        PROTO_STR(struct visit_request, name, OPTIONAL, DISPLAY_NAME_MAX),
};
static const struct proto_shape visit_shape = PROTO_SHAPE(struct visit_request, visit_fields);
static const struct proto_field agent_request_fields[] = {
        PROTO_STR(struct agent_request, code, OPTIONAL, 64),
        PROTO_STR(struct agent_request, renewal, OPTIONAL, TOKEN_MAX),
};
static const struct proto_shape agent_request_shape =
        PROTO_SHAPE(struct agent_request, agent_request_fields);
static const struct proto_field session_fields[] = {
        PROTO_STR(struct session_answer, token, REQUIRED, TOKEN_MAX),
        PROTO_U64(struct session_answer, expires_in_ms, REQUIRED, UINT64_MAX),
        PROTO_STR(struct session_answer, tenant, REQUIRED, ID_MAX),
        PROTO_STR(struct session_answer, conversation, OPTIONAL, ID_MAX),
        PROTO_STR(struct session_answer, agent, OPTIONAL, ID_MAX),
        PROTO_STR(struct session_answer, name, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_STR(struct session_answer, renewal, REQUIRED, TOKEN_MAX),
};
static const struct proto_shape session_shape = PROTO_SHAPE(struct session_answer, session_fields);

static void answer_session(struct door *door, const struct credential *credential)
{
    const struct node_settings *settings = door->node->settings;
    bool is_agent = credential->role == CREDENTIAL_AGENT;
    char token_bytes[TOKEN_MAX], renewal_bytes[TOKEN_MAX];
    struct buffer token = buffer_make(token_bytes, sizeof token_bytes);
    struct buffer renewal = buffer_make(renewal_bytes, sizeof renewal_bytes);
    bool is_good = credential_token(door->node, credential, NULL, settings->token_ms, &token) &&
                   credential_token(door->node, credential,
                           is_agent ? "renewal-agent" : "renewal-customer",
                           is_agent ? settings->agent_renewal_ms : settings->customer_renewal_ms,
                           &renewal);
    if (!is_good) {
        door_refuse(door, 500, PROTO_ERROR_INTERNAL, NULL);
        return;
    }
    struct session_answer answer = {.token = buffer_slice(&token),
            .renewal = buffer_slice(&renewal),
            .tenant = credential->tenant->id,
            .expires_in_ms = settings->token_ms};
    if (is_agent) {
        answer.agent = credential->subject;
        answer.name = credential->name;
    } else {
        answer.conversation = credential->subject;
    }
    door_answer(door, 200, &session_shape, &answer);
}

/* ---- visitors ---------------------------------------------------------------------------------
 */

struct visit {
    struct door door;
    struct id_text tenant;
};

static void on_contact(void *user, enum proto_error_code fault, struct slice conversation)
{
    struct visit *visit = user;
    const struct tenant *tenant = directory_tenant(visit->door.node, id_slice(&visit->tenant));
    if (fault != PROTO_ERROR_NONE || tenant == NULL) {
        door_refuse_later(&visit->door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
    } else {
        struct credential credential = {
                .role = CREDENTIAL_CUSTOMER, .tenant = tenant, .subject = conversation};
        answer_session(&visit->door, &credential);
    }
    free(visit);
}

/* A renewal that waits until its conversation was looked at. */
struct renewing {
    struct chat_touch touch;
    struct door door;
};

/* A conversation that the store has lost is nobody's way in: its customer begins anew. Of one that
 * was erased the hello tells. */
static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct renewing *renewing = LIST_ITEM(touch, struct renewing, touch);
    struct door *door = &renewing->door;
    struct chat *chat = touch->change.chat;
    struct credential credential = {.role = CREDENTIAL_CUSTOMER,
            .tenant = directory_tenant(door->node, touch->change.tenant),
            .subject = chat_id(chat)};
    bool is_lost = outcome == LOG_MISSING && touch->change.refusal == REFUSAL_UNBORN;
    if (outcome == LOG_RETRY)
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
    else if (is_lost || credential.tenant == NULL)
        door_refuse(door, 401, PROTO_ERROR_UNAUTHENTICATED, NULL);
    else
        answer_session(door, &credential);
    chat_release(chat);
    free(renewing);
}

static void look_at(struct door *door, const struct credential *credential)
{
    struct chat *chat = chat_hold(door->node, credential->subject);
    if (chat == NULL) {
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
        return;
    }
    struct renewing *renewing = calloc(1, sizeof *renewing);
    check(renewing != NULL);
    renewing->door = *door;
    renewing->touch.change.tenant = tenant_id_keep(door->node, credential->tenant->id);
    renewing->touch.done = on_loaded;
    chat_touch(chat, &renewing->touch);
}

static void renew(struct door *door, const struct visit_request *body)
{
    char scratch[TOKEN_MAX];
    struct credential credential;
    enum credential_fault fault = renewal_check(
            door->node, body->renewal, "renewal-customer", scratch, sizeof scratch, &credential);
    bool is_theirs = fault == CREDENTIAL_GOOD && slice_equal(credential.tenant->id, body->tenant);
    if (is_theirs)
        look_at(door, &credential);
    else
        door_refuse(door, 401,
                fault == CREDENTIAL_EXPIRED ? PROTO_ERROR_TOKEN_EXPIRED
                                            : PROTO_ERROR_UNAUTHENTICATED,
                NULL);
}

static bool is_welcome(
        struct door *door, const struct http_request *request, const struct tenant *tenant)
{
    bool is_known = tenant != NULL;
    if (is_known && (request->origin.len == 0 ||
                            directory_admits_origin(door->node, tenant, request->origin)))
        return true;
    door_refuse(door, is_known ? 403 : 404,
            is_known ? PROTO_ERROR_BAD_ORIGIN : PROTO_ERROR_NOT_FOUND,
            is_known ? NULL : "There is no such tenant.");
    return false;
}

static void visit(struct door *door, const struct http_request *request)
{
    struct visit_request body;
    struct node *node = door->node;
    if (!door_read(door, request, &visit_shape, &body))
        return;
    const struct tenant *tenant = directory_tenant(node, body.tenant);
    if (!is_welcome(door, request, tenant))
        return;
    if (body.renewal.len > 0) {
        renew(door, &body);
        return;
    }
    uint64_t wait_ms = limits_address_wait_ms(node, request->address);
    if (wait_ms > 0) {
        door_refuse_later(door, 429, PROTO_ERROR_RATE_LIMITED, wait_ms);
        return;
    }
    struct visit *pending = calloc(1, sizeof *pending);
    check(pending != NULL);
    pending->door = *door;
    id_set(&pending->tenant, tenant->id);
    struct contact_birth birth = {.name = body.name,
            .channel = SLICE_OF("web"),
            .language = body.language,
            .page = body.page};
    contact_create(node, tenant, &birth, on_contact, pending);
}

/* ---- agents -----------------------------------------------------------------------------------
 */

struct slice once_key(struct node *node, struct slice code, char out[64])
{
    uint8_t digest[16];
    char text[32];
    struct buffer key = buffer_make(out, 64);
    crypto_mac(node->settings->master_key, "once", code, digest, sizeof digest);
    buffer_put_slice(&key, SLICE_OF("once:"));
    buffer_put(&key, text, base32_write(digest, sizeof digest, text));
    return buffer_slice(&key);
}

void once_make(struct node *node, struct once *once, store_done done, void *user)
{
    uint8_t random[16];
    char key[64], value_bytes[2 * ID_MAX + 2];
    struct buffer value = buffer_make(value_bytes, sizeof value_bytes);
    node->random->fill(node->random, random, sizeof random);
    once->code_len = base32_write(random, sizeof random, once->code);
    buffer_put_slice(&value, once->tenant);
    buffer_put_char(&value, '/');
    buffer_put_slice(&value, once->agent);
    struct slice code = slice_make(once->code, once->code_len);
    node->store->ops->put(
            node->store, once_key(node, code, key), buffer_slice(&value), once->ttl_ms, done, user);
}

static void answer_agent(struct door *door, struct slice tenant_id, struct slice agent_id)
{
    const struct tenant *tenant = directory_tenant(door->node, tenant_id);
    const struct agent_profile *agent = directory_agent(door->node, tenant_id, agent_id);
    if (tenant == NULL || agent == NULL) {
        door_refuse(door, 401, PROTO_ERROR_UNAUTHENTICATED, NULL);
        return;
    }
    struct credential credential = {
            .role = CREDENTIAL_AGENT, .tenant = tenant, .subject = agent->id, .name = agent->name};
    answer_session(door, &credential);
}

static void on_code(void *user, const struct store_reply *reply)
{
    struct door *door = user;
    const char *slash =
            reply->outcome == STORE_OK ? memchr(reply->value.bytes, '/', reply->value.len) : NULL;
    if (slash != NULL) {
        size_t len = (size_t)(slash - reply->value.bytes);
        answer_agent(door, slice_make(reply->value.bytes, len),
                slice_make(slash + 1, reply->value.len - len - 1));
    } else if (reply->outcome == STORE_ABSENT) {
        door_refuse(door, 401, PROTO_ERROR_UNAUTHENTICATED,
                "This link was used already, or is too old: ask for a new one.");
    } else {
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
    }
    free(door);
}

static void renew_agent(struct door *door, struct slice renewal)
{
    char scratch[TOKEN_MAX];
    struct credential credential;
    enum credential_fault fault = renewal_check(
            door->node, renewal, "renewal-agent", scratch, sizeof scratch, &credential);
    if (fault == CREDENTIAL_GOOD)
        answer_agent(door, credential.tenant->id, credential.subject);
    else
        door_refuse(door, 401,
                fault == CREDENTIAL_EXPIRED ? PROTO_ERROR_TOKEN_EXPIRED
                                            : PROTO_ERROR_UNAUTHENTICATED,
                NULL);
}

static void enter_agent(struct door *door, const struct http_request *request)
{
    struct agent_request body;
    struct node *node = door->node;
    char key[64];
    if (!door_read(door, request, &agent_request_shape, &body))
        return;
    if (body.code.len == 0) {
        renew_agent(door, body.renewal);
        return;
    }
    uint64_t wait_ms = limits_address_wait_ms(node, request->address);
    if (wait_ms > 0) {
        door_refuse_later(door, 429, PROTO_ERROR_RATE_LIMITED, wait_ms);
        return;
    }
    struct door *pending = calloc(1, sizeof *pending);
    check(pending != NULL);
    *pending = *door;
    node->store->ops->take(node->store, once_key(node, body.code, key), on_code, pending);
}

bool door_sessions(struct door *door, const struct http_request *request)
{
    bool is_visit = slice_is(request->path, "/v1/sessions");
    if (!is_visit && !slice_is(request->path, "/v1/agents/sessions"))
        return false;
    if (request->method != HTTP_POST)
        door_refuse(door, 405, PROTO_ERROR_BAD_REQUEST, "This address takes POST only.");
    else if (is_visit)
        visit(door, request);
    else
        enter_agent(door, request);
    return true;
}
