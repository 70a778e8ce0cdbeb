/* SPDX-License-Identifier: Apache-2.0 */
/* The admin doors for tenants, agents and keys.
 *
 *   POST   /v1/admin/tenants              {id?, name, origins[]}   -> {tenant, signing_secret}
 *          the same with the id of one    {id}                     -> its signing_secret again
 *   DELETE /v1/admin/tenants/T            erases all its conversations, then the tenant
 *   POST   /v1/admin/tenants/T/agents     {id?, name, skills[], …} -> {agent, code, link}
 *          of one who exists: what is not said stays; nothing said: a fresh code
 *   POST   /v1/admin/tenants/T/keys       {role, name}             -> {key}
 *
 * Invariant: a change is answered once it is in the directory log. Secrets are never stored: of a
 * key only the hash is, and a signing secret is derived anew.
 */
#include "base/check.h"
#include "flow/credentials.h"
#include "flow/directory_changes.h"
#include "flow/door.h"
#include "flow/erase.h"
#include "flow/tenant_keys.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINK_TTL_MS = 24 * 60 * 60 * 1000, AGENT_CAPACITY_DEFAULT = 4, NEW_ID_BYTES = 5 };

struct skill_body {
    struct slice name;
    bool has_level;
    uint64_t level;
};

struct channel_body {
    struct slice name;
    uint64_t weight;
};

struct admin_body {
    struct slice id, name, role, shift;
    const struct slice *origins;
    size_t origins_count;
    const struct skill_body *skills;
    size_t skills_count;
    const struct slice *languages;
    size_t languages_count;
    bool has_capacity;
    uint64_t capacity;
    const struct slice *queues;
    size_t queues_count;
    const struct channel_body *channels;
    size_t channels_count;
    bool has_auto_accept, auto_accept, has_supervisor, supervisor;
};

struct admin_answer {
    struct slice tenant, signing_secret, agent, code, link, key;
};

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

/* A change of the directory with its answer: it keeps the request's bytes. */
struct admin_change {
    struct directory_change change;
    struct door door;
    struct directory_value value;
    unsigned said; /* of an agent: a bit a setting */
    char id_bytes[40], secret[64];
    struct once once;
    size_t id_len, secret_len;
    uint8_t hash[KEY_HASH_SIZE];
    struct arena arena;
    _Alignas(16) uint8_t bytes[8192];
};

static bool is_plain_id(struct slice id)
{
    for (size_t i = 0; i < id.len; i++)
        if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-", id.bytes[i], 37) == NULL)
            return false;
    return id.len > 0 && id.len <= 32;
}

static struct admin_change *make_change(
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

/* The id asked for, or a new one with this prefix. */
static struct slice choose_id(struct admin_change *change, const char *prefix, struct slice wanted)
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

static bool is_good(struct admin_change *change, enum log_outcome outcome)
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
    door_answer(door, status, &answer_shape, &answer);
    memset(secret, 0, sizeof secret);
}

static void on_tenant(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    if (!is_good(change, outcome))
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
    if (body->id.len > 0 && !is_plain_id(body->id)) {
        door_refuse(
                door, 400, PROTO_ERROR_BAD_REQUEST, "An id has a-z, 0-9 and dashes, at most 32.");
        return;
    }
    const struct tenant *known = directory_tenant(door->node, body->id);
    if (known != NULL && body->name.len == 0) { /* only its secret is asked for */
        answer_tenant(door, 200, known);
        return;
    }
    struct admin_change *change = make_change(door, DIRECTORY_TENANT, SLICE_NONE);
    change->value.tenant = choose_id(change, "t", body->id);
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
    if (!is_good(change, outcome))
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
    struct admin_change *change = make_change(door, DIRECTORY_TENANT_GONE, tenant);
    change->change.done = on_tenant_gone;
    erase_tenant(door->node, change->value.tenant, on_tenant_erased, change);
}

/* ---- agents -----------------------------------------------------------------------------------
 */

