/* SPDX-License-Identifier: Apache-2.0 */
/* The server's life, and the one callback of libwebsockets.
 *
 * Invariant: every socket that libwebsockets holds for us is a connection of our pool until
 * WSI_DESTROY, so the count of connections is the count of descriptors. The callback only says
 * which of our functions an event belongs to; nothing is decided here.
 *
 * libwebsockets runs on our loop, speaks HTTP/1.1 only, compresses nothing, listens on nothing and
 * keeps no idle timers: all of these have bitten others (docs/explanation/libraries.md).
 */
#include "ws/ws_server.h"

#include "base/log_line.h"
#include "ws/receive_pages.h"
#include "ws/server.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>

/* Each peer has a buffer for its life, and no recv takes more than that would hold: a page, which
 * is memory only while something is in it (receive_pages.c). Longer messages come in pieces
 * (peer_receive.c).
 *
 * Without WRITE_PIECE libwebsockets hands the socket RECEIVE_PIECE and a little at a time:
 * two writes and two changes of the poll set for each message of 550 bytes. */
enum {
    RECEIVE_PIECE = RECEIVE_PAGE_BYTES - LWS_PRE - 4, /* and 4 that libwebsockets adds */
    WRITE_PIECE = 1 << 20,
    SERVICE_BUFFER = 32768,
    CLOSING_TURNS_MAX = 10000,
};

static int on_lws_event(
        struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* A name with a space cannot be asked for as a subprotocol. */
static const struct lws_protocols protocols[] = {
        {"plain http", on_lws_event, 0, 0, 0, NULL, WRITE_PIECE},
        {"weft.v1.json", on_lws_event, 0, RECEIVE_PIECE, 1, NULL, WRITE_PIECE},
        {"weft.v1.msgpack", on_lws_event, 0, RECEIVE_PIECE, 2, NULL, WRITE_PIECE}, {0}};

static void on_destroyed(struct ws_server *server, struct connection *connection)
{
    if (connection->kind == CONNECTION_HTTP)
        exchange_finish(server, connection);
    peer_closed(server, connection);
    acceptor_forget(&server->acceptor, connection->address);
    connection_give_back(&server->pool, connection);
}

static int on_connection_event(
        struct ws_server *server, struct connection *connection, int reason, char *in, size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return peer_upgrade(server, connection);
    case LWS_CALLBACK_HTTP:
        return exchange_begin(server, connection);
    case LWS_CALLBACK_HTTP_BODY:
        return exchange_body(server, connection, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return exchange_body_complete(server, connection);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return exchange_writable(server, connection);
    case LWS_CALLBACK_ESTABLISHED:
        return peer_opened(server, connection);
    case LWS_CALLBACK_RECEIVE:
        return peer_receive(server, connection, in, len);
    case LWS_CALLBACK_RECEIVE_PONG:
        peer_heard(server, connection);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return peer_writable(server, connection);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        peer_leaves(server, connection);
        return 0;
    case LWS_CALLBACK_CLOSED:
        peer_closed(server, connection);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        on_destroyed(server, connection);
        return 0;
    default:
        return 0;
    }
}

static int on_lws_event(
        struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct connection *connection = wsi ? lws_get_opaque_user_data(wsi) : NULL;
    (void)user;
    if (connection == NULL) /* the library's own: event pipe, vhost life */
        return 0;
    struct ws_server *server = lws_context_user(lws_get_context(wsi));
    connection->wsi = wsi;
    return on_connection_event(server, connection, (int)reason, in, len);
}

static void on_due(void *user, struct heartbeat_item *item)
{
    struct ws_server *server = user;
    struct connection *connection = LIST_ITEM(item, struct connection, beat);
    if (connection->kind == CONNECTION_PEER)
        peer_due(server, connection);
    else if (connection->kind == CONNECTION_HTTP)
        exchange_due(server, connection);
}

void server_kill(struct connection *connection)
{
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    /* On a foreign loop it would not see the new timer. */
    lws_cancel_service(lws_get_context(connection->wsi));
}

/* The connection is ours alone until the adoption has succeeded, and from then on given back by
 * WSI_DESTROY alone: a library that gives up in between destroys a wsi that knows of none. */
static enum admission on_socket(void *user, int fd, struct address_count *count)
{
    struct ws_server *server = user;
    struct connection *connection = connection_take(&server->pool);
    if (connection == NULL)
        return ADMISSION_FULL;
    lws_adopt_desc_t adoption = {.vh = lws_contexts_vhost(&server->contexts, fd),
            .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
            .fd = {.sockfd = fd}};
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&adoption);
    if (wsi == NULL) { /* and fd is closed */
        connection_give_back(&server->pool, connection);
        acceptor_forget(&server->acceptor, count);
        return ADMISSION_TAKEN;
    }
    connection->address = count;
    connection->wsi = wsi;
    lws_set_opaque_user_data(wsi, connection);
    server_look_in(server, connection, server->options.head_ms_max);
    return ADMISSION_TAKEN;
}

