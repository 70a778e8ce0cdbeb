/* SPDX-License-Identifier: Apache-2.0 */
/* A file on its way out.
 *
 *   GET ─▶ signature ─▶ its entry, as it stands now ─▶ head of the file ─▶ chunk by chunk, opened
 *             403             410: deleted, erased            410
 *
 * Invariant: no byte of a file leaves unless its entry shows the file now, by the same reading that
 * every other view of the entry goes through. A chunk is read when the one before it has left. What
 * does not open is never sent: the reply is cut, which its length shows. Nothing that a browser
 * could run is shown in place, and the page that a file would make has no rights.
 */
#include "flow/files.h"

#include "base/check.h"
#include "base/log_line.h"
#include "flow/chat_read.h"
#include "flow/door.h"
#include "flow/entry_codec.h"
#include "flow/file_type.h"

#include <stdio.h>
#include <stdlib.h>

enum { DOWNLOADS_MAX = 128, AGAIN_MS = 2000, HEADERS_MAX = 2048 };

struct download {
    struct list at;
    struct door door;
    struct files *files;
    struct chat *chat; /* held */
    struct chat_read read;
    char id[FILE_ID_LEN];
    bool is_waiting, is_gone;
    bool is_shown; /* the entry has the file */
    struct file_meta meta;
    struct crypto_stream stream;
    uint64_t given, stored; /* plain bytes that left, and where the next ones lie */
    uint8_t plain[FILE_CHUNK];
};

static void end(struct download *download)
{
    list_remove(&download->at);
    download->files->download_count--;
    chat_release(download->chat);
    free(download);
}

static void refuse(struct download *download, bool is_later)
{
    if (!download->is_gone && is_later)
        door_refuse_later(&download->door, 503, PROTO_ERROR_STORE_UNAVAILABLE, AGAIN_MS);
    else if (!download->is_gone)
        door_refuse(&download->door, 410, PROTO_ERROR_NOT_FOUND, "This file is gone.");
    end(download);
}

/* ---- the bytes --------------------------------------------------------------------------------
 */

static void cut(struct download *download)
{
    struct http *http = download->files->node->http;
    struct http_exchange exchange = download->door.exchange;
    bool is_gone = download->is_gone;
    end(download);
    if (!is_gone)
        http->ops->reply_cut(http, exchange);
}

static void on_chunk(void *user, const struct blob_reply *reply)
{
    struct download *download = user;
    struct http *http = download->files->node->http;
    bool is_last = false;
    download->is_waiting = false;
    size_t len = reply->bytes.len > STREAM_OVERHEAD ? reply->bytes.len - STREAM_OVERHEAD : 0;
    bool is_good = reply->outcome == BLOB_OK && !download->is_gone && len > 0 &&
                   crypto_stream_open(&download->stream, reply->bytes, download->plain, &is_last);
    download->given += len;
    download->stored += reply->bytes.len;
    if (!is_good || is_last != (download->given == download->meta.bytes)) {
        cut(download);
        return;
    }
    http->ops->reply_piece(http, download->door.exchange, slice_make(download->plain, len));
    if (is_last)
        end(download);
}

static struct download *find(struct node *node, struct http_exchange exchange)
{
    LIST_EACH (at, next, &node->files->downloads) {
        struct download *download = LIST_ITEM(at, struct download, at);
        if (download->door.exchange.index == exchange.index &&
                download->door.exchange.generation == exchange.generation)
            return download;
    }
    return NULL;
}

void downloads_on_room(struct node *node, struct http_exchange exchange)
{
    struct download *download = find(node, exchange);
    if (download == NULL || download->is_waiting)
        return;
    struct blob_name name = {chat_id(download->chat), slice_make(download->id, FILE_ID_LEN)};
    download->is_waiting = true;
    node->blobs->ops->read(
            node->blobs, &name, download->stored, FILE_SEALED_CHUNK, on_chunk, download);
}

void downloads_on_gone(struct node *node, struct http_exchange exchange)
{
    struct download *download = find(node, exchange);
    if (download == NULL)
        return;
    download->is_gone = true;
    if (!download->is_waiting)
        end(download);
}

/* ---- the head ---------------------------------------------------------------------------------
 */

static void put_disposition(const struct file_meta *meta, struct buffer *out)
{
    static const char hex[] = "0123456789ABCDEF";
    bool is_inline = file_type_is_shown(slice_of_string(meta->type));
    buffer_put_slice(out, SLICE_OF("Content-Disposition: "));
    buffer_put_slice(out, is_inline ? SLICE_OF("inline") : SLICE_OF("attachment"));
    buffer_put_slice(out, SLICE_OF("; filename*=UTF-8''"));
    for (const char *at = meta->name; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
        buffer_put_char(out, is_plain ? *at : '%');
        if (!is_plain) {
            buffer_put_char(out, hex[c >> 4]);
            buffer_put_char(out, hex[c & 15]);
        }
    }
    buffer_put_slice(out, SLICE_OF("\r\n"));
}

