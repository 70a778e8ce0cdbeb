/* SPDX-License-Identifier: Apache-2.0 */
/* Frames and other shapes, from and to the wire, in two codecs.
 *
 *   struct proto_source source = {PROTO_JSON, bytes, len, &proto_client_bounds, &scratch};
 *   if (!proto_frame_read(&source, PROTO_FROM_CLIENT, &frame, &problem))
 *       refuse(problem.id, problem.code, problem.message);
 */
#ifndef WEFT_PROTO_CODEC_H
#define WEFT_PROTO_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "proto/frames.h"
#include "proto/shape.h"

enum proto_codec { PROTO_JSON, PROTO_MSGPACK };
enum proto_from { PROTO_FROM_CLIENT, PROTO_FROM_SERVER };

/* What an input may be before anything of it is decoded. */
struct proto_bounds {
    size_t bytes;
    size_t depth;    /* nesting of objects and lists, at most PROTO_DEPTH_MAX */
    size_t elements; /* members and list elements, all levels together */
};
enum { PROTO_DEPTH_MAX = 16 };

extern const struct proto_bounds proto_client_bounds;  /* from clients: the published limits */
extern const struct proto_bounds proto_trusted_bounds; /* from the server, from our own log */

struct proto_source {
    enum proto_codec codec;
    char *bytes; /* decoded in place: spoilt afterwards, also when refused */
    size_t len;
    const struct proto_bounds *bounds;
    struct arena *scratch; /* lists go here; full is too_large */
};

enum { PROTO_FIELD_PATH_MAX = 95, PROTO_MESSAGE_MAX = 255 };

/* Why an input was refused. */
struct proto_problem {
    enum proto_error_code code;
    struct slice id;                      /* the request's, as far as it could be read */
    char field[PROTO_FIELD_PATH_MAX + 1]; /* "body.text"; empty when it is not about a field */
    char message[PROTO_MESSAGE_MAX + 1];  /* a sentence for a person */
};

/* Reads one frame. Members that the shape does not know are skipped.
 *
 * owns:    slices and lists in out_frame borrow from source->bytes and source->scratch
 * errors:  false: out_problem says why; out_frame is then undefined */
bool proto_frame_read(const struct proto_source *source, enum proto_from from,
        struct proto_frame *out_frame, struct proto_problem *out_problem);

/* Reads one object of the shape; as proto_frame_read. */
bool proto_shape_read(const struct proto_source *source, const struct proto_shape *shape, void *out,
        struct proto_problem *out_problem);

/* Reads one msgpack object that this program has written and a seal has kept: in a single pass,
 * into which the source's bounds and codec do not enter. What it takes is checked as always; what
 * it skips is not, and of a key that is there twice the last value holds.
 *
 * errors:  as proto_shape_read; harmless with bytes of any kind */
bool proto_stored_read(const struct proto_source *source, const struct proto_shape *shape,
        void *out, struct proto_problem *out_problem);

/* Appends one frame. Absent optional members are left out.
 *
 * errors:  out->overflowed; a kind or enum out of range checks */
void proto_frame_write(enum proto_codec codec, const struct proto_frame *frame, struct buffer *out);
void proto_shape_write(enum proto_codec codec, const struct proto_shape *shape, const void *value,
        struct buffer *out);

/* The scratch that any one input of the shape can need; of a side: its largest frame's.
 * Bounds on elements make it less in practice. */
size_t proto_shape_scratch_max(const struct proto_shape *shape);
size_t proto_frame_scratch_max(enum proto_from from);

#endif
