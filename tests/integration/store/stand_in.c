/* SPDX-License-Identifier: Apache-2.0 */
/* A few lines of Redis, on the test's own loop: knows TIME, INFO, CONFIG and AUTH, and says to any
 * other command what the test has laid out.
 *
 * Invariant: one reply a command, in order. Commands arrive whole, as they do on a loopback socket
 * for a few hundred bytes; what does not is not for it.
 */
#include "stand_in.h"

#include "lib/test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_write_done(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

static void say(struct stand_in *stand_in, const char *reply)
{
    if (reply == NULL || stand_in->peer == NULL)
        return;
    uv_write_t *write = malloc(sizeof *write);
    uv_buf_t piece = uv_buf_init((char *)(uintptr_t)reply, (unsigned)strlen(reply));
    uv_write(write, (uv_stream_t *)stand_in->peer, &piece, 1, on_write_done);
}

static void answer(struct stand_in *stand_in, const char *verb)
{
    stand_in->heard++;
    if (strncmp(verb, "TIME\r", 5) == 0)
        say(stand_in, stand_in->time);
    else if (strncmp(verb, "INFO\r", 5) == 0)
        say(stand_in, stand_in->info);
    else if (strncmp(verb, "CONFIG\r", 7) == 0)
        say(stand_in, stand_in->policy);
    else if (strncmp(verb, "SENTINEL\r\n$6\r", 13) == 0)
        say(stand_in, stand_in->master);
    else if (strncmp(verb, "SENTINEL\r", 9) == 0)
        say(stand_in, stand_in->place);
    else
        say(stand_in, stand_in->next);
}

static void on_peer_closed(uv_handle_t *handle)
{
    free(handle);
}

static uv_tcp_t *take_peer(struct stand_in *stand_in)
{
    uv_tcp_t *peer = stand_in->peer;
    stand_in->peer = NULL;
    return peer;
}

/* A command is "*<words>\r\n$<len>\r\n<verb>\r\n…"; its later words never hold "\r\n*" here. */
static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct stand_in *stand_in = stream->data;
    if (len > 0) {
        buffer->base[len] = '\0';
        for (const char *at = buffer->base; at != NULL; at = strstr(at, "\r\n*")) {
            at += *at == '\r' ? 2 : 0;
            const char *verb = strstr(strstr(at, "\r\n") + 2, "\r\n");
            answer(stand_in, verb + 2);
        }
    }
    if (len < 0 && stand_in->peer != NULL)
        uv_close((uv_handle_t *)take_peer(stand_in), on_peer_closed);
}

static void on_allocate(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    static char bytes[65536];
    (void)handle, (void)wanted;
    *buffer = uv_buf_init(bytes, sizeof bytes - 1);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct stand_in *stand_in = listener->data;
    if (status != 0 || stand_in->peer != NULL || uv_is_closing((uv_handle_t *)listener))
        return;
    stand_in->peer = malloc(sizeof *stand_in->peer);
    uv_tcp_init(listener->loop, stand_in->peer);
    stand_in->peer->data = stand_in;
    stand_in->accepted++;
    uv_accept(listener, (uv_stream_t *)stand_in->peer);
    uv_read_start((uv_stream_t *)stand_in->peer, on_allocate, on_read);
    say(stand_in, stand_in->greeting);
    if (stand_in->resets)
        stand_in_reset(stand_in);
}

void stand_in_bind(struct stand_in *stand_in, uv_loop_t *loop)
{
    struct sockaddr_in address;
    int len = sizeof address;
    *stand_in = (struct stand_in){.time = "*2\r\n$10\r\n1700000000\r\n$6\r\n250000\r\n",
            .policy = "*2\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n"};
    uv_tcp_init(loop, &stand_in->listener);
    stand_in->listener.data = stand_in;
    uv_ip4_addr("127.0.0.1", 0, &address);
    expect(uv_tcp_bind(&stand_in->listener, (struct sockaddr *)&address, 0) == 0);
    expect(uv_tcp_getsockname(&stand_in->listener, (struct sockaddr *)&address, &len) == 0);
    stand_in->port = ntohs(address.sin_port);
}

void stand_in_listen(struct stand_in *stand_in)
{
    expect(uv_listen((uv_stream_t *)&stand_in->listener, 8, on_connection) == 0);
}

void stand_in_reset(struct stand_in *stand_in)
{
    if (stand_in->peer != NULL)
        uv_tcp_close_reset(take_peer(stand_in), on_peer_closed);
}

void stand_in_close(struct stand_in *stand_in)
{
    if (stand_in->peer != NULL)
        uv_close((uv_handle_t *)take_peer(stand_in), on_peer_closed);
    uv_close((uv_handle_t *)&stand_in->listener, NULL);
}

void stand_in_advise(struct stand_in *stand_in, uint16_t port, unsigned epoch)
{
    static char texts[16][128]; /* what was said before may still be on its way out */
    static unsigned turn;
    char digits[16];
    char *master = texts[turn++ % 16], *place = texts[turn++ % 16];
    int len = snprintf(digits, sizeof digits, "%u", epoch);
    snprintf(master, sizeof texts[0],
            "*4\r\n$4\r\nname\r\n$1\r\nm\r\n$12\r\nconfig-epoch\r\n$%d\r\n%s\r\n", len, digits);
    len = snprintf(digits, sizeof digits, "%u", port);
    snprintf(place, sizeof texts[0], "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n", len, digits);
    stand_in->master = master;
    stand_in->place = place;
}

const char *stand_in_info(char replication_id_digit, const char *role, int loading, int log)
{
    static char texts[2][512];
    static unsigned turn;
    char body[400], id[41] = {0}, *text = texts[turn++ % 2];
    memset(id, replication_id_digit, 40);
    int len = snprintf(body, sizeof body,
            "# Replication\r\nrole:%s\r\nconnected_slaves:0\r\nmaster_replid:%s\r\n"
            "# Persistence\r\nloading:%d\r\naof_enabled:%d\r\n",
            role, id, loading, log);
    snprintf(text, sizeof texts[0], "$%d\r\n%s\r\n", len, body);
    return text;
}