static void begin(struct download *download)
{
    struct http *http = download->files->node->http;
    char headers[HEADERS_MAX], origin[512];
    struct buffer out = buffer_make(headers, sizeof headers);
    put_disposition(&download->meta, &out);
    buffer_put_slice(&out, SLICE_OF("Content-Security-Policy: default-src 'none'; sandbox\r\n"
                                    "Cache-Control: private, max-age=600\r\n"));
    buffer_put_slice(&out, door_origin_headers(&download->door, origin, sizeof origin));
    check(!out.overflowed);
    struct http_reply reply = {
            200, slice_of_string(download->meta.type), buffer_slice(&out), SLICE_NONE};
    http->ops->reply_begin(http, download->door.exchange, &reply, download->meta.bytes);
}

static void on_head(void *user, const struct blob_reply *reply)
{
    struct download *download = user;
    download->is_waiting = false;
    bool is_later = reply->outcome != BLOB_OK && reply->outcome != BLOB_ABSENT;
    if (download->is_gone || reply->outcome != BLOB_OK ||
            download->chat->key_state != CHAT_KEY_READY ||
            !file_open(download->chat, slice_make(download->id, FILE_ID_LEN), reply->bytes,
                    &download->stream, &download->meta)) {
        refuse(download, is_later);
        return;
    }
    download->stored = FILE_HEAD_BYTES;
    begin(download);
}

/* ---- the entry --------------------------------------------------------------------------------
 */

static void on_record(struct chat_read *read, const struct record *record)
{
    struct download *download = LIST_ITEM(read, struct download, read);
    struct arena *scratch = &download->files->node->scratch;
    size_t mark = scratch->used;
    struct entry entry;
    struct proto_body body;
    if (record->at.seq == read->from && chat_read_entry(download->chat, record, &entry))
        for (size_t i = 0; i < entry.part_count; i++)
            if (entry.parts[i].kind == PART_MESSAGE &&
                    body_decode(entry.parts[i].body, scratch, &body) &&
                    body.kind == PROTO_BODY_KIND_FILE &&
                    slice_equal(body.upload, slice_make(download->id, FILE_ID_LEN)))
                download->is_shown = true;
    scratch->used = mark;
}

static void on_read(struct chat_read *read, enum log_outcome outcome)
{
    struct download *download = LIST_ITEM(read, struct download, read);
    struct blobs *blobs = download->files->node->blobs;
    download->is_waiting = false;
    if (outcome != LOG_APPENDED || !download->is_shown || download->is_gone) {
        refuse(download, outcome == LOG_RETRY || outcome == LOG_FULL || read->is_cut);
        return;
    }
    struct blob_name name = {chat_id(download->chat), slice_make(download->id, FILE_ID_LEN)};
    download->is_waiting = true;
    blobs->ops->read(blobs, &name, 0, FILE_HEAD_BYTES, on_head, download);
}

static void start(struct door *door, const struct file_place *place)
{
    struct node *node = door->node;
    struct chat *chat =
            node->files->download_count < DOWNLOADS_MAX
                    ? chat_hold(node, slice_make(place->conversation, CONVERSATION_ID_LEN))
                    : NULL;
    if (chat == NULL) {
        door_refuse_later(door, 503, PROTO_ERROR_BUSY, AGAIN_MS);
        return;
    }
    struct download *download = calloc(1, sizeof *download);
    check(download != NULL);
    download->door = *door;
    download->files = node->files;
    download->chat = chat;
    memcpy(download->id, place->id, FILE_ID_LEN);
    list_append(&node->files->downloads, &download->at);
    node->files->download_count++;
    download->is_waiting = true;
    download->read = (struct chat_read){.from = place->seq,
            .to = place->seq,
            .count = 1,
            .is_fresh = true,
            .on_record = on_record,
            .done = on_read};
    chat_read(chat, &download->read);
}

bool door_downloads(struct door *door, const struct http_request *request)
{
    struct slice before = SLICE_OF("/v1/files/");
    struct file_place place;
    if (!slice_starts_with(request->path, before) || door->node->blobs == NULL)
        return false;
    struct slice id = slice_make(request->path.bytes + before.len, request->path.len - before.len);
    if (request->method != HTTP_GET)
        door_refuse(door, 405, PROTO_ERROR_BAD_REQUEST, "This address is only read.");
    else if (!file_link_read(door->node, id, request->query, &place))
        door_refuse(door, 403, PROTO_ERROR_FORBIDDEN,
                "This address has expired, or was never given: look at the message again.");
    else
        start(door, &place);
    return true;
}
