/* SPDX-License-Identifier: Apache-2.0 */
/* The made-up HTTP port.
 *
 * Invariant: as port/http.h says: a piece of a body comes for each read_body, room for each piece
 * of a reply; each exchange is answered once; nothing comes after on_gone.
 */
#include "fake_web.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

enum { DELAY_MS_MAX = 6 };
enum step { STEP_REQUEST, STEP_BODY, STEP_ROOM, STEP_GONE, STEP_DONE };

/* Something on its way to the node, or to the client. */
struct web_step {
    struct timer timer;
    struct fake_web *web;
    struct http_exchange exchange;
    enum step step;
};

/* NULL: it is over. */
static struct web_exchange *find(struct fake_web *web, struct http_exchange at)
{
    struct web_exchange *exchange = &web->exchanges[at.index];
    return exchange->is_open && exchange->generation == at.generation ? exchange : NULL;
}

static void close_exchange(struct web_exchange *exchange)
{
    free(exchange->reply);
    *exchange = (struct web_exchange){.generation = exchange->generation + 1};
}

static void tell_client(struct web_exchange *exchange, int status)
{
    struct web_call *call = exchange->call;
    struct slice body = slice_make(exchange->reply, exchange->reply_len);
    exchange->call = NULL;
    if (call == NULL)
        return;
    call->web = NULL;
    call->done(call, status, status != 0 ? body : SLICE_NONE);
}

static void give_piece(struct fake_web *web, struct web_exchange *exchange, struct http_exchange at)
{
    size_t left = exchange->body.len - exchange->sent;
    size_t len = 1 + fake_random_below(&web->random, WEB_PIECE_MAX);
    len = len < left ? len : left;
    struct slice piece = slice_make(exchange->body.bytes + exchange->sent, len);
    exchange->sent += len;
    web->events->on_body(web->user, at, piece, len == left);
}

static void give_request(
        struct fake_web *web, struct web_exchange *exchange, struct http_exchange at)
{
    struct http_request request = {.method = exchange->method,
            .path = slice_of_string(exchange->path),
            .query = slice_of_string(exchange->query),
            .authorization = slice_of_string(exchange->authorization),
            .body_len = exchange->body.len};
    web->events->on_request(web->user, at, &request);
}

static void on_step(struct timer *timer)
{
    struct web_step step = *LIST_ITEM(timer, struct web_step, timer);
    struct fake_web *web = step.web;
    struct web_exchange *exchange = find(web, step.exchange);
    free(LIST_ITEM(timer, struct web_step, timer));
    bool is_piece = step.step == STEP_BODY || step.step == STEP_ROOM;
    if (exchange == NULL || (is_piece && exchange->call == NULL))
        return;
    switch (step.step) {
    case STEP_REQUEST:
        give_request(web, exchange, step.exchange);
        break;
    case STEP_BODY:
        give_piece(web, exchange, step.exchange);
        break;
    case STEP_ROOM:
        web->events->on_room(web->user, step.exchange);
        break;
    case STEP_GONE:
        close_exchange(exchange);
        web->events->on_gone(web->user, step.exchange);
        break;
    case STEP_DONE:
        tell_client(exchange, exchange->status);
        close_exchange(exchange);
        break;
    }
}

static void go(struct fake_web *web, struct http_exchange at, enum step step)
{
    struct fake_timers *timers = step == STEP_DONE ? web->client_timers : web->node_timers;
    struct web_step *on_its_way = calloc(1, sizeof *on_its_way);
    check(on_its_way != NULL);
    *on_its_way = (struct web_step){{.on_due = on_step}, web, at, step};
    fake_timers_arm(timers, &on_its_way->timer,
            timers->clock->now_ms + 1 + fake_random_below(&web->random, DELAY_MS_MAX));
}

/* The client has gone; the node learns it once. */
static void leave(struct fake_web *web, struct http_exchange at)
{
    struct web_exchange *exchange = find(web, at);
    if (exchange != NULL && exchange->status == 0)
        go(web, at, STEP_GONE);
}

/* Now and then the line breaks instead. */
static void go_or_break(struct fake_web *web, struct http_exchange at, enum step step)
{
    struct web_exchange *exchange = find(web, at);
    if (exchange == NULL || exchange->call == NULL)
        return;
    if (fake_random_chance(&web->random, web->break_per_mille)) {
        tell_client(exchange, 0);
        leave(web, at);
    } else {
        go(web, at, step);
    }
}

