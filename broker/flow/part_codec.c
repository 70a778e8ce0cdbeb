/* SPDX-License-Identifier: Apache-2.0 */
/* What parts of an entry hold in the wire's own msgpack: bodies, packets, properties of events.
 *
 * Invariant: what was encoded decodes to the same; what was stored is scanned and bounded like
 * anything else. And what counts as text that people can read.
 */
#include "base/block.h"
#include "flow/stored_entry.h"

bool stored_shape_read(
        struct slice bytes, const struct proto_shape *shape, struct arena *scratch, void *out)
{
    struct proto_problem problem;
    struct slice copy = arena_copy(scratch, bytes); /* what is read may outlive the record */
    struct proto_source source = {
            PROTO_MSGPACK, (char *)copy.bytes, copy.len, &proto_trusted_bounds, scratch};
    return copy.bytes != NULL && proto_stored_read(&source, shape, out, &problem);
}

static bool has_control(const char *at)
{
    block bytes = block_load(at);
    return block_first(block_controls(bytes) | (bytes == 0x7f)) < BLOCK;
}

/* A block at a time while there is no control; which one it is, the slow way tells. */
bool text_is_clean(struct slice text)
{
    size_t start = 0;
    while (text.len - start >= BLOCK && !has_control(text.bytes + start))
        start += BLOCK;
    for (size_t i = start; i < text.len; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return false;
    }
    return true;
}

/* ---- bodies and packets -----------------------------------------------------------------------
 */

static struct slice write_shape(
        const struct proto_shape *shape, const void *value, size_t room, struct arena *scratch)
{
    char *bytes = arena_take_raw(scratch, room);
    if (bytes == NULL)
        return SLICE_NONE;
    struct buffer out = buffer_make(bytes, room);
    proto_shape_write(PROTO_MSGPACK, shape, value, &out);
    return out.overflowed ? SLICE_NONE : buffer_slice(&out);
}

struct slice body_encode(const struct proto_body *body, struct arena *scratch)
{
    return write_shape(&proto_body_shape, body, body_room(body), scratch);
}

bool body_decode(struct slice bytes, struct arena *scratch, struct proto_body *out_body)
{
    return stored_shape_read(bytes, &proto_body_shape, scratch, out_body);
}

struct slice handoff_encode(const struct proto_handoff *handoff, struct arena *scratch)
{
    return write_shape(&proto_handoff_shape, handoff, STORED_BODY_MAX, scratch);
}

bool handoff_decode(struct slice bytes, struct arena *scratch, struct proto_handoff *out_handoff)
{
    return stored_shape_read(bytes, &proto_handoff_shape, scratch, out_handoff);
}

struct stored_event {
    const struct proto_pair *q;
    size_t q_count;
};

static const struct proto_field stored_event_fields[] = {
        PROTO_OBJECT_LIST(struct stored_event, q, REQUIRED, ENTRY_PAIRS_MAX, struct proto_pair,
                &proto_pair_shape),
};
static const struct proto_shape stored_event_shape =
        PROTO_SHAPE(struct stored_event, stored_event_fields);

size_t event_room(const struct proto_pair *pairs, size_t count)
{
    size_t room = 16;
    for (size_t i = 0; i < count; i++)
        room += 24 + pairs[i].name.len + pairs[i].value.len;
    return room;
}

struct slice event_encode(const struct proto_pair *pairs, size_t count, struct arena *scratch)
{
    struct stored_event event = {pairs, count};
    return count > 0 ? write_shape(&stored_event_shape, &event, event_room(pairs, count), scratch)
                     : SLICE_NONE;
}

bool event_decode(struct slice bytes, struct arena *scratch, const struct proto_pair **out_pairs,
        size_t *out_count)
{
    struct stored_event event = {0};
    if (bytes.len > 0 && !stored_shape_read(bytes, &stored_event_shape, scratch, &event))
        return false;
    *out_pairs = event.q;
    *out_count = event.q_count;
    return true;
}

struct slice system_body(const char *sentence, struct arena *scratch)
{
    struct proto_body body = {.kind = PROTO_BODY_KIND_SYSTEM, .text = slice_of_string(sentence)};
    return body_encode(&body, scratch);
}
