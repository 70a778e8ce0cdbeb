/* SPDX-License-Identifier: Apache-2.0 */
/* The admin doors for tenants and keys, and what they share with that for agents (door_agents.c).
 *
 *   POST   /v1/admin/tenants              {id?, name, origins[]}   -> {tenant, signing_secret}
 *          the same with the id of one    {id}                     -> its signing_secret again
 *   DELETE /v1/admin/tenants/T            erases all its conversations, then the tenant
 *   POST   /v1/admin/tenants/T/agents     door_agents.c
 *   POST   /v1/admin/tenants/T/keys       {role, name}             -> {key}
 *
 * Invariant: a change is answered once it is in the directory log. Secrets are never stored: of a
 * key only the hash is, and a signing secret is derived anew.
 */
#include "flow/door_admin.h"
#include "base/check.h"
#include "flow/credentials.h"
#include "flow/erase.h"
#include "flow/tenant_keys.h"

#include <stdio.h>
#include <stdlib.h>

enum { NEW_ID_BYTES = 5 };

static const struct proto_field skill_fields[] = {
        PROTO_STR(struct skill_body, name, REQUIRED, POOL_WORD_MAX),
        PROTO_U64(struct skill_body, level, OPTIONAL, POOL_LEVEL_MAX),
};
static const struct proto_shape skill_shape = PROTO_SHAPE(struct skill_body, skill_fields);
static const struct proto_field channel_fields[] = {
        PROTO_STR(struct channel_body, name, REQUIRED, POOL_WORD_MAX),
        PROTO_U64(struct channel_body, weight, REQUIRED, POOL_WEIGHT_FULL),
};
static const struct proto_shape channel_shape = PROTO_SHAPE(struct channel_body, channel_fields);
static const struct proto_field admin_fields[] = {
        PROTO_STR(struct admin_body, id, OPTIONAL, 32),
        PROTO_STR(struct admin_body, name, OPTIONAL, DISPLAY_NAME_MAX),
        PROTO_STR(struct admin_body, role, OPTIONAL, 16),
        PROTO_STR_LIST(struct admin_body, origins, OPTIONAL, TENANT_ORIGINS_MAX, 256),
        PROTO_OBJECT_LIST(struct admin_body, skills, OPTIONAL, AGENT_SKILLS_MAX, struct skill_body,
                &skill_shape),
        PROTO_STR_LIST(
                struct admin_body, languages, OPTIONAL, AGENT_LANGUAGES_MAX, POOL_LANGUAGE_MAX),
        PROTO_U64(struct admin_body, capacity, OPTIONAL, POOL_CAPACITY_MAX),
        PROTO_STR_LIST(struct admin_body, queues, OPTIONAL, AGENT_QUEUES_MAX, POOL_WORD_MAX),
        PROTO_OBJECT_LIST(struct admin_body, channels, OPTIONAL, POOL_CHANNELS_MAX,
                struct channel_body, &channel_shape),
        PROTO_STR(struct admin_body, shift, OPTIONAL, POOL_WORD_MAX),
        PROTO_BOOL(struct admin_body, auto_accept, OPTIONAL),
        PROTO_BOOL(struct admin_body, supervisor, OPTIONAL),
};
static const struct proto_shape admin_shape = PROTO_SHAPE(struct admin_body, admin_fields);
static const struct proto_field answer_fields[] = {
        PROTO_STR(struct admin_answer, tenant, OPTIONAL, 64),
        PROTO_STR(struct admin_answer, signing_secret, OPTIONAL, 256),
        PROTO_STR(struct admin_answer, agent, OPTIONAL, 64),
        PROTO_STR(struct admin_answer, code, OPTIONAL, 64),
        PROTO_STR(struct admin_answer, link, OPTIONAL, 512),
        PROTO_STR(struct admin_answer, key, OPTIONAL, 256),
};
static const struct proto_shape answer_shape = PROTO_SHAPE(struct admin_answer, answer_fields);

void admin_answer_send(struct door *door, int status, const struct admin_answer *answer)
{
    door_answer(door, status, &answer_shape, answer);
}

