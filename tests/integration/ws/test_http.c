/* SPDX-License-Identifier: Apache-2.0 */
/* Plain HTTP on real sockets: what reaches the flow, what is refused, and the assets. */
#include "server_fixture.h"

#include "lib/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct reply ask(struct server_fixture *fixture, const char *request, int status)
{
    struct client client = client_connect(fixture->loop, fixture->port);
    client_say(&client, request);
    struct reply reply = client_expect_reply(&client, status, strncmp(request, "HEAD", 4) == 0);
    client_close(&client);
    return reply;
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", test_folder(), name);
    FILE *file = fopen(path, "w");
    expect(file != NULL);
    fputs(text, file);
    fclose(file);
}

static struct server_fixture *start_with_assets(void)
{
    char path[512];
    const char *folder = test_folder();
    snprintf(path, sizeof path, "%s/desk", folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/assets", folder);
    mkdir(path, 0755);
    write_file("index.html", "<!doctype html><title>Demo</title>");
    write_file("desk/index.html", "<!doctype html><title>Desk</title>");
    write_file("weft.js", "export const loader = 1;");
    write_file("weft.js.gz", "(compressed)");
    write_file("assets/desk-4F2A91BC.js", "1");
    write_file("assets/desk-settings.js", "2");
    write_file("notes.xyz", "?");
    write_file(".secret", "hidden");
    snprintf(path, sizeof path, "%s/link.txt", folder);
    expect(symlink("/etc/passwd", path) == 0 || access(path, F_OK) == 0);
    return fixture_start(&(struct ws_options){.assets_folder = folder});
}

static void a_request_reaches_the_flow_whole(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    fixture->extra_headers = SLICE_OF("Access-Control-Allow-Origin: https://a.example\r\n");
    struct reply reply = ask(fixture,
            "POST /v1/sessions?a=1&b=2 HTTP/1.1\r\nHost: h.example\r\nOrigin: https://a.example\r\n"
            "Authorization: Bearer t0\r\nContent-Length: 15\r\n\r\n{\"tenant\":\"d\"}\n",
            200);
    expect_text(slice_of_string(fixture->last_request),
            "POST /v1/sessions?a=1&b=2 h.example https://a.example Bearer t0 {\"tenant\":\"d\"}\n");
    expect_text(reply.body, "{\"bytes\":15}");
    expect(reply_has(&reply, "Content-Type: application/json\r\n"));
    expect(reply_has(&reply, "X-Content-Type-Options: nosniff\r\n"));
    expect(reply_has(&reply, "Referrer-Policy: no-referrer\r\n"));
    expect(reply_has(&reply, "Cache-Control: no-store\r\n"));
    expect(reply_has(&reply, "Access-Control-Allow-Origin: https://a.example\r\n"));
    fixture_stop(fixture);
}

/* Each row: a request, its status, and what the flow saw of it (empty: nothing). */
static void requests_are_judged(void)
{
    static const struct {
        const char *request;
        int status;
        const char *seen;
    } rows[] = {
            {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200, "GET /healthz? x   "},
            {"GET /readyz HTTP/1.0\r\n\r\n", 200, "GET /readyz?    "},
            {"HEAD /v1/x HTTP/1.1\r\nHost: x\r\n\r\n", 200, "GET /v1/x? x   "},
            {"DELETE /v1/x HTTP/1.1\r\nHost: x\r\n\r\n", 200, "DELETE /v1/x? x   "},
            {"DELETE /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 200,
                    "DELETE /v1/x? x   ab"},
            {"OPTIONS /v1/x HTTP/1.1\r\nHost: x\r\nOrigin: o\r\n\r\n", 200, "OPTIONS /v1/x? x o  "},
            {"PUT /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200, "PUT /v1/x? x   "},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200,
                    "POST /v1/x? x   "},
            {"PATCH /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nz", 200,
                    "OTHER /v1/x? x   z"},
            {"GET /v1/../v1/y HTTP/1.1\r\nHost: x\r\n\r\n", 200, "GET /v1/y? x   "},
            {"GET /v1/a%20b HTTP/1.1\r\nHost: x\r\n\r\n", 200, "GET /v1/a b? x   "},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\n\r\n", 411, ""},
            {"PUT /v1/x HTTP/1.1\r\nHost: x\r\n\r\n", 411, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello", 400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nhello", 400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello", 400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: "
             "6\r\n\r\nhello",
                    400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400,
                    ""},
            {"GET /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
             "\r\nhello",
                    400, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
             "chunked\r\n\r\n5\r\nhello\r\n0\r\n"
             "\r\n",
                    411, ""},
            {"GET /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411,
                    ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413, ""},
            {"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\nzzz", 413, ""},
            {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nz", 405, ""},
            {"GET /v1/x%0aOrigin:https://a.example HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
            {"GET /v1/x%0d%0aHost:%20y HTTP/1.1\r\n\r\n", 400, ""},
            {"GET /v1/x\r\nHost: x\r\n\r\n", 400, ""},
            {"GET /v1/x HTTP/2.0\r\nHost: x\r\n\r\n", 400, ""},
            {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, ""},
            {"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, ""},
            {"GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n", 404, ""},
    };
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture->last_request[0] = '\0';
        ask(fixture, rows[i].request, rows[i].status);
        test_note("row %zu", i);
        expect_text(slice_of_string(fixture->last_request), rows[i].seen);
    }
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    fixture_stop(fixture);
}

static void what_is_no_request_ends_the_connection(void)
{
    static const char *const rows[] = {"\r\n\r\n", "GET\r\n\r\n", "GET nowhere HTTP/1.1\r\n\r\n",
            "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
            "BREW /v1/x HTTP/1.1\r\nHost: x\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n",
            "GET /%00 HTTP/1.1\r\n\r\n"};
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.head_ms_max = 1000});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = client_connect(fixture->loop, fixture->port);
        client_say(&client, rows[i]);
        client_expect_end(&client);
        test_note("row %zu", i);
        expect(memmem(client.bytes, client.len, " 200 ", 5) == NULL);
        client_close(&client);
    }
    expect_text(slice_of_string(fixture->last_request), "");
    fixture_stop(fixture);
}

