/* SPDX-License-Identifier: Apache-2.0 */
/* A file is said.
 *
 *   send ─▶ the conversation's key ─▶ the file's head ─▶ keep ─▶ say.c: append, ack
 *                                       no_such_upload
 *
 * Invariant: a file is kept before an entry names it, and nobody takes that back, so neither a
 * crash nor another node leaves an entry without its file: the same send may be under way on a node
 * that its sender came to when the line to this one broke. A kept file that nobody names, since the
 * send was refused, counts towards the contact's quota, and goes when the conversation is erased.
 * Name, type and size are what the upload found out; what the sender says of them is not looked at.
 */
#include "base/check.h"
#include "flow/body_check.h"
#include "flow/deliver.h"
#include "flow/entry_codec.h"
#include "flow/files.h"
#include "flow/sends.h"

#include <stdlib.h>

struct file_saying {
    struct chat_touch touch;
    struct node *node;
    struct chat *chat; /* held */
    struct session_handle session;
    struct proto_send request; /* its slices point into the rest */
    struct id_text request_id, lineage;
    char upload[FILE_ID_LEN];
    struct file_meta meta;
    char text[];
};

static void end(struct file_saying *saying)
{
    chat_release(saying->chat);
    free(saying);
}

static void refuse(struct file_saying *saying, enum proto_error_code code, uint64_t wait_ms)
{
    struct session *session = session_find(saying->node, saying->session);
    if (session != NULL) {
        session->unacked--;
        session_error_after(session, id_slice(&saying->request_id), code, wait_ms, 0);
    }
    end(saying);
}

static struct blob_name name_of(const struct file_saying *saying)
{
    return (struct blob_name){chat_id(saying->chat), slice_make(saying->upload, FILE_ID_LEN)};
}

static void refuse_by_disk(struct file_saying *saying, enum blob_outcome outcome)
{
    if (outcome == BLOB_ABSENT)
        refuse(saying, PROTO_ERROR_NO_SUCH_UPLOAD, 0);
    else if (outcome == BLOB_FULL)
        refuse(saying, PROTO_ERROR_STORE_FULL, outcome_wait_ms(saying->node, LOG_FULL));
    else
        refuse(saying, PROTO_ERROR_STORE_UNAVAILABLE, outcome_wait_ms(saying->node, LOG_RETRY));
}

static void on_kept(void *user, const struct blob_reply *reply)
{
    struct file_saying *saying = user;
    struct session *session = session_find(saying->node, saying->session);
    if (reply->outcome != BLOB_OK) {
        refuse_by_disk(saying, reply->outcome);
        return;
    }
    if (session != NULL)
        say_now(session, saying->chat, &saying->request);
    end(saying);
}

static void on_head(void *user, const struct blob_reply *reply)
{
    struct file_saying *saying = user;
    struct blobs *blobs = saying->node->blobs;
    struct crypto_stream stream;
    struct blob_name name = name_of(saying);
    if (reply->outcome != BLOB_OK) {
        refuse_by_disk(saying, reply->outcome);
        return;
    }
    if (saying->chat->key_state != CHAT_KEY_READY ||
            !file_open(saying->chat, name.id, reply->bytes, &stream, &saying->meta)) {
        refuse(saying, PROTO_ERROR_NO_SUCH_UPLOAD, 0);
        return;
    }
    struct proto_body *body = &saying->request.body;
    body->name = slice_of_string(saying->meta.name);
    body->type = slice_of_string(saying->meta.type);
    body->has_bytes = true;
    body->bytes = saying->meta.bytes;
    blobs->ops->keep(blobs, &name, on_kept, saying);
}

static void on_touched(struct chat_touch *touch, enum log_outcome outcome)
{
    struct file_saying *saying = LIST_ITEM(touch, struct file_saying, touch);
    struct blobs *blobs = saying->node->blobs;
    struct blob_name name = name_of(saying);
    if (outcome != LOG_WAS_ALREADY)
        refuse(saying, outcome_code(outcome, touch->change.refusal),
                outcome_wait_ms(saying->node, outcome));
    else
        blobs->ops->read(blobs, &name, 0, FILE_HEAD_BYTES, on_head, saying);
}

static void copy_request(struct file_saying *saying, const struct proto_send *from)
{
    struct slice text = from->body.text;
    memcpy(saying->text, text.bytes, text.len);
    memcpy(saying->upload, from->body.upload.bytes, FILE_ID_LEN);
    id_set(&saying->request_id, from->id);
    id_set(&saying->lineage, from->lineage);
    saying->request = *from;
    saying->request.id = id_slice(&saying->request_id);
    saying->request.conversation = chat_id(saying->chat);
    saying->request.lineage = id_slice(&saying->lineage);
    saying->request.body = (struct proto_body){.kind = PROTO_BODY_KIND_FILE,
            .text = slice_make(saying->text, text.len),
            .upload = slice_make(saying->upload, FILE_ID_LEN)};
}

void say_file(struct session *session, struct chat *chat, const struct proto_send *request)
{
    struct node *node = session->node;
    struct file_saying *saying = calloc(1, sizeof *saying + request->body.text.len);
    check(saying != NULL && request->body.upload.len == FILE_ID_LEN);
    saying->node = node;
    saying->chat = chat;
    chat_hold_again(chat);
    saying->session = session_handle(session);
    copy_request(saying, request);
    if (node->blobs == NULL) {
        refuse(saying, PROTO_ERROR_BODY_UNSUPPORTED, 0);
        return;
    }
    saying->touch.change.tenant = session->tenant;
    saying->touch.done = on_touched;
    chat_touch(chat, &saying->touch);
}
