/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up WebSocket peers: frames between simulated clients and a real node, with delays and cuts.
 *
 * A connection carries frames first in, first out, both ways, each after a delay drawn from the
 * world's seed; it may be cut at any time, and then what was on the way is lost.
 */
#ifndef WEFT_TESTS_SIM_FAKE_PEERS_H
#define WEFT_TESTS_SIM_FAKE_PEERS_H

#include "lib/fake_clock.h"
#include "port/peers.h"
#include "proto/codec.h"

enum { FAKE_PEERS_MAX = 64 };

struct fake_peers;

/* The client's end. on_frame borrows the frame during the call; on_down comes once. */
struct fake_client {
    void (*on_frame)(struct fake_client *client, const struct proto_frame *frame);
    void (*on_down)(struct fake_client *client, int close_code);
    struct fake_peers *peers;
    struct peer peer; /* generation 0: not connected */
};

struct fake_peers *fake_peers_create(
        struct fake_clock *clock, uint64_t seed, uint64_t delay_ms_max);
void fake_peers_destroy(struct fake_peers *peers);
struct peers *fake_peers_port(struct fake_peers *peers);
/* Which node the connections lead to; all existing ones are cut (the process died). NULL: nobody.
 */
void fake_peers_serve(struct fake_peers *peers, const struct peer_events *events, void *user);
/* Each frame is told, as it is and as JSON, cut to the width of the trace; note is NULL at first:
 * nobody asks. */
void fake_peers_tell(struct fake_peers *peers,
        void (*note)(void *user, const struct fake_peers *peers, const struct fake_client *client,
                bool is_to_node, const struct proto_frame *frame, struct slice json),
        void *user);
/* The node stands still: nothing reaches it, nor leaves it, before until_ms. */
void fake_peers_stall(struct fake_peers *peers, uint64_t until_ms);
bool fake_peers_is_served(const struct fake_peers *peers);

/* false: nobody is there, or the node refused. */
bool fake_client_connect(
        struct fake_client *client, struct fake_peers *peers, enum peer_codec codec);
void fake_client_send(struct fake_client *client, const struct proto_frame *frame);
/* The network fails: both ends learn of it, each for itself. */
void fake_client_cut(struct fake_client *client);

#endif
