/* SPDX-License-Identifier: Apache-2.0 */
/* A file as it is stored.
 *
 * Invariant: nothing of a file is readable without its conversation's key, neither its name nor its
 * type; and what is sealed for one conversation, or under one id, opens under no other.
 */
#include "flow/files.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

static void derive_key(const struct chat *chat, struct slice id, uint8_t out[KEY_SIZE])
{
    crypto_derive(chat->key, "file", id, out);
}

static size_t put_text(uint8_t *out, const char *text)
{
    size_t len = strlen(text);
    check(len <= UINT8_MAX);
    out[0] = (uint8_t)len;
    memcpy(out + 1, text, len);
    return len + 1;
}

static size_t take_text(const uint8_t *bytes, char *out, size_t len_max)
{
    size_t len = bytes[0] <= len_max ? bytes[0] : len_max;
    memcpy(out, bytes + 1, len);
    out[len] = '\0';
    return bytes[0] + 1u;
}

void file_begin(struct node *node, const struct chat *chat, struct slice id,
        const struct file_meta *meta, struct crypto_stream *out_stream,
        uint8_t out[FILE_HEAD_BYTES])
{
    uint8_t key[KEY_SIZE], plain[FILE_META_BYTES] = {0};
    for (size_t i = 0; i < 8; i++)
        plain[i] = (uint8_t)(meta->bytes >> 8 * i);
    size_t at = 8 + put_text(plain + 8, meta->name);
    put_text(plain + at, meta->type);
    derive_key(chat, id, key);
    node->random->fill(node->random, out, STREAM_HEAD_SIZE);
    crypto_stream_begin(out_stream, key, out);
    crypto_stream_seal(out_stream, slice_make(plain, sizeof plain), false, out + STREAM_HEAD_SIZE);
}

uint64_t file_sealed_size(uint64_t bytes)
{
    uint64_t chunks = (bytes + FILE_CHUNK - 1) / FILE_CHUNK;
    return FILE_HEAD_BYTES + bytes + chunks * STREAM_OVERHEAD;
}

bool file_open(const struct chat *chat, struct slice id, struct slice head,
        struct crypto_stream *out_stream, struct file_meta *out_meta)
{
    uint8_t key[KEY_SIZE], plain[FILE_META_BYTES];
    bool is_last;
    if (head.len != FILE_HEAD_BYTES)
        return false;
    derive_key(chat, id, key);
    crypto_stream_begin(out_stream, key, (const uint8_t *)head.bytes);
    struct slice sealed =
            slice_make(head.bytes + STREAM_HEAD_SIZE, FILE_META_BYTES + STREAM_OVERHEAD);
    if (!crypto_stream_open(out_stream, sealed, plain, &is_last))
        return false;
    *out_meta = (struct file_meta){0};
    for (size_t i = 0; i < 8; i++)
        out_meta->bytes |= (uint64_t)plain[i] << 8 * i;
    size_t at = 8 + take_text(plain + 8, out_meta->name, FILE_NAME_MAX);
    take_text(plain + at, out_meta->type, FILE_TYPE_MAX);
    return true;
}