static void on_library_log(int level, const char *line)
{
    (void)level;
    log_line(LOG_WARN, "ws.library", "said=\"%s\"", line);
}

static bool create_contexts(struct ws_server *server)
{
    static const lws_retry_bo_t no_idle_timers = {0};
    void *foreign_loops[] = {loop_uv(server->loop)};
    struct lws_context_creation_info info = {
            .port = CONTEXT_PORT_NO_LISTEN_SERVER,
            .protocols = protocols,
            .options = LWS_SERVER_OPTION_LIBUV,
            .foreign_loops = foreign_loops,
            .alpn = "http/1.1",
            .vhost_name = "weft",
            .user = server,
            .pt_serv_buf_size = SERVICE_BUFFER,
            .max_http_header_data = 8192,
            .timeout_secs = (server->options.head_ms_max + 999) / 1000,
            .timeout_secs_ah_idle = (server->options.head_ms_max + 999) / 1000,
            .keepalive_timeout = 5,
            .retry_and_idle_policy = &no_idle_timers,
    };
    receive_pages_use();
    /* Its words may quote requests, so they are heard only while there are none. */
    lws_set_log_level(LLL_ERR, on_library_log);
    bool is_good = lws_contexts_create(&server->contexts, &info);
    lws_set_log_level(0, NULL);
    return is_good;
}

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value > 0 ? value : standard;
}

static void settle_options(struct ws_options *options)
{
    options->connections_max = or_default(options->connections_max, 10000);
    options->ping_ms = or_default(options->ping_ms, 25000);
    options->dead_ms = or_default(options->dead_ms, 40000);
    options->head_ms_max = or_default(options->head_ms_max, 10000);
    options->reply_ms_max = or_default(options->reply_ms_max, 30000);
    options->close_ms_max = or_default(options->close_ms_max, 2000);
    options->message_bytes_max = or_default(options->message_bytes_max, 65536);
    options->queue_bytes_max = or_default(options->queue_bytes_max, 245776);
    if (options->memory_bytes_max == 0)
        options->memory_bytes_max = (size_t)256 << 20;
    options->listen_address = options->assets_folder = NULL;
}

/* Fine enough for the shortest deadline, coarse enough to let an idle node sleep. */
static uint32_t tick_ms(const struct ws_options *options)
{
    uint32_t shortest = options->close_ms_max;
    shortest = options->ping_ms < shortest ? options->ping_ms : shortest;
    shortest = options->head_ms_max < shortest ? options->head_ms_max : shortest;
    return shortest >= 2000 ? 250 : shortest >= 80 ? shortest / 8 : 10;
}

static bool allot(struct ws_server *server)
{
    struct ws_options *options = &server->options;
    uint32_t allowed = descriptor_allowance(options->connections_max);
    if (allowed < options->connections_max)
        log_line(LOG_WARN, "ws.capped", "connections_max=%u wanted=%u why=descriptor_limit",
                allowed, options->connections_max);
    options->connections_max = allowed;
    server->memory.max = options->memory_bytes_max;
    spares_init(&server->memory.blocks, MEMORY_BLOCK_BYTES, MEMORY_BLOCKS_KEPT_MAX);
    server->scratch = malloc(LWS_PRE + FRAME_HEAD_MAX + options->queue_bytes_max);
    return allowed > 0 && server->scratch != NULL &&
           connection_pool_init(&server->pool, options->connections_max);
}

static void on_turn(void *user)
{
    peers_flush(user);
}