bool admin_id_is_plain(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-", id.bytes[i], 37) == NULL)
            return false;
    return id.len > 0 && id.len <= 32;
}

struct admin_change *admin_change_make(
        struct door *door, enum directory_kind kind, struct slice tenant)
{
    struct admin_change *change = calloc(1, sizeof *change);
    check(change != NULL);
    change->door = *door;
    arena_init(&change->arena, change->bytes, sizeof change->bytes);
    change->value.kind = kind;
    change->value.tenant = arena_copy(&change->arena, tenant);
    change->change.value = &change->value;
    return change;
}

struct slice admin_choose_id(struct admin_change *change, const char *prefix, struct slice wanted)
{
    struct node *node = change->door.node;
    uint8_t random[NEW_ID_BYTES];
    if (wanted.len > 0)
        return arena_copy(&change->arena, wanted);
    node->random->fill(node->random, random, sizeof random);
    size_t len = (size_t)snprintf(change->id_bytes, sizeof change->id_bytes, "%s", prefix);
    change->id_len = len + base32_write(random, sizeof random, change->id_bytes + len);
    return slice_make(change->id_bytes, change->id_len);
}

bool admin_is_good(struct admin_change *change, enum log_outcome outcome)
{
    if (outcome == LOG_APPENDED)
        return true;
    if (outcome == LOG_REFUSED)
        door_refuse(&change->door, 409, PROTO_ERROR_CONFLICT, NULL);
    else
        door_refuse_outcome(&change->door, outcome, REFUSAL_NONE);
    free(change);
    return false;
}

/* ---- tenants ----------------------------------------------------------------------------------
 */

static void answer_tenant(struct door *door, int status, const struct tenant *tenant)
{
    uint8_t secret[SIGNING_SECRET_SIZE];
    char text[SIGNING_SECRET_SIZE * 2];
    tenant_brand_secret(door->node->settings->master_key, tenant, secret);
    struct admin_answer answer = {.tenant = tenant->id,
            .signing_secret = slice_make(text, base64url_write(secret, sizeof secret, text))};
    admin_answer_send(door, status, &answer);
    memset(secret, 0, sizeof secret);
}

static void on_tenant(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    if (!admin_is_good(change, outcome))
        return;
    const struct tenant *tenant = directory_tenant(change->door.node, change->value.tenant);
    if (tenant != NULL)
        answer_tenant(&change->door, 201, tenant);
    else /* it was removed in the same moment */
        door_refuse(&change->door, 404, PROTO_ERROR_NOT_FOUND, NULL);
    free(change);
}

static void make_tenant(struct door *door, const struct admin_body *body)
{
    if (body->id.len > 0 && !admin_id_is_plain(body->id)) {
        door_refuse(
                door, 400, PROTO_ERROR_BAD_REQUEST, "An id has a-z, 0-9 and dashes, at most 32.");
        return;
    }
    const struct tenant *known = directory_tenant(door->node, body->id);
    if (known != NULL && body->name.len == 0) { /* only its secret is asked for */
        answer_tenant(door, 200, known);
        return;
    }
    struct admin_change *change = admin_change_make(door, DIRECTORY_TENANT, SLICE_NONE);
    change->value.tenant = admin_choose_id(change, "t", body->id);
    change->value.name = arena_copy(&change->arena, body->name);
    change->value.text_count = body->origins_count;
    for (size_t i = 0; i < body->origins_count; i++)
        change->value.texts[i] = arena_copy(&change->arena, body->origins[i]);
    change->change.done = on_tenant;
    directory_submit(door->node, &change->change);
}

static void on_tenant_gone(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    if (!admin_is_good(change, outcome))
        return;
    erase_tenant_rest(change->door.node, change->value.tenant);
    door_answer(&change->door, 204, NULL, NULL);
    free(change);
}

static void on_tenant_erased(void *user, enum erase_outcome outcome)
{
    struct admin_change *change = user;
    if (outcome == ERASE_DONE) {
        directory_submit(change->door.node, &change->change);
        return;
    }
    door_refuse_later(&change->door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 1000);
    free(change);
}