static void a_body_of_the_full_size_arrives(void)
{
    static char text[65536];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_connect(fixture->loop, fixture->port);
    memset(text, 'b', sizeof text);
    client_say(&client, "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
    client_write(&client, text, sizeof text);
    expect_text(client_expect_reply(&client, 200, false).body, "{\"bytes\":65536}");
    client_close(&client);
    fixture_stop(fixture);
}

/* A client that has sent its whole oversized body still gets to read why it was refused. */
static void a_refused_body_does_not_eat_the_refusal(void)
{
    static char text[300000];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_connect(fixture->loop, fixture->port);
    memset(text, 'b', sizeof text);
    client_say(&client, "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n");
    client_write(&client, text, sizeof text);
    struct reply reply = client_expect_reply(&client, 413, false);
    expect(reply_has(&reply, "Connection: close\r\n"));
    expect(memmem(reply.body.bytes, reply.body.len, "\"too_large\"", 11) != NULL);
    for (int i = 0; i < 3; i++) { /* and may finish its sentence */
        expect(send(client.fd, "more", 4, MSG_DONTWAIT | MSG_NOSIGNAL) == 4);
        turn_for_ms(fixture->loop, 10);
    }
    client_expect_end(&client);
    expect(!client.was_reset);
    client_close(&client);
    fixture_stop(fixture);
}

/* What follows the first request is dropped, whatever it is: libwebsockets would loop on it. */
static void a_connection_carries_one_request(void)
{
    static const char *const rows[] = {"GET /v1/a HTTP/1.1\r\nHost: x\r\n\r\n"
                                       "GET /v1/b HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /v1/a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"
            "POST /v1/b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
            "GET /v1/c HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /v1/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
            "POST /v1/b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"};
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = client_connect(fixture->loop, fixture->port);
        client_say(&client, rows[i]);
        struct reply reply = client_expect_reply(&client, 200, false);
        expect(reply_has(&reply, "Connection: close\r\n"));
        client_expect_end(&client);
        test_note("row %zu", i);
        expect_u64(client.len, 0);
        expect(strstr(fixture->last_request, " /v1/a") != NULL);
        client_close(&client);
    }
    fixture_stop(fixture);
}

