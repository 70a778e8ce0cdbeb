/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, stopping, caps, crowds, and everything that can be wrong at the start. */
#include "server_fixture.h"

#include "lib/test.h"
#include "ws/lws_contexts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_server_starts_and_stops_again_and_again(void)
{
    for (int i = 0; i < 20; i++) {
        struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
        struct client idle = client_connect(fixture->loop, fixture->port);
        struct client half = client_connect(fixture->loop, fixture->port);
        struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
        client_say(&half, "GET /v1/x HTTP/1.1\r\n");
        client_frame(&client, OPCODE_FIN | OPCODE_TEXT, "hello", 5);
        client_expect_text(&client, "hello");
        client_frame(&client, OPCODE_TEXT, "unfinished", 10);
        client_wait(&client, 0);
        fixture_stop(fixture); /* with everything still open */
        client_close(&idle);
        client_close(&half);
        client_close(&client);
    }
}

static void a_loop_may_carry_one_server_after_another(void)
{
    static const struct peer_events no_peers = {0};
    static const struct http_events no_http = {0};
    struct ws_handlers handlers = {&no_peers, NULL, &no_http, NULL};
    struct loop *loop = loop_create();
    for (int i = 0; i < 3; i++) {
        struct ws_server *first = ws_server_create(loop, &(struct ws_options){0}, &handlers, NULL);
        struct ws_server *second = ws_server_create(loop, &(struct ws_options){0}, &handlers, NULL);
        expect(first != NULL && second != NULL);
        expect(ws_server_port(first) != ws_server_port(second));
        ws_server_destroy(first);
        loop_turn(loop);
        ws_server_destroy(second);
    }
    loop_destroy(loop);
}

static void stopping_to_accept_keeps_what_is_open(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(fixture->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ws_server_stop_accepting(fixture->server);
    ws_server_stop_accepting(fixture->server);
    loop_turn(fixture->loop);
    loop_turn(fixture->loop);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    expect(connect(fd, (struct sockaddr *)&address, sizeof address) != 0);
    close(fd);
    client_frame(&client, OPCODE_FIN | OPCODE_TEXT, "still here", 10);
    client_expect_text(&client, "still here");
    client_close(&client);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
}

/* Two nodes of one machine share the port. */
static void two_servers_share_a_port(void)
{
    struct server_fixture *first = fixture_start(&(struct ws_options){0});
    struct server_fixture *second = fixture_start(&(struct ws_options){.port = first->port});
    expect_u64(second->port, first->port);
    fixture_stop(first);
    struct client client = client_join(second->loop, second->port, "weft.v1.json");
    client_close(&client);
    fixture_await_closed(second, 1);
    fixture_stop(second);
}

static void what_cannot_start_says_why(void)
{
    char folder[300];
    struct ws_failure failure;
    struct ws_handlers handlers = {0};
    struct loop *loop = loop_create();
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    expect(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1) == 0);
    expect(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    struct ws_options taken = {.port = ntohs(address.sin_port)};
    expect(ws_server_create(loop, &taken, &handlers, &failure) == NULL);
    expect(strstr(failure.sentence, "cannot listen on 127.0.0.1 port") != NULL);
    expect(strstr(failure.sentence, "Address already in use") != NULL);
    close(fd);
    struct ws_options nowhere = {.listen_address = "example.org"};
    expect(ws_server_create(loop, &nowhere, &handlers, &failure) == NULL);
    expect(strstr(failure.sentence, "'example.org'") != NULL);
    snprintf(folder, sizeof folder, "%s/none", test_folder());
    struct ws_options no_assets = {.assets_folder = folder};
    expect(ws_server_create(loop, &no_assets, &handlers, &failure) == NULL);
    expect(strstr(failure.sentence, "cannot read the assets in") != NULL);
    loop_destroy(loop);
}

static void an_address_may_hold_so_many_connections(void)
{
    struct server_fixture *fixture =
            fixture_start(&(struct ws_options){.connections_per_address_max = 2});
    struct client first = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct client second = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct client third = client_connect(fixture->loop, fixture->port);
    client_expect_reply(&third, 429, false);
    client_expect_end(&third);
    client_close(&first);
    fixture_await_closed(fixture, 1);
    struct client fourth = client_join(fixture->loop, fixture->port, "weft.v1.json");
    expect_u64(ws_server_counts(fixture->server).refused_total, 1);
    client_close(&second);
    client_close(&third);
    client_close(&fourth);
    fixture_await_closed(fixture, 3);
    fixture_stop(fixture);
}

static void a_full_server_says_so(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.connections_max = 3});
    struct client clients[3];
    for (size_t i = 0; i < 3; i++)
        clients[i] = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct client extra = client_connect(fixture->loop, fixture->port);
    struct reply reply = client_expect_reply(&extra, 503, false);
    expect(reply_has(&reply, "Retry-After: "));
    client_close(&extra);
    client_frame(&clients[1], OPCODE_FIN | OPCODE_TEXT, "fine", 4);
    client_expect_text(&clients[1], "fine");
    for (size_t i = 0; i < 3; i++)
        client_close(&clients[i]);
    fixture_await_closed(fixture, 3);
    fixture_stop(fixture);
}

