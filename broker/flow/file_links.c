/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of files: signed, and good for a while.
 *
 * Invariant: an address says where the file's entry is, and a keyed hash binds all that it says to
 * its end. It lets its holder ask; whether the entry still shows the file is looked up at each
 * request, so a deletion and an erasure end every address at once.
 */
#include "flow/files.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SIGNATURE_BYTES = 16, SIGNATURE_TEXT = 22 };

static void sign(struct node *node, struct slice conversation, struct slice id, uint64_t seq,
        uint64_t until_ms, char out[SIGNATURE_TEXT + 2])
{
    uint8_t key[KEY_SIZE], mac[SIGNATURE_BYTES];
    char text[128];
    int len = snprintf(text, sizeof text, "%.*s/%.*s/%" PRIu64 "/%" PRIu64,
            SLICE_ARGS(conversation), SLICE_ARGS(id), seq, until_ms);
    crypto_derive(node->settings->master_key, "file-url", SLICE_NONE, key);
    crypto_mac(key, "file-url", slice_make(text, (size_t)len), mac, sizeof mac);
    out[base64url_write(mac, sizeof mac, out)] = '\0';
}

struct slice file_link(struct node *node, struct slice conversation, struct slice id,
        const struct name *at, struct arena *scratch)
{
    char *out = arena_take(scratch, FILE_URL_MAX);
    char signature[SIGNATURE_TEXT + 2];
    uint64_t until_ms = node_time_ms(node) + node->settings->file_url_ms;
    if (out == NULL)
        return SLICE_NONE;
    sign(node, conversation, id, at->seq, until_ms, signature);
    int len = snprintf(out, FILE_URL_MAX,
            "/v1/files/%.*s?in=%.*s&at=%" PRIu64 "&until=%" PRIu64 "&sig=%s", SLICE_ARGS(id),
            SLICE_ARGS(conversation), at->seq, until_ms, signature);
    check(len < FILE_URL_MAX);
    return slice_make(out, (size_t)len);
}

void file_links_set(struct node *node, struct proto_entry_view *view)
{
    struct proto_part *parts = (struct proto_part *)view->parts;
    for (size_t i = 0; i < view->parts_count; i++)
        if (parts[i].has_body && parts[i].body.kind == PROTO_BODY_KIND_FILE)
            parts[i].body.url = file_link(
                    node, view->conversation, parts[i].body.upload, &view->at, &node->scratch);
}

struct slice query_value(struct slice query, const char *name)
{
    size_t name_len = strlen(name);
    for (size_t at = 0; at < query.len;) {
        const char *end = memchr(query.bytes + at, '&', query.len - at);
        size_t len = end ? (size_t)(end - query.bytes) - at : query.len - at;
        struct slice piece = slice_make(query.bytes + at, len);
        if (len > name_len && piece.bytes[name_len] == '=' &&
                slice_starts_with(piece, slice_of_string(name)))
            return slice_make(piece.bytes + name_len + 1, len - name_len - 1);
        at += len + 1;
    }
    return SLICE_NONE;
}

static bool read_number(struct slice text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    return text.len > 0 && text.len < 17;
}

bool file_link_read(
        struct node *node, struct slice id, struct slice query, struct file_place *out_place)
{
    struct slice conversation = query_value(query, "in"), signature = query_value(query, "sig");
    char expected[SIGNATURE_TEXT + 2];
    uint64_t until_ms;
    if (!conversation_id_is_well_formed(conversation) || !conversation_id_is_well_formed(id) ||
            !read_number(query_value(query, "at"), &out_place->seq) ||
            !read_number(query_value(query, "until"), &until_ms))
        return false;
    sign(node, conversation, id, out_place->seq, until_ms, expected);
    if (signature.len != SIGNATURE_TEXT ||
            !crypto_equal(signature.bytes, expected, SIGNATURE_TEXT) ||
            node_time_ms(node) >= until_ms)
        return false;
    memcpy(out_place->conversation, conversation.bytes, CONVERSATION_ID_LEN);
    memcpy(out_place->id, id.bytes, FILE_ID_LEN);
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool percent_decode(struct slice text, char *out, size_t capacity, size_t *out_len)
{
    *out_len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.bytes[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.bytes[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.bytes[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (*out_len == capacity)
            return false;
        out[(*out_len)++] = c;
    }
    return true;
}
