/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one message in an outbox: one block for the struct, one for all that it says.
 *
 * Invariant: what is sent again is byte for byte what was sent first, whatever the caller does with
 * its own copy meanwhile: the server compares digests.
 */
#include "bots/sdk/c/outbox_item.h"

#include "base/arena.h"
#include "base/check.h"
#include "proto/codec.h"

#include <stdlib.h>

enum { DECODED_MAX = 4 * PROTO_LIMIT_FRAME_BYTES };

static void decode(struct slice encoded, struct arena *arena, struct proto_body *out_body)
{
    struct proto_problem problem;
    struct slice copy = arena_copy(arena, encoded); /* reading spoils */
    struct proto_source source = {
            PROTO_MSGPACK, (char *)copy.bytes, copy.len, &proto_trusted_bounds, arena};
    check(copy.bytes != NULL && proto_shape_read(&source, &proto_body_shape, out_body, &problem));
}

/* Through the wire's own codec, so that no member of a body can be forgotten. The first reading
 * says how much memory the second one takes. */
static void keep_body(struct outbox_item *item, const struct proto_body *body)
{
    static _Thread_local char encoded[PROTO_LIMIT_FRAME_BYTES], decoded[DECODED_MAX];
    struct buffer out = buffer_make(encoded, sizeof encoded);
    struct arena arena;
    proto_shape_write(PROTO_MSGPACK, &proto_body_shape, body, &out);
    check(!out.overflowed);
    arena_init(&arena, decoded, sizeof decoded);
    decode(buffer_slice(&out), &arena, &item->send.body);
    size_t size = arena.used + 2 * _Alignof(max_align_t);
    item->bytes = malloc(size);
    check(item->bytes != NULL);
    arena_init(&arena, item->bytes, size);
    decode(buffer_slice(&out), &arena, &item->send.body);
}

struct outbox_item *outbox_item_create(const struct outbox_message *message)
{
    struct outbox_item *item = calloc(1, sizeof *item);
    check(item != NULL);
    keep_body(item, message->body);
    list_init(&item->node);
    if (message->is_internal) {
        item->send.has_visibility = true;
        item->send.visibility = PROTO_VISIBILITY_INTERNAL;
    }
    item->send.has_owner = message->owner != NULL;
    if (message->owner != NULL)
        item->send.owner = *message->owner;
    item->send.has_reply_to = message->reply_to != NULL;
    if (message->reply_to != NULL)
        item->send.reply_to = *message->reply_to;
    return item;
}

void outbox_item_destroy(struct outbox_item *item)
{
    list_remove(&item->node);
    free(item->bytes);
    free(item);
}

void outbox_item_number(struct outbox_item *item, const char *lineage, uint64_t n, struct slice id)
{
    size_t len = strlen(lineage);
    check(len <= OUTBOX_LINEAGE_MAX && id.len <= sizeof item->id);
    memcpy(item->lineage, lineage, len + 1);
    memcpy(item->id, id.bytes, id.len);
    item->send.lineage = slice_make(item->lineage, len);
    item->send.id = slice_make(item->id, id.len);
    item->send.n = n;
}
