/* SPDX-License-Identifier: Apache-2.0 */
/* The connected WebSocket peers, as flows see them: frames in, frames out, and closing.
 *
 * A peer handle names one connection for its life; after it is gone, calls with it do nothing.
 * Events come one at a time from the loop, never inside a call of peers_ops.
 */
#ifndef WEFT_PORT_PEERS_H
#define WEFT_PORT_PEERS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum peer_codec { PEER_JSON, PEER_MSGPACK };

struct peer {
    uint32_t index, generation; /* generation 0: no peer */
};

struct peer_info {
    enum peer_codec codec;
    struct slice
            origin; /* the Origin header, empty when there was none; borrowed during the event */
};

enum peer_fault { PEER_TOO_LARGE, PEER_WRONG_OPCODE, PEER_BAD_UTF8 };

struct peer_events {
    /* false: refuse the handshake with 403 (an Origin that nobody allows). */
    bool (*may_open)(void *user, const struct peer_info *info);
    void (*on_opened)(void *user, struct peer peer, const struct peer_info *info);
    /* One whole message. bytes are mutable and borrowed: the reader decodes in place. */
    void (*on_frame)(void *user, struct peer peer, char *bytes, size_t len);
    /* A frame that must not be read; the flow answers with an error and closes. */
    void (*on_fault)(void *user, struct peer peer, enum peer_fault fault);
    /* The ring is at most half full again after a send said no, or after room found it fuller. */
    void (*on_writable)(void *user, struct peer peer);
    /* Last event of a peer. */
    void (*on_closed)(void *user, struct peer peer);
};

struct peers;

struct peers_ops {
    /* Queues one whole message. false: the ring is full or the peer is gone, nothing was queued. */
    bool (*send)(struct peers *, struct peer, const char *bytes, size_t len);
    /* Bytes that still fit into the ring. */
    size_t (*room)(struct peers *, struct peer);
    /* Closes after what is queued was written (bounded: 2 s). reason is at most 120 bytes. */
    void (*close)(struct peers *, struct peer, uint16_t code, struct slice reason);
};

struct peers {
    const struct peers_ops *ops;
};

#endif
