/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket peers on real sockets: who gets in, what frames become, and how it ends. */
#include "server_fixture.h"

#include "lib/test.h"

static void both_subprotocols_echo(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client json = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&json, OPCODE_FIN | OPCODE_TEXT, "{\"a\":1}", 7);
    client_expect_text(&json, "{\"a\":1}");
    struct client packed = client_join(fixture->loop, fixture->port, "weft.v1.msgpack");
    client_frame(&packed, OPCODE_FIN | OPCODE_BINARY, "\x81\xa1\x61\x01", 4);
    struct frame frame = client_read_frame(&packed);
    expect_u64((uint64_t)frame.first_byte, OPCODE_FIN | OPCODE_BINARY);
    expect_slice(frame.payload, slice_make("\x81\xa1\x61\x01", 4));
    fixture_expect_events(fixture, "opened(json,) frame(7) opened(msgpack,) frame(4) ");
    client_close(&json);
    client_close(&packed);
    fixture_await_closed(fixture, 2);
    fixture_stop(fixture);
}

/* Each row: what the request says, and the status of the answer. */
static void the_handshake_is_judged(void)
{
    static const struct {
        const char *request;
        int status;
    } rows[] = {
            {"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                    400},
            {"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: chat, weft.v2.json\r\n",
                    400},
            {"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: weft.v1.json\r\nOrigin: https://evil.example\r\n",
                    403},
            {"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: weft.v1.json\r\n",
                    426},
            {"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"
             "Sec-WebSocket-Protocol: weft.v1.json\r\n",
                    400},
            {"GET /v1/other HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: weft.v1.json\r\n",
                    404},
            {"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: weft.v1.json\r\n",
                    404},
            {"GET /v1/socket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: plain http\r\n",
                    400},
            {"GET /v1/socket%0aX:y HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Protocol: weft.v1.json\r\n",
                    400},
            {"GET /v1/socket HTTP/1.1\r\n", 426},
    };
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = client_connect(fixture->loop, fixture->port);
        client_say(&client, rows[i].request);
        client_say(&client, "Host: localhost\r\n\r\n");
        client_expect_reply(&client, rows[i].status, false);
        client_close(&client);
    }
    expect_u64(fixture->opened, 0);
    fixture_stop(fixture);
}

static void the_first_known_subprotocol_is_taken(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_connect(fixture->loop, fixture->port);
    client_ask_upgrade(&client, "chat, weft.v1.msgpack,weft.v1.json", "https://good.example");
    struct reply reply = client_expect_reply(&client, 101, false);
    expect(reply_has(&reply, "Sec-WebSocket-Protocol: weft.v1.msgpack\r\n"));
    expect(!reply_has(&reply, "Extensions"));
    fixture_expect_events(fixture, "opened(msgpack,https://good.example) ");
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

static void http2_is_never_spoken(void)
{
    static const char *const requests[] = {
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
            "GET /v1/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: H2C\r\n"
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
            "GET /v1/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: weft.v1.json\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: quic\r\n\r\n"};
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct client client = client_connect(fixture->loop, fixture->port);
        client_say(&client, requests[i]);
        client_expect_end(&client);
        test_note("row %zu", i);
        expect(memmem(client.bytes, client.len, "101", 3) == NULL);
        client_close(&client);
    }
    fixture_stop(fixture);
}

static void fragments_become_one_message(void)
{
    static char text[65536];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&client, OPCODE_TEXT, "Hel", 3);
    client_frame(&client, OPCODE_MORE, "", 0);
    client_frame(&client, OPCODE_FIN | OPCODE_PING, "still there?", 12);
    client_frame(&client, OPCODE_FIN | OPCODE_MORE, "lo", 2);
    struct frame pong = client_read_frame(&client);
    if (pong.first_byte == (OPCODE_FIN | OPCODE_PONG)) {
        expect_text(pong.payload, "still there?");
        client_expect_text(&client, "Hello");
    } else {
        expect_text(pong.payload, "Hello");
        expect_text(client_read_frame(&client).payload, "still there?");
    }
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    client_frame(&client, OPCODE_FIN | OPCODE_TEXT, text, sizeof text);
    struct frame frame = client_read_frame(&client);
    expect_slice(frame.payload, slice_make(text, sizeof text));
    client_frame(&client, OPCODE_FIN | OPCODE_TEXT, "", 0);
    client_expect_text(&client, "");
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

