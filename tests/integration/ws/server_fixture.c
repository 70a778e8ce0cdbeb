/* SPDX-License-Identifier: Apache-2.0 */
/* The recording flows behind the WebSocket tests.
 *
 * Invariant: an event inside a call of peers_ops fails the test at once.
 */
#include "server_fixture.h"

#include "lib/test.h"

#include <stdarg.h>
#include <stdlib.h>

static void note_event(struct server_fixture *fixture, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void note_event(struct server_fixture *fixture, const char *format, ...)
{
    va_list values;
    expect(!fixture->is_inside_call);
    if (fixture->events_len > EVENTS_MAX - 128)
        return;
    va_start(values, format);
    fixture->events_len +=
            (size_t)vsnprintf(fixture->events + fixture->events_len, 128, format, values);
    va_end(values);
}

static bool may_open(void *user, const struct peer_info *info)
{
    (void)user;
    return !slice_is(info->origin, "https://evil.example");
}

static void on_opened(void *user, struct peer peer, const struct peer_info *info)
{
    struct server_fixture *fixture = user;
    fixture->opened++;
    fixture->last_peer = peer;
    note_event(fixture, "opened(%s,%.*s) ", info->codec == PEER_JSON ? "json" : "msgpack",
            SLICE_ARGS(info->origin));
}

static void on_frame(void *user, struct peer peer, char *bytes, size_t len)
{
    struct server_fixture *fixture = user;
    fixture->frames++;
    note_event(fixture, "frame(%zu) ", len);
    if (fixture->is_silent)
        return;
    fixture->is_inside_call = true;
    fixture->peers->ops->send(fixture->peers, peer, bytes, len);
    fixture->is_inside_call = false;
    memset(bytes, 'x', len); /* the reader may write over it */
}

static void on_fault(void *user, struct peer peer, enum peer_fault fault)
{
    (void)peer;
    note_event(user, "fault(%d) ", (int)fault);
}

static void on_writable(void *user, struct peer peer)
{
    struct server_fixture *fixture = user;
    (void)peer;
    fixture->writable++;
    note_event(fixture, "writable ");
}

static void on_closed(void *user, struct peer peer)
{
    struct server_fixture *fixture = user;
    fixture->closed++;
    note_event(fixture, "closed ");
    expect(!fixture->peers->ops->send(fixture->peers, peer, "late", 4));
    expect_u64(fixture->peers->ops->room(fixture->peers, peer), 0);
}

static void on_request(
        void *user, struct http_exchange exchange, const struct http_request *request)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "OTHER"};
    struct server_fixture *fixture = user;
    fixture->last_exchange = exchange;
    note_event(fixture, "request ");
    snprintf(fixture->last_request, sizeof fixture->last_request,
            "%s %.*s?%.*s %.*s %.*s %.*s %.*s", methods[request->method], SLICE_ARGS(request->path),
            SLICE_ARGS(request->query), SLICE_ARGS(request->host), SLICE_ARGS(request->origin),
            SLICE_ARGS(request->authorization),
            request->body.len < 64 ? (int)request->body.len : 64,
            request->body.len ? request->body.bytes : "");
    snprintf(fixture->last_address, sizeof fixture->last_address, "%.*s",
            SLICE_ARGS(request->address));
    fixture->stream_len = 0;
    if (fixture->reply_len > 0) {
        struct http_reply head = {200, SLICE_OF("text/plain"), SLICE_NONE, SLICE_NONE};
        fixture->http->ops->reply_begin(fixture->http, exchange, &head, fixture->reply_len);
        return;
    }
    if (fixture->is_holding)
        return;
    if (request->body_len > 0) {
        fixture->http->ops->read_body(fixture->http, exchange);
        return;
    }
    char body[64];
    int len = snprintf(body, sizeof body, "{\"bytes\":%zu}", request->body.len);
    struct http_reply reply = {
            200, SLICE_OF("application/json"), fixture->extra_headers, {body, (size_t)len}};
    fixture->http->ops->reply(fixture->http, exchange, &reply);
}

