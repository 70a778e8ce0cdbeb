/* SPDX-License-Identifier: Apache-2.0 */
/* Pings, silence, and those who are slow to say what they want. */
#include "server_fixture.h"

#include "lib/test.h"
#include "ws/receive_pages.h"

#include <sys/socket.h>

static bool have_rested(void *wanted)
{
    return receive_pages_rested() >= *(uint64_t *)wanted;
}

static void quiet_peers_are_pinged_and_live_while_they_answer(void)
{
    enum { PONGS = 24 }; /* longer than dead_ms together */
    uint64_t rested = receive_pages_rested() + PONGS;
    struct ws_options options = {.ping_ms = 100, .dead_ms = 2000};
    struct server_fixture *fixture = fixture_start(&options);
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    for (int i = 0; i < PONGS; i++) {
        struct frame frame = client_read_frame(&client);
        expect_u64((uint64_t)frame.first_byte, OPCODE_FIN | OPCODE_PING);
        client_frame(&client, OPCODE_FIN | OPCODE_PONG, frame.payload.bytes, frame.payload.len);
    }
    expect_u64(fixture->closed, 0);
    turn_until(fixture->loop, have_rested, &rested, "each pong's memory is given back");
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

/* Half of a frame lies nowhere but with us, and pongs do not harm it: they come between frames. */
static void a_frame_may_come_in_halves(void)
{
    static const char begun[] = {(char)(OPCODE_FIN | OPCODE_TEXT), (char)(0x80 | 10), 0, 0, 0, 0};
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client half = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&half, OPCODE_FIN | OPCODE_PONG, "weft", 4);
    client_write(&half, begun, sizeof begun);
    client_say(&half, "half a ");
    struct client whole = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&whole, OPCODE_FIN | OPCODE_TEXT, "whole", 5);
    client_expect_text(&whole, "whole");
    client_say(&half, "one");
    client_expect_text(&half, "half a one");
    client_close(&half);
    client_close(&whole);
    fixture_await_closed(fixture, 2);
    fixture_stop(fixture);
}

static void a_silent_peer_is_dead(void)
{
    struct ws_options options = {.ping_ms = 40, .dead_ms = 1000};
    struct server_fixture *fixture = fixture_start(&options);
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    fixture_await_closed(fixture, 1);
    client_expect_end(&client);
    expect(client.len >= 2 && client.bytes[0] == (OPCODE_FIN | OPCODE_PING));
    expect(!fixture_send(fixture, fixture->last_peer, "are you there?"));
    client_close(&client);
    fixture_stop(fixture);
}

/* A ping cannot overtake what is stuck in the socket, and must not tear it apart either. */
static void a_stuck_peer_is_dead_too(void)
{
    static char text[4001];
    struct ws_options options = {.ping_ms = 40, .dead_ms = 200, .send_buffer_bytes = 8192};
    struct server_fixture *fixture = fixture_start(&options);
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    memset(text, 's', sizeof text - 1);
    while (fixture_send(fixture, fixture->last_peer, text))
        ;
    fixture_await_closed(fixture, 1);
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    client_close(&client);
    fixture_stop(fixture);
}

static void half_a_message_is_not_waited_for_long(void)
{
    struct ws_options options = {.ping_ms = 50, .dead_ms = 60000, .reply_ms_max = 100};
    struct server_fixture *fixture = fixture_start(&options);
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&client, OPCODE_TEXT, "Once upon", 9);
    struct frame frame;
    do
        frame = client_read_frame(&client);
    while (frame.first_byte == (OPCODE_FIN | OPCODE_PING));
    expect_u64((uint64_t)frame.first_byte, OPCODE_FIN | OPCODE_CLOSE);
    expect_slice(frame.payload, slice_make("\x11\x38timeout", 9)); /* 4408 */
    client_frame(&client, OPCODE_FIN | OPCODE_CLOSE, "\x11\x38", 2);
    client_expect_end(&client);
    fixture_await_closed(fixture, 1);
    client_close(&client);
    fixture_stop(fixture);
}

/* A connection that says nothing, half a head, or half a body, is ended. */
static void slow_requests_are_cut(void)
{
    static const char *const rows[] = {"", "GET /v1/x HTTP/1.1\r\nHost: x\r\nX-Long: ",
            "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"};
    struct ws_options options = {.head_ms_max = 100, .reply_ms_max = 100};
    struct server_fixture *fixture = fixture_start(&options);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client client = client_connect(fixture->loop, fixture->port);
        client_say(&client, rows[i]);
        test_note("row %zu", i);
        client_expect_end(&client);
        client_close(&client);
    }
    expect_text(slice_of_string(fixture->last_request), "");
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    fixture_stop(fixture);
}

static void dripping_bytes_buys_no_time(void)
{
    struct ws_options options = {.head_ms_max = 100};
    struct server_fixture *fixture = fixture_start(&options);
    struct client client = client_connect(fixture->loop, fixture->port);
    client_say(&client, "GET /v1/x HTTP/1.1\r\n");
    uint64_t dripped = 0;
    for (; !client.is_at_end && dripped < 2000; dripped++) {
        client_say(&client, "X-Drip: drop\r\n");
        client_wait(&client, 0);
        turn_for_ms(fixture->loop, 5);
    }
    expect(client.is_at_end);
    expect_text(slice_of_string(fixture->last_request), "");
    client_close(&client);
    fixture_stop(fixture);
}

/* The states in which a readable or writable socket waits for somebody else. */
static void waiting_does_not_spin(void)
{
    static char text[4001];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.send_buffer_bytes = 8192});
    struct client idle = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct client half = client_join(fixture->loop, fixture->port, "weft.v1.json");
    client_frame(&half, OPCODE_TEXT, "half", 4);
    expect_sleep(fixture->loop, "a message is incomplete");
    memset(text, 's', sizeof text - 1);
    while (fixture_send(fixture, fixture->last_peer, text))
        ;
    expect_sleep(fixture->loop, "a peer does not read");
    fixture->is_holding = true;
    struct client get = client_connect(fixture->loop, fixture->port);
    client_say(&get, "GET /v1/x HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/y HTTP/1.1\r\n");
    expect_sleep(fixture->loop, "a flow keeps a GET with bytes behind it");
    struct client post = client_connect(fixture->loop, fixture->port);
    client_say(&post, "POST /v1/x HTTP/1.1\r\nContent-Length: 2\r\n\r\nabPOST /v1/y HTTP/1.1\r\n");
    shutdown(post.fd, SHUT_WR);
    expect_sleep(fixture->loop, "a flow keeps a POST whose client has nothing more to say");
    struct client refused = client_connect(fixture->loop, fixture->port);
    client_say(&refused, "POST /v1/x HTTP/1.1\r\nContent-Length: 99999\r\n\r\nabc");
    client_expect_reply(&refused, 413, false);
    expect_sleep(fixture->loop, "a refused body lingers");
    struct client *clients[] = {&idle, &half, &get, &post, &refused};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        client_close(clients[i]);
    fixture_await_closed(fixture, 2);
    fixture_stop(fixture);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(quiet_peers_are_pinged_and_live_while_they_answer),
                    CASE(a_frame_may_come_in_halves), CASE(a_silent_peer_is_dead),
                    CASE(a_stuck_peer_is_dead_too), CASE(half_a_message_is_not_waited_for_long),
                    CASE(slow_requests_are_cut), CASE(dripping_bytes_buys_no_time),
                    CASE(waiting_does_not_spin), {0}});
}