static void a_message_may_arrive_byte_by_byte(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    static const uint8_t bytes[] = {
            0x81, 0x85, 1, 2, 3, 4, 'H' ^ 1, 'e' ^ 2, 'l' ^ 3, 'l' ^ 4, 'o' ^ 1};
    for (size_t i = 0; i < sizeof bytes; i++) {
        client_write(&client, bytes + i, 1);
        loop_turn(fixture->loop);
    }
    client_expect_text(&client, "Hello");
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

/* One byte more than the limit, in one frame or in two, is one fault and 1009. */
static void a_message_over_the_limit_is_a_fault(void)
{
    static char text[65537];
    memset(text, 'y', sizeof text);
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client whole = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&whole, OPCODE_FIN | OPCODE_TEXT, text, sizeof text);
    client_expect_closed(&whole, 1009);
    fixture_await_closed(fixture, 1);
    struct client parts = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&parts, OPCODE_TEXT, text, 65536);
    client_frame(&parts, OPCODE_FIN | OPCODE_MORE, text, 1);
    client_frame(&parts, OPCODE_FIN | OPCODE_TEXT, "more", 4);
    client_expect_closed(&parts, 1009);
    fixture_await_closed(fixture, 2);
    fixture_expect_events(fixture, "opened(json,) fault(0) closed "
                                   "opened(json,) fault(0) closed ");
    client_close(&whole);
    client_close(&parts);
    fixture_stop(fixture);
}

static void the_wrong_opcode_is_a_fault(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client json = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&json, OPCODE_FIN | OPCODE_BINARY, "{}", 2);
    client_expect_closed(&json, 1003);
    struct client packed = client_join(fixture->loop, fixture->port, "weft.v1.msgpack");
    client_frame(&packed, OPCODE_TEXT, "{", 1);
    client_expect_closed(&packed, 1003);
    fixture_await_closed(fixture, 2);
    fixture_expect_events(fixture, "opened(json,) fault(1) closed "
                                   "opened(msgpack,) fault(1) closed ");
    client_close(&json);
    client_close(&packed);
    fixture_stop(fixture);
}

static void broken_framing_ends_the_connection(void)
{
    static const struct {
        int first_byte;
        size_t len;
    } rows[] = {{OPCODE_FIN | OPCODE_MORE, 2}, {OPCODE_FIN | 3, 2}, {OPCODE_FIN | 0x0b, 0},
            {0xf0 | OPCODE_TEXT, 2}, {OPCODE_PING, 1}, {OPCODE_FIN | OPCODE_PING, 126}};
    static const char zeros[126];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
        client_frame(&client, rows[i].first_byte, zeros, rows[i].len);
        test_note("row %zu", i);
        while (client_wait(&client, client.len + 1) && client.len < 4)
            ;
        expect(client.len == 0 || memcmp(client.bytes + 2, "\x03\xea", 2) == 0); /* 1002 */
        client_close(&client);
        fixture_await_closed(fixture, (uint32_t)i + 1);
    }
    expect_u64(fixture->frames, 0);
    fixture_stop(fixture);
}