static void on_body(void *user, struct http_exchange exchange, struct slice piece, bool is_last)
{
    struct server_fixture *fixture = user;
    char body[64];
    for (size_t i = 0; i < piece.len; i++)
        expect(piece.bytes[i] == (char)('a' + (fixture->stream_len + i) % 23));
    fixture->stream_len += piece.len;
    if (!is_last && fixture->is_holding)
        return;
    if (!is_last) {
        fixture->http->ops->read_body(fixture->http, exchange);
        return;
    }
    int len = snprintf(body, sizeof body, "{\"bytes\":%zu}", fixture->stream_len);
    struct http_reply reply = {201, SLICE_OF("application/json"), SLICE_NONE, {body, (size_t)len}};
    fixture->http->ops->reply(fixture->http, exchange, &reply);
}

static void on_room(void *user, struct http_exchange exchange)
{
    struct server_fixture *fixture = user;
    char piece[10000];
    size_t left = fixture->reply_len - fixture->stream_len;
    size_t len = left < sizeof piece ? left : sizeof piece;
    for (size_t i = 0; i < len; i++)
        piece[i] = (char)('a' + (fixture->stream_len + i) % 23);
    fixture->stream_len += len;
    fixture->http->ops->reply_piece(fixture->http, exchange, slice_make(piece, len));
}

static void on_gone(void *user, struct http_exchange exchange)
{
    (void)exchange;
    note_event(user, "gone ");
}

struct server_fixture *fixture_start(const struct ws_options *options)
{
    static const struct peer_events peer_events = {
            may_open, on_opened, on_frame, on_fault, on_writable, on_closed};
    static const struct http_events http_events = {on_request, on_body, on_room, on_gone};
    struct ws_failure failure;
    struct server_fixture *fixture = calloc(1, sizeof *fixture);
    struct ws_handlers handlers = {&peer_events, fixture, &http_events, fixture};
    expect(fixture != NULL);
    fixture->loop = loop_create();
    fixture->server = ws_server_create(fixture->loop, options, &handlers, &failure);
    test_note("%s", fixture->server ? "" : failure.sentence);
    expect(fixture->server != NULL);
    fixture->peers = ws_server_peers(fixture->server);
    fixture->http = ws_server_http(fixture->server);
    fixture->port = ws_server_port(fixture->server);
    expect(fixture->port != 0);
    return fixture;
}

void fixture_stop(struct server_fixture *fixture)
{
    ws_server_destroy(fixture->server);
    expect_u64(fixture->closed, fixture->opened);
    loop_destroy(fixture->loop);
    free(fixture);
}

bool fixture_send(struct server_fixture *fixture, struct peer peer, const char *text)
{
    fixture->is_inside_call = true;
    bool is_sent = fixture->peers->ops->send(fixture->peers, peer, text, strlen(text));
    fixture->is_inside_call = false;
    return is_sent;
}

void fixture_close_peer(
        struct server_fixture *fixture, struct peer peer, uint16_t code, const char *reason)
{
    fixture->is_inside_call = true;
    fixture->peers->ops->close(fixture->peers, peer, code, slice_of_string(reason));
    fixture->is_inside_call = false;
}

struct closed_wish {
    struct server_fixture *fixture;
    uint32_t closed;
};

static bool has_closed(void *user)
{
    struct closed_wish *wish = user;
    return wish->fixture->closed >= wish->closed;
}

void fixture_await_closed(struct server_fixture *fixture, uint32_t closed)
{
    struct closed_wish wish = {fixture, closed};
    turn_until(fixture->loop, has_closed, &wish, "the peers are closed");
}

void fixture_expect_events(struct server_fixture *fixture, const char *events)
{
    expect_text(slice_make(fixture->events, fixture->events_len), events);
}
