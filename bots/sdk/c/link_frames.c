/* SPDX-License-Identifier: Apache-2.0 */
/* Coding for links.
 *
 * Invariant: the scratch is one per thread, not per link, and is used only within one call from the
 * loop: hundreds of links cost one. A frame of a kind, or with an enum's word, that this version
 * does not know is no fault of the server's.
 */
#include "bots/sdk/c/link_frames.h"

#include "base/check.h"
#include "proto/codec.h"

#include <stdlib.h>

enum { SCRATCH_MAX = 2097152 };

static _Thread_local char *scratch_bytes;
static _Thread_local char write_space[PROTO_LIMIT_FRAME_BYTES];

static struct arena take_scratch(void)
{
    static _Thread_local size_t size;
    struct arena scratch;
    if (scratch_bytes == NULL) {
        size_t most = proto_frame_scratch_max(PROTO_FROM_SERVER);
        size = most < SCRATCH_MAX ? most : SCRATCH_MAX;
        scratch_bytes = malloc(size);
        check(scratch_bytes != NULL);
    }
    arena_init(&scratch, scratch_bytes, size);
    return scratch;
}

enum link_frame_verdict link_frames_read(
        bool is_binary, bool use_json, char *bytes, size_t len, struct proto_frame *out_frame)
{
    struct proto_problem problem;
    struct arena scratch = take_scratch();
    const struct proto_source input = {.codec = use_json ? PROTO_JSON : PROTO_MSGPACK,
            .bytes = bytes,
            .len = len,
            .bounds = &proto_trusted_bounds,
            .scratch = &scratch};
    if (is_binary == use_json || bytes == NULL)
        return LINK_FRAME_GARBLED;
    if (proto_frame_read(&input, PROTO_FROM_SERVER, out_frame, &problem))
        return LINK_FRAME_READ;
    return problem.code == PROTO_ERROR_UNKNOWN_FRAME ? LINK_FRAME_UNKNOWN : LINK_FRAME_GARBLED;
}

bool link_frames_send(struct socket *socket, bool use_json, const struct proto_frame *frame)
{
    struct buffer out = buffer_make(write_space, sizeof write_space);
    proto_frame_write(use_json ? PROTO_JSON : PROTO_MSGPACK, frame, &out);
    return !out.overflowed && socket_send(socket, !use_json, buffer_slice(&out));
}
