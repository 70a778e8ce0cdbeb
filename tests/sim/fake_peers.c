/* SPDX-License-Identifier: Apache-2.0 */
/* The peers port in memory.
 *
 * Invariant: events reach the node one at a time from the clock, never inside a call of peers_ops;
 * a message that was sent before a cut may or may not have arrived, what is sent after it has not.
 */
#include "fake_peers.h"

#include "base/check.h"
#include "base/list.h"

#include <stdlib.h>

enum message_kind { TO_NODE, TO_CLIENT, OPEN, NODE_CLOSED, CLIENT_DOWN };

struct message {
    struct timer timer;
    struct list link;
    struct fake_peers *peers;
    enum message_kind kind;
    uint32_t index, generation;
    int close_code;
    size_t len;
    char bytes[];
};

struct slot {
    uint32_t generation;
    bool is_open, is_known_to_node;
    enum peer_codec codec;
    struct fake_client *client;
    uint64_t next_in_ms, next_out_ms; /* first in, first out */
};

struct fake_peers {
    struct peers base;
    struct fake_clock *clock;
    struct fake_timers timers;
    struct fake_random random;
    uint64_t delay_ms_max;
    const struct peer_events *events;
    void *user;
    struct list messages;
    void (*note)(void *user, const struct fake_peers *peers, const struct fake_client *client,
            bool is_to_node, const struct proto_frame *frame, struct slice json);
    void *note_user;
    struct slot slots[FAKE_PEERS_MAX];
    char buffer[1 << 20];
    char scratch[1 << 20];
};

static struct slot *slot_of(struct fake_peers *peers, struct peer peer)
{
    struct slot *slot = peer.index < FAKE_PEERS_MAX ? &peers->slots[peer.index] : NULL;
    return slot != NULL && peer.generation != 0 && slot->generation == peer.generation ? slot
                                                                                       : NULL;
}

static void on_message(struct timer *timer);

static void post(struct fake_peers *peers, struct peer peer, enum message_kind kind,
        uint64_t *in_order, const char *bytes, size_t len, int close_code)
{
    struct message *message = calloc(1, sizeof *message + len);
    check(message != NULL);
    *message = (struct message){.timer.on_due = on_message,
            .peers = peers,
            .kind = kind,
            .index = peer.index,
            .generation = peer.generation,
            .close_code = close_code,
            .len = len};
    if (len > 0)
        memcpy(message->bytes, bytes, len);
    uint64_t due_ms =
            peers->clock->now_ms + fake_random_below(&peers->random, peers->delay_ms_max + 1);
    if (in_order != NULL) {
        due_ms = due_ms > *in_order ? due_ms : *in_order + 1;
        *in_order = due_ms;
    }
    list_append(&peers->messages, &message->link);
    fake_timers_arm(&peers->timers, &message->timer, due_ms);
}

static void client_down(struct fake_peers *peers, struct slot *slot, int code)
{
    struct fake_client *client = slot->client;
    if (client == NULL)
        return;
    slot->client = NULL;
    client->peer = (struct peer){0};
    (void)peers;
    client->on_down(client, code);
}

static void node_closed(struct fake_peers *peers, struct slot *slot, struct peer peer)
{
    slot->is_open = false;
    if (slot->is_known_to_node && peers->events != NULL)
        peers->events->on_closed(peers->user, peer);
    slot->is_known_to_node = false;
    client_down(peers, slot, 1006);
    slot->generation++;
}

static void tell(struct fake_peers *peers, const struct fake_client *client, bool is_to_node,
        const struct proto_frame *frame)
{
    static char text[1 << 16];
    struct buffer out = buffer_make(text, sizeof text);
    if (peers->note == NULL)
        return;
    proto_frame_write(PROTO_JSON, frame, &out);
    peers->note(peers->note_user, peers, client, is_to_node, frame, buffer_slice(&out));
}

static void to_client(struct fake_peers *peers, struct slot *slot, struct message *message)
{
    struct arena arena;
    struct proto_frame frame;
    struct proto_problem problem;
    if (slot->client == NULL)
        return;
    arena_init(&arena, peers->scratch, sizeof peers->scratch);
    struct proto_source source = {slot->codec == PEER_JSON ? PROTO_JSON : PROTO_MSGPACK,
            message->bytes, message->len, &proto_trusted_bounds, &arena};
    check(proto_frame_read(&source, PROTO_FROM_SERVER, &frame, &problem));
    tell(peers, slot->client, false, &frame);
    slot->client->on_frame(slot->client, &frame);
}

static void on_message(struct timer *timer)
{
    struct message *message = LIST_ITEM(timer, struct message, timer);
    struct fake_peers *peers = message->peers;
    struct peer peer = {message->index, message->generation};
    struct slot *slot = slot_of(peers, peer);
    struct peer_info info = {.codec = slot ? slot->codec : PEER_JSON};
    list_remove(&message->link);
    bool is_served = slot != NULL && peers->events != NULL;
    if (message->kind == OPEN && is_served && slot->is_open) {
        slot->is_known_to_node = true;
        peers->events->on_opened(peers->user, peer, &info);
    } else if (message->kind == TO_NODE && is_served && slot->is_known_to_node && slot->is_open) {
        peers->events->on_frame(peers->user, peer, message->bytes, message->len);
    } else if (message->kind == TO_CLIENT && slot != NULL) {
        to_client(peers, slot, message);
    } else if (message->kind == NODE_CLOSED && slot != NULL) {
        node_closed(peers, slot, peer);
    } else if (message->kind == CLIENT_DOWN && slot != NULL) {
        client_down(peers, slot, message->close_code);
    }
    free(message);
}

