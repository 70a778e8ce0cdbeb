/* SPDX-License-Identifier: Apache-2.0 */
/* Attached files: on their way in and out, and where a message says that they are.
 *
 *   POST /v1/uploads ─▶ sealed, loose ──send──▶ kept, and named by an entry ──view──▶ url ─▶ GET
 *
 * A file is sealed by a key that is derived from its conversation's, so whoever erases that key has
 * erased the file. What may be seen of it is asked of its entry, each time.
 */
#ifndef WEFT_FLOW_FILES_H
#define WEFT_FLOW_FILES_H

#include "flow/conversations.h"
#include "flow/sessions.h"
#include "proto/codec.h"

enum {
    FILE_ID_LEN = BLOB_NAME_LEN,
    FILE_NAME_MAX = 255,
    FILE_TYPE_MAX = 80,
    FILE_URL_MAX = 256,
    FILE_CHUNK = 32768,
    FILE_META_BYTES = 512,
    FILE_SEALED_CHUNK = FILE_CHUNK + STREAM_OVERHEAD,
    FILE_HEAD_BYTES = STREAM_HEAD_SIZE + FILE_META_BYTES + STREAM_OVERHEAD,
};

bool files_create(struct node *node); /* sets node->files, begins to sweep */

/* ---- what is stored: file_format.c ------------------------------------------------------------
 *
 *   head of the stream | what the file is, FILE_META_BYTES sealed | chunks, each sealed
 */

struct file_meta {
    char name[FILE_NAME_MAX + 1], type[FILE_TYPE_MAX + 1];
    uint64_t bytes;
};

/* Begins the stream, and writes what stands before the chunks. */
void file_begin(struct node *node, const struct chat *chat, struct slice id,
        const struct file_meta *meta, struct crypto_stream *out_stream,
        uint8_t out[FILE_HEAD_BYTES]);
/* Of a file with so many bytes, as it is stored. */
uint64_t file_sealed_size(uint64_t bytes);
/* errors: false when it was not sealed for this conversation and this id */
bool file_open(const struct chat *chat, struct slice id, struct slice head,
        struct crypto_stream *out_stream, struct file_meta *out_meta);

/* ---- where it is: file_links.c ----------------------------------------------------------------
 */

/* "/v1/files/<id>?in=…&at=…&until=…&sig=…" */
struct slice file_link(struct node *node, struct slice conversation, struct slice id,
        const struct name *at, struct arena *scratch);
/* Gives every file in the view its link; the view's parts are in scratch. */
void file_links_set(struct node *node, struct proto_entry_view *view);

struct file_place {
    char conversation[CONVERSATION_ID_LEN], id[FILE_ID_LEN];
    uint64_t seq;
};
/* errors: false when the link is forged, or has expired */
bool file_link_read(
        struct node *node, struct slice id, struct slice query, struct file_place *out_place);

/* Decodes %xx. errors: false when it does not fit, or is not well-formed */
bool percent_decode(struct slice text, char *out, size_t capacity, size_t *out_len);
/* The raw value of a query's member; empty: there is none. */
struct slice query_value(struct slice query, const char *name);

/* ---- what the http port tells: uploads.c, downloads.c -----------------------------------------
 */

void uploads_on_body(
        struct node *node, struct http_exchange exchange, struct slice piece, bool is_last);
void uploads_on_gone(struct node *node, struct http_exchange exchange);
void downloads_on_room(struct node *node, struct http_exchange exchange);
void downloads_on_gone(struct node *node, struct http_exchange exchange);

struct files {
    struct node *node;
    struct list uploads, downloads;
    unsigned upload_count, download_count;
    struct timer sweep_timer;
};

/* ---- saying it: say_file.c --------------------------------------------------------------------
 */

/* Looks whether the upload is there and what it is, and keeps it; then says it. The caller has
 * counted it in session->unacked. */
void say_file(struct session *session, struct chat *chat, const struct proto_send *request);

#endif
