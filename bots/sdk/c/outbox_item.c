/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of one message in an outbox: one block for the struct, one for all that it says.
 *
 * Invariant: what is sent again is byte for byte what was sent first, whatever the caller does with
 * its own copy meanwhile: the server compares digests.
 */
#include "bots/sdk/c/outbox_item.h"

#include "base/arena.h"
#include "base/check.h"

#include <stdlib.h>

enum { ALIGN = _Alignof(max_align_t) };

static size_t body_size(const struct proto_body *body)
{
    size_t size = body->text.len + body->chosen.len + 4 * ALIGN;
    for (size_t i = 0; i < body->options_count; i++)
        size += body->options[i].title.len + body->options[i].value.len + 2 * ALIGN;
    return size + body->options_count * sizeof *body->options;
}

/* An empty text is still a text: absent is only what was absent. */
static struct slice copy(struct arena *arena, struct slice from)
{
    if (from.bytes == NULL || from.len > 0)
        return arena_copy(arena, from);
    return SLICE_OF("");
}

static struct proto_body copy_body(struct arena *arena, const struct proto_body *from)
{
    struct proto_body body = *from;
    body.text = copy(arena, from->text);
    body.chosen = copy(arena, from->chosen);
    if (from->options_count == 0)
        return body;
    struct proto_option *options = arena_take(arena, from->options_count * sizeof *from->options);
    check(options != NULL);
    for (size_t i = 0; i < from->options_count; i++)
        options[i] = (struct proto_option){
                copy(arena, from->options[i].title), copy(arena, from->options[i].value)};
    body.options = options;
    return body;
}

struct outbox_item *outbox_item_create(const struct outbox_message *message)
{
    struct arena arena;
    size_t size = body_size(message->body);
    struct outbox_item *item = calloc(1, sizeof *item);
    check(item != NULL && (item->bytes = malloc(size)) != NULL);
    arena_init(&arena, item->bytes, size);
    list_init(&item->node);
    item->send.body = copy_body(&arena, message->body);
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
