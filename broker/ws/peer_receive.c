/* SPDX-License-Identifier: Apache-2.0 */
/* From the pieces that libwebsockets hands over to whole messages.
 *
 * Invariant: on_frame sees each message once, whole and in order; a peer holds a buffer only while
 * a message of it is incomplete. Pieces come at the boundaries of the receive buffer as well as of
 * fragments, so the end is a final fragment of which nothing remains. A message that came in one
 * piece is handed over where it lies.
 *
 * After a fault the peer is deaf: the flow was told once, and nothing more of it is read. UTF-8 is
 * looked at by whoever reads the frame.
 */
#include "ws/server.h"

#include <libwebsockets.h>

static struct peer handle_of(const struct connection *connection)
{
    return (struct peer){connection->index, connection->generation};
}

static void drop_message(struct ws_server *server, struct peer_state *peer)
{
    inbound_finish(&peer->inbound, &server->memory);
    peer->is_in_message = false;
}

static void on_fault(struct ws_server *server, struct connection *connection, enum peer_fault fault)
{
    static const uint16_t codes[] = {
            [PEER_TOO_LARGE] = 1009, [PEER_WRONG_OPCODE] = 1003, [PEER_BAD_UTF8] = 1007};
    static const char *const reasons[] = {[PEER_TOO_LARGE] = "too_large",
            [PEER_WRONG_OPCODE] = "wrong_opcode",
            [PEER_BAD_UTF8] = "bad_utf8"};
    drop_message(server, &connection->peer);
    connection->peer.is_deaf = true;
    server->handlers.peer_events->on_fault(
            server->handlers.peer_user, handle_of(connection), fault);
    peer_begin_close(server, connection, codes[fault], slice_of_string(reasons[fault]));
}

static void deliver_lent(struct ws_server *server, struct connection *connection)
{
    char nothing[1]; /* an empty message has no buffer */
    struct inbound message = connection->peer.inbound;
    connection->peer.inbound = (struct inbound){0};
    connection->peer.is_in_message = false;
    server->handlers.peer_events->on_frame(server->handlers.peer_user, handle_of(connection),
            message.len > 0 ? message.bytes : nothing, message.len);
    inbound_finish(&message, &server->memory);
}

static void begin_message(struct ws_server *server, struct peer_state *peer)
{
    if (!peer->is_in_message)
        peer->message_ms = server_now_ms(server);
    peer->is_in_message = true;
}

int peer_receive(struct ws_server *server, struct connection *connection, char *bytes, size_t len)
{
    struct peer_state *peer = &connection->peer;
    struct lws *wsi = connection->wsi;
    if (connection->kind != CONNECTION_PEER)
        return -1;
    peer->heard_ms = server_now_ms(server);
    if (peer->is_closing || peer->is_deaf)
        return 0;
    size_t left = lws_remaining_packet_payload(wsi), len_max = server->options.message_bytes_max;
    bool is_binary = lws_frame_is_binary(wsi) != 0;
    if (!peer->is_in_message && is_binary != (peer->codec == PEER_MSGPACK)) {
        on_fault(server, connection, PEER_WRONG_OPCODE);
        return 0;
    }
    if (left > len_max || peer->inbound.len + len + left > len_max) {
        on_fault(server, connection, PEER_TOO_LARGE);
        return 0;
    }
    bool is_complete = left == 0 && lws_is_final_fragment(wsi);
    if (is_complete && !peer->is_in_message) {
        server->handlers.peer_events->on_frame(
                server->handlers.peer_user, handle_of(connection), bytes, len);
        return 0;
    }
    begin_message(server, peer);
    if (!inbound_append(&peer->inbound, &server->memory, (uint32_t)len_max, bytes, len)) {
        drop_message(server, peer);
        peer_begin_close(server, connection, 4429, SLICE_OF("too_many"));
    } else if (is_complete) {
        deliver_lent(server, connection);
    }
    return 0;
}