static bool start(
        struct ws_server *server, const struct ws_options *options, struct ws_failure *failure)
{
    const char *address = options->listen_address ? options->listen_address : "127.0.0.1";
    char *sentence = failure->sentence;
    size_t sentence_len = sizeof failure->sentence;
    snprintf(sentence, sentence_len, "cannot start the web server: out of memory or descriptors");
    if (!allot(server))
        return false;
    if (options->assets_folder != NULL) {
        server->files = static_files_load(options->assets_folder, sentence, sentence_len);
        if (server->files == NULL)
            return false;
    }
    if (!create_contexts(server)) {
        snprintf(sentence, sentence_len,
                "cannot start libwebsockets: is its libuv plugin installed?");
        return false;
    }
    server->acceptor.uv = loop_uv(server->loop);
    server->acceptor.timers = server->timers;
    server->acceptor.per_address_max = options->connections_per_address_max;
    server->acceptor.send_buffer_bytes = options->send_buffer_bytes;
    server->acceptor.on_socket = on_socket;
    server->acceptor.user = server;
    return acceptor_listen(&server->acceptor, address, options->port, sentence, sentence_len);
}

struct ws_server *ws_server_create(struct loop *loop, const struct ws_options *options,
        const struct ws_handlers *handlers, struct ws_failure *out_failure)
{
    struct ws_failure ignored;
    struct ws_server *server = calloc(1, sizeof *server);
    check(server != NULL);
    server->peers.ops = &ws_peers_ops;
    server->http.ops = &ws_http_ops;
    server->options = *options;
    settle_options(&server->options);
    server->handlers = *handlers;
    server->loop = loop;
    server->timers = loop_timers(loop);
    list_init(&server->dirty);
    loop_on_turn(loop, on_turn, server);
    server->acceptor.timers = server->timers;
    server->acceptor.spare_fd = -1;
    heartbeat_init(&server->heartbeat, server->timers, tick_ms(&server->options));
    server->heartbeat.on_due = on_due;
    server->heartbeat.user = server;
    if (start(server, options, out_failure ? out_failure : &ignored))
        return server;
    ws_server_destroy(server);
    return NULL;
}

void ws_server_stop_accepting(struct ws_server *server)
{
    acceptor_stop(&server->acceptor);
}

static void note_closing(uv_handle_t *handle, void *is_closing)
{
    if (uv_is_closing(handle))
        *(bool *)is_closing = true;
}

static bool has_closing_handle(struct ws_server *server)
{
    bool is_closing = false;
    uv_walk(loop_uv(server->loop), note_closing, &is_closing);
    return is_closing;
}

/* A context on a foreign loop is destroyed in two halves. Between them libuv must have run every
 * close callback, in at least two turns: the last socket's starts the closing of the timers. Too
 * early, and the second half frees handles that libuv still holds and unloads the code of their
 * callbacks; without it the context leaks. */
static void destroy_contexts(struct ws_server *server)
{
    if (server->contexts.count == 0)
        return;
    lws_contexts_destroy_half(&server->contexts);
    for (int i = 0; i < CLOSING_TURNS_MAX; i++) {
        loop_turn(server->loop);
        if (server->pool.in_use == 0 && !has_closing_handle(server))
            break;
    }
    lws_contexts_destroy_half(&server->contexts);
}

void ws_server_destroy(struct ws_server *server)
{
    if (server == NULL)
        return;
    acceptor_stop(&server->acceptor);
    destroy_contexts(server);
    while (server->acceptor.closing_count > 0)
        loop_turn(server->loop);
    loop_on_turn(server->loop, NULL, NULL);
    heartbeat_finish(&server->heartbeat);
    acceptor_finish(&server->acceptor);
    if (server->pool.connections != NULL)
        connection_pool_finish(&server->pool);
    static_files_destroy(server->files);
    spares_finish(&server->memory.blocks);
    free(server->scratch);
    free(server);
}

struct peers *ws_server_peers(struct ws_server *server)
{
    return &server->peers;
}

struct http *ws_server_http(struct ws_server *server)
{
    return &server->http;
}

uint16_t ws_server_port(const struct ws_server *server)
{
    return server->acceptor.port;
}

struct ws_counts ws_server_counts(const struct ws_server *server)
{
    return (struct ws_counts){server->pool.in_use, server->options.connections_max,
            server->peer_count, server->memory.used, server->acceptor.refused_total,
            server->acceptor.accepted_total};
}
