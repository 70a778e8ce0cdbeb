/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that read slowly or not at all: bounded memory, order, and an end. */
#include "server_fixture.h"

#include "lib/test.h"

#include <stdlib.h>
#include <sys/socket.h>

static bool has_room_again(void *user)
{
    struct server_fixture *fixture = user;
    return fixture->writable > 0;
}

/* A server whose kernel and ring hold little, and a client that does not read. */
static struct server_fixture *start_slow(struct client *client, struct ws_options options)
{
    int size = 4096;
    options.send_buffer_bytes = 8192;
    options.queue_bytes_max = 65536;
    struct server_fixture *fixture = fixture_start(&options);
    *client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fixture;
}

/* Sends messages that begin with their numbers, until one is refused. Returns the next number. */
static uint64_t send_until_full(struct server_fixture *fixture, uint64_t next, uint64_t end)
{
    static char text[4001];
    for (; next < end; next++) {
        char number[24];
        memset(text, 'z', sizeof text - 1);
        memcpy(text, number, (size_t)snprintf(number, sizeof number, "%dz", (int)next));
        if (!fixture_send(fixture, fixture->last_peer, text))
            break;
    }
    return next;
}

static void expect_numbered(struct client *client, uint64_t number)
{
    struct frame frame = client_read_frame(client);
    expect_u64(frame.payload.len, 4000);
    expect_u64(strtoul(frame.payload.bytes, NULL, 10), number);
}

/* A reader that stops reading fills the ring, not the memory; once it reads again, every message
 * that was taken arrives in order. */
static void a_slow_consumer_fills_its_ring_and_no_more(void)
{
    struct client client;
    struct server_fixture *fixture = start_slow(&client, (struct ws_options){0});
    uint64_t sent = send_until_full(fixture, 0, 10000);
    expect(sent > 10 && sent < 10000);
    expect(ws_server_counts(fixture->server).memory_bytes <= 65536);
    expect_u64(fixture->writable, 0);
    for (uint64_t i = 0; i < sent; i++)
        expect_numbered(&client, i);
    turn_until(fixture->loop, has_room_again, fixture, "there is room again");
    expect_u64(fixture->writable, 1);
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    expect(fixture_send(fixture, fixture->last_peer, "next"));
    client_expect_text(&client, "next");
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

/* Sending while the ring drains: nothing overtakes what waits. */
static void messages_stay_in_order_while_the_ring_drains(void)
{
    struct client client;
    struct server_fixture *fixture = start_slow(&client, (struct ws_options){0});
    uint64_t sent = 0;
    for (uint64_t i = 0; i < 500; i++) {
        sent = send_until_full(fixture, sent, 500);
        expect_numbered(&client, i);
    }
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

/* Also when all rings together may hold nothing, a refused sender is told when it may go on. */
static void without_memory_a_sender_waits_for_the_socket(void)
{
    struct client client;
    struct server_fixture *fixture =
            start_slow(&client, (struct ws_options){.memory_bytes_max = 10});
    uint64_t sent = send_until_full(fixture, 0, 10000);
    expect(sent > 0 && sent < 10000);
    for (uint64_t i = 0; i < sent; i++)
        expect_numbered(&client, i);
    turn_until(fixture->loop, has_room_again, fixture, "there is room again");
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

static void what_waits_leaves_before_the_close(void)
{
    struct client client;
    struct server_fixture *fixture = start_slow(&client, (struct ws_options){0});
    uint64_t sent = send_until_full(fixture, 0, 10000);
    fixture_close_peer(fixture, fixture->last_peer, 1001, "going_away");
    client_frame(&client, OPCODE_FIN | OPCODE_TEXT, "not read any more", 17);
    for (uint64_t i = 0; i < sent; i++)
        expect_numbered(&client, i);
    client_expect_closed(&client, 1001);
    fixture_await_closed(fixture, 1);
    expect_u64(fixture->frames, 0);
    client_close(&client);
    fixture_stop(fixture);
}

static void closing_does_not_wait_for_one_who_never_reads(void)
{
    struct client client;
    struct server_fixture *fixture = start_slow(&client, (struct ws_options){.close_ms_max = 200});
    send_until_full(fixture, 0, 10000);
    fixture_close_peer(fixture, fixture->last_peer, 4413, "slow_consumer");
    fixture_await_closed(fixture, 1);
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    client_close(&client);
    fixture_stop(fixture);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_slow_consumer_fills_its_ring_and_no_more),
                    CASE(messages_stay_in_order_while_the_ring_drains),
                    CASE(without_memory_a_sender_waits_for_the_socket),
                    CASE(what_waits_leaves_before_the_close),
                    CASE(closing_does_not_wait_for_one_who_never_reads), {0}});
}
