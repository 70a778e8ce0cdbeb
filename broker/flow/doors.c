/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP doors: which request goes where, and how answers look.
 *
 * Invariant: every request is answered once; errors have the schema's codes, a sentence, and say
 * whether a retry is safe. The admin doors ask for their token before they look at anything else.
 */
#include "flow/door.h"

#include "base/check.h"
#include "flow/directory.h"
#include "flow/files.h"
#include "flow/members.h"

#include <stdio.h>
#include <stdlib.h>

struct doors {
    struct node *node;
};

struct error_body {
    struct slice code, message;
    enum proto_retry retry;
    bool has_retry_after_ms;
    uint64_t retry_after_ms;
};

struct error_answer {
    struct error_body error;
};

struct status_answer {
    struct slice status;
};

static const struct proto_field error_body_fields[] = {
        PROTO_STR(struct error_body, code, REQUIRED, 64),
        PROTO_STR(struct error_body, message, REQUIRED, 256),
        PROTO_ENUM(struct error_body, retry, REQUIRED, enum proto_retry, &proto_retry_words),
        PROTO_U64(struct error_body, retry_after_ms, OPTIONAL, UINT64_MAX),
};
static const struct proto_shape error_body_shape =
        PROTO_SHAPE(struct error_body, error_body_fields);
static const struct proto_field error_fields[] = {
        PROTO_OBJECT(struct error_answer, error, REQUIRED, struct error_body, &error_body_shape),
};
static const struct proto_shape error_shape = PROTO_SHAPE(struct error_answer, error_fields);
static const struct proto_field status_fields[] = {
        PROTO_STR(struct status_answer, status, REQUIRED, 64),
};
static const struct proto_shape status_shape = PROTO_SHAPE(struct status_answer, status_fields);

/* ---- answers ----------------------------------------------------------------------------------
 */

struct slice door_origin_headers(const struct door *door, char *out, size_t capacity)
{
    if (door->origin_bytes[0] == '\0')
        return SLICE_NONE;
    int len = snprintf(out, capacity,
            "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n"
            "Access-Control-Allow-Headers: authorization, content-type\r\nAccess-Control-Max-Age: "
            "600\r\n",
            door->origin_bytes);
    return slice_make(out, (size_t)len);
}

void door_answer(struct door *door, int status, const struct proto_shape *shape, const void *value)
{
    struct node *node = door->node;
    char headers[512];
    struct buffer body = buffer_make(node->out, NODE_OUT_BYTES);
    if (shape != NULL)
        proto_shape_write(PROTO_JSON, shape, value, &body);
    check(!body.overflowed);
    struct http_reply reply = {status, shape ? SLICE_OF("application/json") : SLICE_NONE,
            door_origin_headers(door, headers, sizeof headers), buffer_slice(&body)};
    node->http->ops->reply(node->http, door->exchange, &reply);
}

static void refuse(struct door *door, int status, enum proto_error_code code, const char *sentence,
        uint64_t retry_after_ms)
{
    const struct proto_error_info *info = proto_error_info(code);
    struct error_answer answer = {{.code = info->code,
            .message = sentence ? slice_of_string(sentence) : info->message,
            .retry = info->retry,
            .has_retry_after_ms = retry_after_ms > 0,
            .retry_after_ms = retry_after_ms}};
    door_answer(door, status, &error_shape, &answer);
}

void door_refuse(struct door *door, int status, enum proto_error_code code, const char *sentence)
{
    refuse(door, status, code, sentence, 0);
}

void door_refuse_later(
        struct door *door, int status, enum proto_error_code code, uint64_t retry_after_ms)
{
    refuse(door, status, code, NULL, retry_after_ms);
}

void door_refuse_outcome(struct door *door, enum log_outcome outcome, enum refusal refusal)
{
    enum proto_error_code code = outcome_code(outcome, refusal);
    bool is_later = outcome == LOG_RETRY || outcome == LOG_FULL;
    bool is_gone = outcome == LOG_MISSING;
    refuse(door,
            is_later  ? 503
            : is_gone ? 404
                      : 409,
            code, NULL, outcome_wait_ms(door->node, outcome));
}

struct slice door_bearer(const struct http_request *request)
{
    struct slice scheme = SLICE_OF("Bearer "), given = request->authorization;
    return slice_starts_with(given, scheme)
                   ? slice_make(given.bytes + scheme.len, given.len - scheme.len)
                   : SLICE_NONE;
}

bool door_read(struct door *door, const struct http_request *request,
        const struct proto_shape *shape, void *out)
{
    struct proto_problem problem;
    struct arena *scratch = &door->node->scratch;
    struct slice body = request->body.len ? request->body : SLICE_OF("{}");
    struct slice copy = arena_copy(scratch, body);
    struct proto_source source = {
            PROTO_JSON, (char *)copy.bytes, copy.len, &proto_client_bounds, scratch};
    if (copy.bytes != NULL && proto_shape_read(&source, shape, out, &problem))
        return true;
    door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST, copy.bytes ? problem.message : NULL);
    return false;
}