static bool has_request(void *user)
{
    return ((struct server_fixture *)user)->last_request[0] != '\0';
}

static void the_flow_may_answer_later(void)
{
    static char large[200000];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_connect(fixture->loop, fixture->port);
    fixture->is_holding = true;
    client_say(&client, "GET /v1/slow HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(fixture->loop, has_request, fixture, "the request is seen");
    memset(large, 'r', sizeof large);
    struct http_reply reply = {200, SLICE_OF("text/plain"), SLICE_NONE, {large, sizeof large}};
    fixture->http->ops->reply(fixture->http, fixture->last_exchange, &reply);
    fixture->http->ops->reply(fixture->http, fixture->last_exchange, &reply); /* does nothing */
    expect_u64(client_expect_reply(&client, 200, false).body.len, sizeof large);
    fixture->http->ops->reply(fixture->http, fixture->last_exchange, &reply); /* nor this */
    client_expect_end(&client);
    client_close(&client);
    fixture_stop(fixture);
}

static void a_body_that_stalls_is_given_up(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.reply_ms_max = 100});
    struct reply reply = ask(fixture,
            "POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabcd", 408);
    expect(memmem(reply.body.bytes, reply.body.len, "too slowly", 10) != NULL);
    fixture_stop(fixture);
}

static void a_flow_that_never_answers_is_answered_for(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.reply_ms_max = 100});
    fixture->is_holding = true;
    struct reply reply = ask(fixture, "GET /v1/never HTTP/1.1\r\nHost: x\r\n\r\n", 503);
    expect(reply_has(&reply, "Retry-After: 1\r\n"));
    expect(memmem(reply.body.bytes, reply.body.len, "\"busy\"", 6) != NULL);
    fixture->http->ops->reply(
            fixture->http, fixture->last_exchange, &(struct http_reply){.status = 200});
    fixture_stop(fixture);
}

static bool is_client_forgotten(void *user)
{
    struct server_fixture *fixture = user;
    return ws_server_counts(fixture->server).connections == 0;
}