/* ---- the port ---------------------------------------------------------------------------------
 */

static struct fake_web *web_of(struct http *http)
{
    return LIST_ITEM(http, struct fake_web, base);
}

static void keep_reply(struct web_exchange *exchange, struct slice bytes)
{
    exchange->reply = realloc(exchange->reply, exchange->reply_len + bytes.len + 1);
    check(exchange->reply != NULL);
    if (bytes.len > 0)
        memcpy(exchange->reply + exchange->reply_len, bytes.bytes, bytes.len);
    exchange->reply_len += bytes.len;
    exchange->reply[exchange->reply_len] = '\0';
}

static void reply(struct http *http, struct http_exchange at, const struct http_reply *what)
{
    struct web_exchange *exchange = find(web_of(http), at);
    if (exchange == NULL)
        return;
    check(exchange->status == 0 && exchange->expected == 0);
    exchange->status = what->status;
    keep_reply(exchange, what->body);
    go(web_of(http), at, STEP_DONE);
}

static void read_body(struct http *http, struct http_exchange at)
{
    go_or_break(web_of(http), at, STEP_BODY);
}

static void reply_begin(
        struct http *http, struct http_exchange at, const struct http_reply *what, uint64_t len)
{
    struct web_exchange *exchange = find(web_of(http), at);
    if (exchange == NULL)
        return;
    check(exchange->status == 0 && exchange->expected == 0 && what->status == 200 && len > 0);
    exchange->expected = len;
    go_or_break(web_of(http), at, STEP_ROOM);
}

static void reply_piece(struct http *http, struct http_exchange at, struct slice piece)
{
    struct web_exchange *exchange = find(web_of(http), at);
    if (exchange == NULL)
        return;
    check(piece.len > 0 && exchange->reply_len + piece.len <= exchange->expected);
    keep_reply(exchange, piece);
    if (exchange->reply_len < exchange->expected) {
        go_or_break(web_of(http), at, STEP_ROOM);
        return;
    }
    exchange->status = 200;
    go(web_of(http), at, STEP_DONE);
}

static void reply_cut(struct http *http, struct http_exchange at)
{
    struct web_exchange *exchange = find(web_of(http), at);
    if (exchange == NULL)
        return;
    tell_client(exchange, 0);
    close_exchange(exchange);
}

static const struct http_ops ops = {reply, read_body, reply_begin, reply_piece, reply_cut};

/* ---- clients ----------------------------------------------------------------------------------
 */

static void copy(char *out, struct slice from)
{
    check(from.len < WEB_TEXT_MAX);
    if (from.len > 0)
        memcpy(out, from.bytes, from.len);
    out[from.len] = '\0';
}

bool fake_web_ask(struct fake_web *web, struct web_call *call, const struct web_request *request)
{
    uint32_t i = 0;
    while (i < WEB_EXCHANGES && web->exchanges[i].is_open)
        i++;
    if (web->user == NULL || i == WEB_EXCHANGES)
        return false;
    struct web_exchange *exchange = &web->exchanges[i];
    exchange->is_open = true;
    exchange->call = call;
    exchange->method = request->method;
    exchange->body = request->body;
    copy(exchange->path, request->path);
    copy(exchange->query, request->query);
    copy(exchange->authorization, SLICE_OF("Bearer "));
    copy(exchange->authorization + 7, request->bearer);
    call->web = web;
    call->exchange = (struct http_exchange){i, exchange->generation};
    go(web, call->exchange, STEP_REQUEST);
    return true;
}

void fake_web_leave(struct web_call *call)
{
    struct fake_web *web = call->web;
    if (web == NULL)
        return;
    web->exchanges[call->exchange.index].call = NULL;
    call->web = NULL;
    leave(web, call->exchange);
}

void fake_web_init(struct fake_web *web, struct fake_timers *node_timers,
        struct fake_timers *client_timers, uint64_t seed)
{
    *web = (struct fake_web){
            .base.ops = &ops, .node_timers = node_timers, .client_timers = client_timers};
    fake_random_init(&web->random, seed);
}

void fake_web_serve(struct fake_web *web, const struct http_events *events, void *user)
{
    web->events = events;
    web->user = user;
    for (size_t i = 0; i < WEB_EXCHANGES && user == NULL; i++)
        if (web->exchanges[i].is_open) {
            tell_client(&web->exchanges[i], 0);
            close_exchange(&web->exchanges[i]);
        }
}
