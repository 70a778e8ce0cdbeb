/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to and from a socket's messages. */
#ifndef WEFT_BOTS_LINK_FRAMES_H
#define WEFT_BOTS_LINK_FRAMES_H

#include "bots/sdk/c/socket.h"
#include "proto/frames.h"

enum link_frame_verdict {
    LINK_FRAME_READ,
    LINK_FRAME_UNKNOWN, /* of a newer server: to be passed over */
    LINK_FRAME_GARBLED,
};

/* owns: out_frame borrows from bytes, and from a scratch of this thread until the next read */
enum link_frame_verdict link_frames_read(
        bool is_binary, bool use_json, char *bytes, size_t len, struct proto_frame *out_frame);

/* errors: false when the socket does not take it, or the frame is larger than the wire allows */
bool link_frames_send(struct socket *socket, bool use_json, const struct proto_frame *frame);

#endif