static void a_client_that_leaves_before_its_reply_is_no_harm(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_connect(fixture->loop, fixture->port);
    fixture->is_holding = true;
    client_say(&client, "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
    turn_until(fixture->loop, has_request, fixture, "the request is seen");
    client_reset(&client);
    struct http_reply reply = {200, SLICE_OF("text/plain"), SLICE_NONE, SLICE_OF("too late")};
    fixture->http->ops->reply(fixture->http, fixture->last_exchange, &reply);
    turn_until(fixture->loop, is_client_forgotten, fixture, "the connection is gone");
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    fixture_stop(fixture);
}

static void assets_are_found_by_their_names_only(void)
{
    static const struct {
        const char *path;
        int status;
        const char *body, *header;
    } rows[] = {
            {"/", 200, "<!doctype html><title>Demo</title>", "Content-Type: text/html"},
            {"/index.html", 200, "<!doctype html><title>Demo</title>", "Cache-Control: no-cache"},
            {"/desk/", 200, "<!doctype html><title>Desk</title>", "frame-ancestors 'none';"},
            {"/desk", 308, "", "Location: /desk/\r\n"},
            {"/?campaign=1", 200, "<!doctype html><title>Demo</title>", "frame-ancestors 'self';"},
            {"/weft.js", 200, "export const loader = 1;", "Access-Control-Allow-Origin: *"},
            {"/weft.js", 200, "export const loader = 1;", "Vary: Accept-Encoding"},
            {"/assets/desk-4F2A91BC.js", 200, "1", "max-age=31536000, immutable"},
            {"/assets/desk-settings.js", 200, "2", "Cache-Control: no-cache"},
            {"/notes.xyz", 200, "?", "Content-Type: application/octet-stream"},
            {"/desk/../weft.js", 200, "export const loader = 1;", "text/javascript"},
            {"/weft.js.gz", 404, NULL, "application/json"},
            {"/.secret", 404, NULL, ""},
            {"/link.txt", 404, NULL, ""},
            {"/assets/", 404, NULL, ""},
            {"/../../../../etc/passwd", 404, NULL, ""},
            {"/..%2f..%2f..%2fetc/passwd", 404, NULL, ""},
            {"/%2e%2e/%2e%2e/etc/passwd", 404, NULL, ""},
            {"/assets/..%5c..%5cweft.js", 404, NULL, ""},
            {"/desk%0d%0aSet-Cookie:%20a=b", 400, NULL, ""},
            {"/desk%0aSet-Cookie:%20a=b", 400, NULL, ""},
    };
    struct server_fixture *fixture = start_with_assets();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char request[256];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", rows[i].path);
        struct reply reply = ask(fixture, request, rows[i].status);
        test_note("row %zu", i);
        expect(rows[i].body == NULL || slice_is(reply.body, rows[i].body));
        expect(reply_has(&reply, rows[i].header));
        expect(!reply_has(&reply, "Set-Cookie"));
    }
    expect_text(slice_of_string(fixture->last_request), "");
    fixture_stop(fixture);
}

static void pages_carry_a_strict_policy(void)
{
    struct server_fixture *fixture = start_with_assets();
    struct reply reply = ask(fixture, "GET /desk/ HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    expect(reply_has(&reply,
            "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
            "connect-src 'self' ws: wss:; img-src 'self' data: blob:; font-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
            "require-trusted-types-for 'script'\r\n"));
    expect(!reply_has(&reply, "Access-Control-Allow-Origin"));
    fixture_stop(fixture);
}

static void head_and_caches_and_gzip_are_honoured(void)
{
    char request[256];
    struct server_fixture *fixture = start_with_assets();
    struct reply reply = ask(fixture, "HEAD /weft.js HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    expect(reply_has(&reply, "Content-Length: 24\r\n"));
    expect_u64(reply.body.len, 0);
    const char *tag = memmem(reply.head.bytes, reply.head.len, "ETag: ", 6);
    expect(tag != NULL);
    snprintf(request, sizeof request,
            "GET /weft.js HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/\"other\", %.18s\r\n\r\n",
            tag + 6);
    reply = ask(fixture, request, 304);
    expect(!reply_has(&reply, "Content-Length"));
    reply = ask(fixture,
            "GET /weft.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: deflate, gzip, br\r\n\r\n", 200);
    expect_text(reply.body, "(compressed)");
    expect(reply_has(&reply, "Content-Encoding: gzip\r\n"));
    expect(reply_has(&reply, "Content-Type: text/javascript; charset=utf-8\r\n"));
    fixture_stop(fixture);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_request_reaches_the_flow_whole), CASE(requests_are_judged),
                    CASE(what_is_no_request_ends_the_connection),
                    CASE(a_body_of_the_full_size_arrives),
                    CASE(a_refused_body_does_not_eat_the_refusal),
                    CASE(a_body_that_stalls_is_given_up), CASE(a_connection_carries_one_request),
                    CASE(the_flow_may_answer_later),
                    CASE(a_flow_that_never_answers_is_answered_for),
                    CASE(a_client_that_leaves_before_its_reply_is_no_harm),
                    CASE(assets_are_found_by_their_names_only), CASE(pages_carry_a_strict_policy),
                    CASE(head_and_caches_and_gzip_are_honoured), {0}});
}