static void remove_tenant(struct door *door, struct slice tenant)
{
    struct admin_change *change = admin_change_make(door, DIRECTORY_TENANT_GONE, tenant);
    change->change.done = on_tenant_gone;
    erase_tenant(door->node, change->value.tenant, on_tenant_erased, change);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static void on_key(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    char key[256];
    if (!admin_is_good(change, outcome))
        return;
    int len = snprintf(key, sizeof key, "wk_%.*s_%.*s_%.*s", SLICE_ARGS(change->value.tenant),
            SLICE_ARGS(change->value.id), (int)change->secret_len, change->secret);
    struct admin_answer answer = {.key = slice_make(key, (size_t)len)};
    admin_answer_send(&change->door, 201, &answer);
    memset(change->secret, 0, sizeof change->secret);
    free(change);
}

static void make_key(struct door *door, struct slice tenant, const struct admin_body *body)
{
    uint8_t random[20];
    struct node *node = door->node;
    bool is_role = slice_is(body->role, "bot") || slice_is(body->role, "service");
    if (!is_role || body->name.len == 0 || body->name.len > ID_MAX) {
        door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST,
                "A key has a role, bot or service, and a name.");
        return;
    }
    struct admin_change *change = admin_change_make(door, DIRECTORY_KEY, tenant);
    node->random->fill(node->random, random, sizeof random);
    change->secret_len = base32_write(random, sizeof random, change->secret);
    key_hash(node, slice_make(change->secret, change->secret_len), change->hash);
    change->value.id = admin_choose_id(change, "k", SLICE_NONE);
    change->value.name = arena_copy(&change->arena, body->name);
    change->value.role = arena_copy(&change->arena, body->role);
    change->value.hash = slice_make(change->hash, sizeof change->hash);
    change->change.done = on_key;
    directory_submit(node, &change->change);
}

/* ---- ways -------------------------------------------------------------------------------------
 */

bool door_is_admin(struct door *door, const struct http_request *request)
{
    struct slice token = door->node->settings->admin_token, given = door_bearer(request);
    if (token.len > 0 && given.len == token.len &&
            crypto_equal(given.bytes, token.bytes, token.len))
        return true;
    door_refuse(door, 401, PROTO_ERROR_UNAUTHENTICATED, "The admin token is missing or wrong.");
    return false;
}

static void for_tenant(struct door *door, const struct http_request *request, struct slice rest)
{
    struct admin_body body;
    const char *slash = rest.len ? memchr(rest.bytes, '/', rest.len) : NULL;
    size_t len = slash ? (size_t)(slash - rest.bytes) : rest.len;
    struct slice tenant = slice_make(rest.bytes, len);
    struct slice what = slash ? slice_make(slash + 1, rest.len - len - 1) : SLICE_NONE;
    bool is_post = request->method == HTTP_POST;
    if (directory_tenant(door->node, tenant) == NULL)
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, "There is no such tenant.");
    else if (what.len == 0 && request->method == HTTP_DELETE)
        remove_tenant(door, tenant);
    else if (!is_post || (!slice_is(what, "agents") && !slice_is(what, "keys")))
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, NULL);
    else if (!door_read(door, request, &admin_shape, &body))
        return;
    else if (slice_is(what, "agents"))
        door_make_agent(door, tenant, &body);
    else
        make_key(door, tenant, &body);
}

bool door_admin(struct door *door, const struct http_request *request)
{
    struct slice tenants = SLICE_OF("/v1/admin/tenants");
    struct admin_body body;
    if (!slice_starts_with(request->path, SLICE_OF("/v1/admin/")))
        return false;
    if (!door_is_admin(door, request))
        return true;
    if (slice_equal(request->path, tenants) && request->method == HTTP_POST) {
        if (door_read(door, request, &admin_shape, &body))
            make_tenant(door, &body);
        return true;
    }
    if (!slice_starts_with(request->path, tenants) || request->path.len <= tenants.len + 1 ||
            request->path.bytes[tenants.len] != '/')
        return false;
    for_tenant(door, request,
            slice_make(request->path.bytes + tenants.len + 1, request->path.len - tenants.len - 1));
    return true;
}