/* ---- ways -------------------------------------------------------------------------------------
 */

static bool answer_health(struct door *door, const struct http_request *request)
{
    struct node *node = door->node;
    bool is_live = slice_is(request->path, "/healthz");
    if (!is_live && !slice_is(request->path, "/readyz"))
        return false;
    bool is_ready =
            node->is_open && !node->is_draining && node->store->ops->generation(node->store) != 0;
    struct status_answer answer = {is_live || is_ready ? SLICE_OF("ok") : SLICE_OF("unavailable")};
    door_answer(door, is_live || is_ready ? 200 : 503, &status_shape, &answer);
    return true;
}

static bool answer_preflight(struct door *door, const struct http_request *request)
{
    if (request->method != HTTP_OPTIONS)
        return false;
    door_answer(door, 204, NULL, NULL);
    return true;
}

static void answer(
        struct node *node, struct http_exchange exchange, const struct http_request *request)
{
    struct door door = {.node = node, .exchange = exchange};
    size_t mark = node->scratch.used;
    if (request->origin.len > 0 && directory_knows_origin(node, request->origin))
        snprintf(door.origin_bytes, sizeof door.origin_bytes, "%.*s", SLICE_ARGS(request->origin));
    if (!answer_health(&door, request) && !answer_preflight(&door, request)) {
        if (!node->is_open)
            door_refuse_later(&door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
        else if (!door_uploads(&door, request) && !door_downloads(&door, request) &&
                 !door_sessions(&door, request) && !door_journey(&door, request) &&
                 !door_records(&door, request) && !door_policy(&door, request) &&
                 !door_routing(&door, request) && !door_metrics(&door, request) &&
                 !door_admin(&door, request))
            door_refuse(&door, 404, PROTO_ERROR_NOT_FOUND, NULL);
    }
    node->scratch.used = mark;
}

/* ---- what another node has just made ----------------------------------------------------------
 */

/* A request that waits until the directory has been read. */
struct waiting_request {
    struct directory_look look;
    struct node *node;
    struct http_exchange exchange;
    struct http_request request;
    char bytes[];
};

static void on_looked(struct directory_look *look, bool is_fresh)
{
    struct waiting_request *waiting = LIST_ITEM(look, struct waiting_request, look);
    (void)is_fresh; /* if not, the doors say what is to be said of a store that is away */
    answer(waiting->node, waiting->exchange, &waiting->request);
    free(waiting);
}

static void answer_after_look(
        struct node *node, struct http_exchange exchange, const struct http_request *from)
{
    size_t len = from->path.len + from->query.len + from->origin.len + from->authorization.len +
                 from->host.len + from->address.len + from->body.len;
    struct waiting_request *waiting = malloc(sizeof *waiting + len);
    check(waiting != NULL);
    struct buffer out = buffer_make(waiting->bytes, len);
    *waiting = (struct waiting_request){.look.done = on_looked,
            .node = node,
            .exchange = exchange,
            .request = {.method = from->method, .body_len = from->body_len}};
    waiting->request.path = buffer_keep(&out, from->path);
    waiting->request.query = buffer_keep(&out, from->query);
    waiting->request.origin = buffer_keep(&out, from->origin);
    waiting->request.authorization = buffer_keep(&out, from->authorization);
    waiting->request.host = buffer_keep(&out, from->host);
    waiting->request.address = buffer_keep(&out, from->address);
    waiting->request.body = buffer_keep(&out, from->body);
    directory_look(node, &waiting->look);
}

/* What the doors say of tenants, agents and keys must be true of the directory as it is now. The
 * metrics are asked for while the store is away, too. */
static bool hangs_on_directory(const struct http_request *request)
{
    return slice_starts_with(request->path, SLICE_OF("/v1/")) && request->method != HTTP_OPTIONS &&
           !slice_is(request->path, "/v1/admin/metrics");
}

/* Whoever makes a tenant and then an agent of it may be led to two nodes: the second must know what
 * the first has written, whether or not a hint has told it yet, and whether or not it has yet seen
 * that there is a first. */
static void on_request(
        void *user, struct http_exchange exchange, const struct http_request *request)
{
    struct node *node = user;
    if (node->is_open && members_may_be_others(node) && hangs_on_directory(request))
        answer_after_look(node, exchange, request);
    else
        answer(node, exchange, request);
}

static void on_body(void *user, struct http_exchange exchange, struct slice piece, bool is_last)
{
    uploads_on_body(user, exchange, piece, is_last);
}

static void on_room(void *user, struct http_exchange exchange)
{
    downloads_on_room(user, exchange);
}

static void on_gone(void *user, struct http_exchange exchange)
{
    uploads_on_gone(user, exchange);
    downloads_on_gone(user, exchange);
}

const struct http_events node_http_events = {on_request, on_body, on_room, on_gone};

bool doors_create(struct node *node)
{
    node->doors = calloc(1, sizeof *node->doors);
    if (node->doors != NULL)
        node->doors->node = node;
    return node->doors != NULL;
}