static void limit_descriptors(rlim_t count, struct rlimit *out_before)
{
    expect(getrlimit(RLIMIT_NOFILE, out_before) == 0);
    struct rlimit tight = {count, out_before->rlim_max};
    expect(setrlimit(RLIMIT_NOFILE, &tight) == 0);
}

/* The descriptors run out below the cap: callers are turned away, and the loop does not spin, not
 * even when nobody can be turned away any more. */
static void running_out_of_descriptors_is_survived(void)
{
    struct rlimit before, tight;
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    struct client first = client_join(fixture->loop, fixture->port, "weft.v1.json");
    struct client second = client_connect(fixture->loop, fixture->port);
    struct client third = client_connect(fixture->loop, fixture->port);
    limit_descriptors((rlim_t)second.fd, &before);
    client_expect_reply(&second, 503, false);
    client_expect_reply(&third, 503, false);
    expect(setrlimit(RLIMIT_NOFILE, &before) == 0);
    struct client fourth = client_connect(fixture->loop, fixture->port);
    limit_descriptors(0, &tight);
    expect_sleep(fixture->loop, "a caller waits and no descriptor is left");
    expect(setrlimit(RLIMIT_NOFILE, &before) == 0);
    client_frame(&first, OPCODE_FIN | OPCODE_TEXT, "alive", 5);
    client_expect_text(&first, "alive");
    client_ask_upgrade(&fourth, "weft.v1.json", NULL);
    client_expect_reply(&fourth, 101, false);
    struct client *clients[] = {&first, &second, &third, &fourth};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++)
        client_close(clients[i]);
    fixture_await_closed(fixture, 2);
    fixture_stop(fixture);
}

/* The limit of descriptors was raised behind the back of libwebsockets, whose table has no room for
 * the next one: it refuses the socket when it has half adopted it. */