static void the_flow_closes_after_what_it_sent(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    expect(fixture_send(fixture, fixture->last_peer, "one"));
    expect(fixture_send(fixture, fixture->last_peer, "two"));
    fixture_close_peer(fixture, fixture->last_peer, 4401, "unauthenticated");
    expect(!fixture_send(fixture, fixture->last_peer, "late"));
    client_frame(&client, OPCODE_FIN | OPCODE_TEXT, "not read", 8);
    client_expect_text(&client, "one");
    client_expect_text(&client, "two");
    struct frame frame = client_read_frame(&client);
    expect_slice(frame.payload, slice_make("\x11\x31unauthenticated", 17));
    client_frame(&client, OPCODE_FIN | OPCODE_CLOSE, "\x11\x31", 2);
    client_expect_end(&client);
    fixture_await_closed(fixture, 1);
    expect_u64(fixture->frames, 0);
    client_close(&client);
    fixture_stop(fixture);
}

static void a_client_that_closes_is_answered(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&client, OPCODE_FIN | OPCODE_CLOSE, "\x03\xe8", 2);
    struct frame frame = client_read_frame(&client);
    expect_u64((uint64_t)frame.first_byte, OPCODE_FIN | OPCODE_CLOSE);
    expect_slice(frame.payload, slice_make("\x03\xe8", 2));
    client_expect_end(&client);
    fixture_await_closed(fixture, 1);
    client_close(&client);
    fixture_stop(fixture);
}

static void a_client_that_vanishes_is_told_closed(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client polite = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_close(&polite);
    fixture_await_closed(fixture, 1);
    struct client rude = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&rude, OPCODE_TEXT, "half a mess", 11);
    client_reset(&rude);
    fixture_await_closed(fixture, 2);
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    fixture_stop(fixture);
}

static void a_stale_handle_does_nothing(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client first = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct peer stale = fixture->last_peer;
    client_reset(&first);
    fixture_await_closed(fixture, 1);
    struct client second = client_join(fixture->loop, fixture->port, "weft.v1.json");
    expect(!fixture_send(fixture, stale, "to whom?"));
    fixture_close_peer(fixture, stale, 1000, "");
    fixture_close_peer(fixture, (struct peer){0, 0}, 1000, "");
    fixture_close_peer(fixture, (struct peer){UINT32_MAX, 1}, 1000, "");
    expect(fixture_send(fixture, fixture->last_peer, "to you"));
    client_expect_text(&second, "to you");
    client_close(&second);
    fixture_await_closed(fixture, 2);
    fixture_stop(fixture);
}

/* Half messages share a budget; who would go over it is cut, the others are not. */
static void half_messages_are_bounded_together(void)
{
    static char text[40000];
    struct ws_options options = {.memory_bytes_max = 100000};
    struct server_fixture *fixture = fixture_start(&options);
    struct client first = client_join(fixture->loop, fixture->port, "weft.v1.json");
    memset(text, 'h', sizeof text);
    client_frame(&first, OPCODE_TEXT, text, sizeof text);
    struct client second = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&second, OPCODE_TEXT, text, sizeof text);
    client_expect_closed(&second, 4429);
    client_frame(&first, OPCODE_FIN | OPCODE_MORE, "!", 1);
    expect_u64(client_read_frame(&first).payload.len, sizeof text + 1);
    client_close(&first);
    client_close(&second);
    fixture_await_closed(fixture, 2);
    fixture_stop(fixture);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(both_subprotocols_echo), CASE(the_handshake_is_judged),
                    CASE(the_first_known_subprotocol_is_taken), CASE(http2_is_never_spoken),
                    CASE(fragments_become_one_message), CASE(a_message_may_arrive_byte_by_byte),
                    CASE(a_message_over_the_limit_is_a_fault), CASE(the_wrong_opcode_is_a_fault),
                    CASE(broken_framing_ends_the_connection),
                    CASE(the_flow_closes_after_what_it_sent),
                    CASE(a_client_that_closes_is_answered),
                    CASE(a_client_that_vanishes_is_told_closed), CASE(a_stale_handle_does_nothing),
                    CASE(half_messages_are_bounded_together), {0}});
}