static void on_code_kept(void *user, const struct store_reply *reply)
{
    struct admin_change *change = user;
    char link[512];
    if (reply->outcome != STORE_OK) {
        door_refuse_later(&change->door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
        free(change);
        return;
    }
    int len = snprintf(link, sizeof link, "%.*s/desk/#code=%.*s",
            SLICE_ARGS(change->door.node->settings->public_url), (int)change->once.code_len,
            change->once.code);
    struct admin_answer answer = {.agent = change->value.id,
            .code = slice_make(change->once.code, change->once.code_len),
            .link = slice_make(link, (size_t)len)};
    door_answer(&change->door, 201, &answer_shape, &answer);
    free(change);
}

static void make_code(struct admin_change *change)
{
    change->once = (struct once){
            .tenant = change->value.tenant, .agent = change->value.id, .ttl_ms = LINK_TTL_MS};
    once_make(change->door.node, &change->once, on_code_kept, change);
}

static void on_agent(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    if (is_good(change, outcome))
        make_code(change);
}

/* What was not said of an agent who exists stays as it is when the entry is made. */
static void keep_unsaid(struct directory_change *directory_change)
{
    static const struct agent_profile nobody = {.capacity = AGENT_CAPACITY_DEFAULT};
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    struct directory_value *value = &change->value;
    const struct agent_profile *known =
            directory_agent(change->door.node, value->tenant, value->id);
    for (unsigned at = 0; at < AGENT_SETTINGS; at++)
        if ((change->said >> at & 1) == 0)
            directory_take_setting(value, known ? known : &nobody, (enum agent_setting)at);
}

static bool has_list(const void *items, size_t count)
{
    return items != NULL || count > 0; /* an empty list that was given is not NULL */
}

/* A bit for each setting of an agent that the body speaks of. */
static unsigned settings_said(const struct admin_body *body)
{
    const bool said[AGENT_SETTINGS] = {
            [AGENT_NAME] = body->name.len > 0,
            [AGENT_SKILLS] = has_list(body->skills, body->skills_count),
            [AGENT_LANGUAGES] = has_list(body->languages, body->languages_count),
            [AGENT_CAPACITY] = body->has_capacity,
            [AGENT_QUEUES] = has_list(body->queues, body->queues_count),
            [AGENT_CHANNELS] = has_list(body->channels, body->channels_count),
            [AGENT_SHIFT] = body->shift.bytes != NULL, /* an empty text takes it away */
            [AGENT_AUTO_ACCEPT] = body->has_auto_accept,
            [AGENT_SUPERVISOR] = body->has_supervisor,
    };
    unsigned bits = 0;
    for (unsigned at = 0; at < AGENT_SETTINGS; at++)
        bits |= (unsigned)said[at] << at;
    return bits;
}

static void take_agent(struct admin_change *change, const struct admin_body *body)
{
    struct directory_value *value = &change->value;
    struct arena *arena = &change->arena;
    value->name = arena_copy(arena, body->name);
    value->number = body->capacity;
    value->shift = arena_copy(arena, body->shift);
    value->auto_accept = body->auto_accept;
    value->is_supervisor = body->supervisor;
    value->skill_count = body->skills_count;
    for (size_t i = 0; i < body->skills_count; i++) {
        value->skills[i].name = arena_copy(arena, body->skills[i].name);
        value->skills[i].level =
                body->skills[i].has_level ? (uint32_t)body->skills[i].level : POOL_LEVEL_MAX;
    }
    value->queue_count = body->queues_count;
    for (size_t i = 0; i < body->queues_count; i++)
        value->queues[i] = arena_copy(arena, body->queues[i]);
    value->channel_count = body->channels_count;
    for (size_t i = 0; i < body->channels_count; i++) {
        value->channels[i].name = arena_copy(arena, body->channels[i].name);
        value->channels[i].weight = (uint32_t)body->channels[i].weight;
    }
    value->text_count = body->languages_count;
    for (size_t i = 0; i < body->languages_count; i++)
        value->texts[i] = arena_copy(arena, body->languages[i]);
}

static void make_agent(struct door *door, struct slice tenant, const struct admin_body *body)
{
    const struct agent_profile *known = directory_agent(door->node, tenant, body->id);
    if ((body->id.len > 0 && !is_plain_id(body->id)) || (known == NULL && body->name.len == 0)) {
        door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST,
                "A new agent has a name, and an id of a-z, 0-9 and dashes.");
        return;
    }
    struct admin_change *change = make_change(door, DIRECTORY_AGENT, tenant);
    change->value.id = choose_id(change, "ag", body->id);
    change->said = settings_said(body);
    if (change->said == 0) { /* only a fresh code is asked for */
        make_code(change);
        return;
    }
    take_agent(change, body);
    change->change.complete = keep_unsaid;
    change->change.done = on_agent;
    directory_submit(door->node, &change->change);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static void on_key(struct directory_change *directory_change, enum log_outcome outcome)
{
    struct admin_change *change = LIST_ITEM(directory_change, struct admin_change, change);
    char key[256];
    if (!is_good(change, outcome))
        return;
    int len = snprintf(key, sizeof key, "wk_%.*s_%.*s_%.*s", SLICE_ARGS(change->value.tenant),
            SLICE_ARGS(change->value.id), (int)change->secret_len, change->secret);
    struct admin_answer answer = {.key = slice_make(key, (size_t)len)};
    door_answer(&change->door, 201, &answer_shape, &answer);
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
    struct admin_change *change = make_change(door, DIRECTORY_KEY, tenant);
    node->random->fill(node->random, random, sizeof random);
    change->secret_len = base32_write(random, sizeof random, change->secret);
    key_hash(node, slice_make(change->secret, change->secret_len), change->hash);
    change->value.id = choose_id(change, "k", SLICE_NONE);
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
        make_agent(door, tenant, &body);
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