static void a_socket_that_the_library_refuses_is_given_back_once(void)
{
    enum { FILLERS = 400 };
    struct rlimit before, raised;
    int fillers[FILLERS];
    limit_descriptors(200, &before);
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.connections_max = 100});
    raised = (struct rlimit){1000, before.rlim_max};
    expect(before.rlim_max >= 1000 && setrlimit(RLIMIT_NOFILE, &raised) == 0);
    for (size_t i = 0; i < FILLERS; i++)
        expect((fillers[i] = dup(STDERR_FILENO)) >= 0);
    struct client refused[3];
    for (size_t i = 0; i < 3; i++) {
        refused[i] = client_connect(fixture->loop, fixture->port);
        client_expect_end(&refused[i]);
    }
    expect_u64(ws_server_counts(fixture->server).connections, 0);
    for (size_t i = 0; i < FILLERS; i++)
        close(fillers[i]);
    struct client client = client_join(fixture->loop, fixture->port, "weft.v1.json");
    expect_u64(ws_server_counts(fixture->server).connections, 1);
    client_close(&client);
    for (size_t i = 0; i < 3; i++)
        client_close(&refused[i]);
    fixture_await_closed(fixture, 1);
    fixture_stop(fixture);
    expect(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

/* Around the end of the short table of libwebsockets, and beyond it. */
/* The first and a few more below this descriptor, the others above it. */
static void serve_around(int middle)
{
    enum { CLIENTS = 9, BELOW = CLIENTS };
    static int taken[LWS_MIDDLE_TABLE];
    struct client clients[CLIENTS];
    struct rlimit limit;
    size_t count = 0;
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    expect(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    clients[0] = client_join(fixture->loop, fixture->port, "weft.v1.json");
    while (limit.rlim_cur > 2 * LWS_MIDDLE_TABLE - 1 &&
            (count == 0 || taken[count - 1] < middle - BELOW)) {
        taken[count] = dup(STDERR_FILENO);
        expect(taken[count++] >= 0);
    }
    for (size_t i = 1; i < CLIENTS; i++)
        clients[i] = client_join(fixture->loop, fixture->port, "weft.v1.json");
    expect(count == 0 || clients[CLIENTS - 1].fd > middle);
    while (count > 0)
        close(taken[--count]);
    for (size_t i = 0; i < CLIENTS; i++) {
        client_frame(&clients[i], OPCODE_FIN | OPCODE_TEXT, "hello", 5);
        client_expect_text(&clients[i], "hello");
    }
    for (size_t i = 0; i < CLIENTS; i += 2)
        client_close(&clients[i]);
    fixture_await_closed(fixture, CLIENTS / 2 + 1);
    fixture_stop(fixture); /* with some on either side still open */
    for (size_t i = 1; i < CLIENTS; i += 2)
        client_close(&clients[i]);
}

static void low_and_high_descriptors_are_served_alike(void)
{
    serve_around(LWS_SHORT_TABLE);
    serve_around(LWS_MIDDLE_TABLE);
}

static void both_loopbacks_are_served(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct server_fixture *fixture =
            fixture_start(&(struct ws_options){.listen_address = "localhost"});
    struct client client = client_connect(fixture->loop, fixture->port);
    client_say(&client, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    client_expect_reply(&client, 200, false);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin6_port = htons(fixture->port);
    bool has_ipv6 = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (has_ipv6) {
        close(client.fd);
        client.fd = fd;
        client.len = 0;
        client.is_at_end = false;
        client_say(&client, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        client_expect_reply(&client, 200, false);
        expect_text(slice_of_string(fixture->last_address), "::1");
    } else if (fd >= 0) {
        close(fd);
    }
    client_close(&client);
    fixture_stop(fixture);
    if (!has_ipv6)
        test_skip("this machine has no ::1");
}

static void every_address_means_both_families(void)
{
    struct server_fixture *fixture = fixture_start(&(struct ws_options){.listen_address = "*"});
    struct client client = client_connect(fixture->loop, fixture->port);
    client_say(&client, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    client_expect_reply(&client, 200, false);
    expect_text(slice_of_string(fixture->last_address), "127.0.0.1"); /* not ::ffff:127.0.0.1 */
    client_close(&client);
    fixture_stop(fixture);
}

static void a_thousand_peers_come_and_go(void)
{
    enum { COUNT = 1000 };
    static struct client clients[COUNT];
    struct server_fixture *fixture = fixture_start(&(struct ws_options){0});
    for (size_t i = 0; i < COUNT; i++)
        clients[i] = client_connect_small(fixture->loop, fixture->port);
    for (size_t i = 0; i < COUNT; i++)
        client_ask_upgrade(&clients[i], i % 2 ? "weft.v1.json" : "weft.v1.msgpack", NULL);
    for (size_t i = 0; i < COUNT; i++)
        client_expect_reply(&clients[i], 101, false);
    for (size_t i = 0; i < COUNT; i++)
        client_frame(&clients[i], OPCODE_FIN | (i % 2 ? OPCODE_TEXT : OPCODE_BINARY), "one of", 6);
    for (size_t i = 0; i < COUNT; i++)
        expect_text(client_read_frame(&clients[i]).payload, "one of");
    expect_u64(fixture->opened, COUNT);
    expect_u64(ws_server_counts(fixture->server).peers, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 == 0)
            client_frame(&clients[i], OPCODE_FIN | OPCODE_CLOSE, "\x03\xe8", 2);
        if (i % 3 == 1)
            client_reset(&clients[i]);
        else
            client_close(&clients[i]);
    }
    fixture_await_closed(fixture, COUNT);
    expect_u64(ws_server_counts(fixture->server).memory_bytes, 0);
    fixture_stop(fixture);
}

/* libwebsockets goes through a table of that length at each close. */
static void the_limit_of_descriptors_is_what_is_needed(void)
{
    static const struct {
        uint32_t connections;
        rlim_t before, after;
    } rows[] = {{100, 200, 228}, {100, 3000, 3000}, {100, 5000, 4096}, {5000, 5200, 5128}};
    struct rlimit first, now;
    expect(getrlimit(RLIMIT_NOFILE, &first) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && rows[i].before <= first.rlim_max; i++) {
        limit_descriptors(rows[i].before, &first);
        struct server_fixture *fixture =
                fixture_start(&(struct ws_options){.connections_max = rows[i].connections});
        expect(getrlimit(RLIMIT_NOFILE, &now) == 0);
        expect_u64(now.rlim_cur, rows[i].after);
        fixture_stop(fixture);
        expect(setrlimit(RLIMIT_NOFILE, &first) == 0);
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_server_starts_and_stops_again_and_again),
                    CASE(a_loop_may_carry_one_server_after_another),
                    CASE(stopping_to_accept_keeps_what_is_open), CASE(two_servers_share_a_port),
                    CASE(what_cannot_start_says_why), CASE(an_address_may_hold_so_many_connections),
                    CASE(a_full_server_says_so), CASE(running_out_of_descriptors_is_survived),
                    CASE(the_limit_of_descriptors_is_what_is_needed),
                    CASE(low_and_high_descriptors_are_served_alike),
                    CASE(a_socket_that_the_library_refuses_is_given_back_once),
                    CASE(both_loopbacks_are_served), CASE(every_address_means_both_families),
                    CASE(a_thousand_peers_come_and_go), {0}});
}