/* ---- the node's end ---------------------------------------------------------------------------
 */

static bool peers_send(struct peers *base, struct peer peer, const char *bytes, size_t len)
{
    struct fake_peers *peers = (struct fake_peers *)base;
    struct slot *slot = slot_of(peers, peer);
    if (slot == NULL || !slot->is_open)
        return false;
    post(peers, peer, TO_CLIENT, &slot->next_out_ms, bytes, len, 0);
    return true;
}

static size_t peers_room(struct peers *base, struct peer peer)
{
    struct slot *slot = slot_of((struct fake_peers *)base, peer);
    return slot != NULL && slot->is_open ? 256 * 1024 : 0;
}

static void peers_close(struct peers *base, struct peer peer, uint16_t code, struct slice reason)
{
    struct fake_peers *peers = (struct fake_peers *)base;
    struct slot *slot = slot_of(peers, peer);
    (void)reason;
    if (slot == NULL || !slot->is_open)
        return;
    slot->is_open = false;
    post(peers, peer, CLIENT_DOWN, &slot->next_out_ms, NULL, 0, code);
    post(peers, peer, NODE_CLOSED, &slot->next_out_ms, NULL, 0, code);
}

static const struct peers_ops fake_peers_ops = {peers_send, peers_room, peers_close};

struct fake_peers *fake_peers_create(struct fake_clock *clock, uint64_t seed, uint64_t delay_ms_max)
{
    struct fake_peers *peers = calloc(1, sizeof *peers);
    check(peers != NULL);
    peers->base.ops = &fake_peers_ops;
    peers->clock = clock;
    peers->delay_ms_max = delay_ms_max;
    fake_timers_init(&peers->timers, clock);
    fake_random_init(&peers->random, seed);
    list_init(&peers->messages);
    for (size_t i = 0; i < FAKE_PEERS_MAX; i++)
        peers->slots[i].generation = 1;
    return peers;
}

static void forget_messages(struct fake_peers *peers)
{
    LIST_EACH (at, next, &peers->messages) {
        struct message *message = LIST_ITEM(at, struct message, link);
        fake_timers_cancel(&peers->timers, &message->timer);
        list_remove(at);
        free(message);
    }
}

void fake_peers_destroy(struct fake_peers *peers)
{
    forget_messages(peers);
    free(peers);
}

struct peers *fake_peers_port(struct fake_peers *peers)
{
    return &peers->base;
}

void fake_peers_serve(struct fake_peers *peers, const struct peer_events *events, void *user)
{
    forget_messages(peers);
    peers->events = NULL;
    for (uint32_t i = 0; i < FAKE_PEERS_MAX; i++) {
        struct slot *slot = &peers->slots[i];
        slot->is_known_to_node = false;
        if (slot->is_open || slot->client != NULL) {
            slot->is_open = false;
            client_down(peers, slot, 1006);
            slot->generation++;
        }
    }
    peers->events = events;
    peers->user = user;
}

void fake_peers_tell(struct fake_peers *peers,
        void (*note)(void *user, const struct fake_peers *peers, const struct fake_client *client,
                bool is_to_node, const struct proto_frame *frame, struct slice json),
        void *user)
{
    peers->note = note;
    peers->note_user = user;
}

void fake_peers_stall(struct fake_peers *peers, uint64_t until_ms)
{
    fake_timers_stall(&peers->timers, until_ms);
}

bool fake_peers_is_served(const struct fake_peers *peers)
{
    return peers->events != NULL;
}

/* ---- the client's end -------------------------------------------------------------------------
 */

bool fake_client_connect(
        struct fake_client *client, struct fake_peers *peers, enum peer_codec codec)
{
    check(client->peer.generation == 0);
    if (peers->events == NULL)
        return false;
    for (uint32_t i = 0; i < FAKE_PEERS_MAX; i++) {
        struct slot *slot = &peers->slots[i];
        if (slot->is_open || slot->is_known_to_node || slot->client != NULL)
            continue;
        uint32_t generation = ++slot->generation;
        *slot = (struct slot){
                .generation = generation, .is_open = true, .codec = codec, .client = client};
        client->peers = peers;
        client->peer = (struct peer){i, generation};
        post(peers, client->peer, OPEN, &slot->next_in_ms, NULL, 0, 0);
        return true;
    }
    return false;
}

void fake_client_send(struct fake_client *client, const struct proto_frame *frame)
{
    struct fake_peers *peers = client->peers;
    struct slot *slot = client->peer.generation ? slot_of(peers, client->peer) : NULL;
    if (slot == NULL || !slot->is_open)
        return;
    struct buffer out = buffer_make(peers->buffer, sizeof peers->buffer);
    proto_frame_write(slot->codec == PEER_JSON ? PROTO_JSON : PROTO_MSGPACK, frame, &out);
    check(!out.overflowed);
    tell(peers, client, true, frame);
    post(peers, client->peer, TO_NODE, &slot->next_in_ms, out.bytes, out.len, 0);
}

void fake_client_cut(struct fake_client *client)
{
    struct fake_peers *peers = client->peers;
    struct slot *slot = client->peer.generation ? slot_of(peers, client->peer) : NULL;
    if (slot == NULL)
        return;
    post(peers, client->peer, NODE_CLOSED, NULL, NULL, 0, 1006);
    slot->is_open = false;
    client_down(peers, slot, 1006);
}
