/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on the hot path, to be counted: one customer and the agent who owns the case, in turn.
 * Or connections: a customer comes back with ticket and cursor, having missed nothing, and leaves.
 *
 *   hot_path json|msgpack COUNT [messages|hellos]
 *
 * A whole node on the unit tests' stage. Getting there is not counted: hot_path.py tells callgrind
 * to count only inside the functions of this file that begin with hot_path_, and takes the
 * difference of two runs. Invariant: between those functions and the node there is nothing but the
 * fakes, and all that the node does for a message is done when its three frames (the ack, and the
 * entry to both) are out; for a connection, when the welcome is out and the receipts were read.
 */
#include "base/check.h"
#include "unit/flow/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_PER_MESSAGE = 3, FRAME_MAX = 2048, PEER_INDEX = 60, HELLO_TURNS = 64 };

/* As long as people's messages are in `weft bench chat`. */
static const char words[] =
        "My parcel should have been here on Monday, and the page still says that it is on its way. "
        "Could you please have a look at where it is now, and tell me on which day I can expect it "
        "to be here?";

static size_t frames_out;

static bool count_frame(struct peers *peers, struct peer peer, const char *bytes, size_t len)
{
    (void)peers, (void)peer, (void)bytes;
    frames_out += len > 0;
    return true;
}

static size_t room_for_all(struct peers *peers, struct peer peer)
{
    (void)peers, (void)peer;
    return 256 * 1024;
}

static void never_close(struct peers *peers, struct peer peer, uint16_t code, struct slice reason)
{
    (void)peers, (void)peer, (void)code, (void)reason;
    check(false);
}

static const struct peers_ops counting_ops = {count_frame, room_for_all, never_close};
static struct peers counting_peers = {&counting_ops};

__attribute__((noinline)) static void hot_path_frame(struct peer peer, char *bytes, size_t len)
{
    node_peer_events.on_frame(stage.node, peer, bytes, len);
}

__attribute__((noinline)) static void hot_path_turn(void)
{
    check(fake_clock_step(&stage.clock));
}

__attribute__((noinline)) static void hot_path_open(struct peer peer, const struct peer_info *info)
{
    node_peer_events.on_opened(stage.node, peer, info);
}

__attribute__((noinline)) static void hot_path_close(struct peer peer)
{
    node_peer_events.on_closed(stage.node, peer);
}

/* The frame as a client would send it, from its JSON. */
static size_t write_as(enum proto_codec codec, char *text, int len, char *bytes)
{
    static uint8_t scratch[1 << 16];
    struct arena arena;
    struct proto_frame frame;
    struct proto_problem problem;
    arena_init(&arena, scratch, sizeof scratch);
    struct proto_source source = {PROTO_JSON, text, (size_t)len, &proto_client_bounds, &arena};
    check(proto_frame_read(&source, PROTO_FROM_CLIENT, &frame, &problem));
    struct buffer out = buffer_make(bytes, FRAME_MAX);
    proto_frame_write(codec, &frame, &out);
    check(!out.overflowed);
    return out.len;
}

static size_t write_send(struct actor *actor, enum proto_codec codec, char *bytes)
{
    char text[FRAME_MAX], owner[64] = "";
    if (actor->owner[0] != '\0')
        snprintf(owner, sizeof owner, ",\"owner\":\"%s\"", actor->owner);
    actor->n++;
    int len = snprintf(text, sizeof text,
            "{\"type\":\"send\",\"id\":\"s%" PRIu64 "\",\"conversation\":\"%s\",\"lineage\":\"%s\""
            ",\"n\":%" PRIu64 ",\"body\":{\"kind\":\"text\",\"text\":\"%s\"}%s}",
            actor->n, actor->conversation, actor->lineage, actor->n, words, owner);
    return write_as(codec, text, len, bytes);
}

static void come_and_go(struct actor *actor, enum proto_codec codec, uint32_t number)
{
    char text[FRAME_MAX], bytes[FRAME_MAX], at[NAME_TEXT_MAX + 1];
    struct peer peer = {PEER_INDEX, number + 1};
    struct peer_info info = {.codec = codec == PROTO_JSON ? PEER_JSON : PEER_MSGPACK};
    at[name_write(&fold_of(actor)->public_tail, at)] = '\0';
    int len = snprintf(text, sizeof text,
            "{\"type\":\"hello\",\"id\":\"h\",\"ticket\":\"%s\",\"cursors\":[{\"conversation\":"
            "\"%s\",\"at\":\"%s\"}]}",
            actor->ticket, actor->conversation, at);
    size_t size = write_as(codec, text, len, bytes), wanted = frames_out + 1;
    hot_path_open(peer, &info);
    hot_path_frame(peer, bytes, size);
    for (unsigned i = 0; i < HELLO_TURNS && frames_out < wanted; i++)
        hot_path_turn();
    while (fake_store_outstanding(stage.store) > 0)
        hot_path_turn();
    check(frames_out == wanted);
    hot_path_close(peer);
}

static void exchange(struct actor *actor, enum proto_codec codec)
{
    char bytes[FRAME_MAX];
    size_t len = write_send(actor, codec, bytes);
    size_t wanted = frames_out + FRAMES_PER_MESSAGE;
    hot_path_frame(actor->client.peer, bytes, len);
    while (frames_out < wanted)
        hot_path_turn();
    check(frames_out == wanted);
}

int main(int argc, char **argv)
{
    check(argc == 3 || argc == 4);
    bool are_hellos = argc == 4 && strcmp(argv[3], "hellos") == 0;
    bool is_json = strcmp(argv[1], "json") == 0;
    enum proto_codec codec = is_json ? PROTO_JSON : PROTO_MSGPACK;
    size_t count = strtoul(argv[2], NULL, 10);
    stage_start();
    stage.settings.messages_per_min = stage.settings.agent_messages_per_min = 1000 * 1000;
    stage_speak(is_json ? PEER_JSON : PEER_MSGPACK);
    struct actor *bot = stage_bot("north");
    struct actor *anna = stage_agent("north", "anna");
    struct actor *ada = stage_customer("north");
    hand_to_agent(ada, bot, anna);
    act_leave(bot);
    stage_run(10000);
    uint64_t before = fold_of(ada)->tail.seq;
    stage.node->peers = &counting_peers;
    stage.store->answers_are_durable = true; /* as one Redis' are */
    if (are_hellos)
        act_leave(ada);
    for (size_t i = 0; i < count && are_hellos; i++)
        come_and_go(ada, codec, (uint32_t)i);
    for (size_t i = 0; i < count && !are_hellos; i++)
        exchange(i % 2 == 0 ? ada : anna, codec);
    check(are_hellos || fold_of(ada)->tail.seq >= before + count);
    printf("%zu\n", count);
    fflush(stdout);
    _Exit(0);
}
