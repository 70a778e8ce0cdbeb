/* SPDX-License-Identifier: Apache-2.0 */
/* A file on its way in.
 *
 *   POST ─▶ credential ─▶ conversation ─▶ room on its shelf ─▶ body: chunk by chunk, sealed ─▶ 201
 *              401, 403        404              429                 507: full, 408: too slow
 *
 * Invariant: a chunk is asked for when the one before it lies on the disk, so an upload holds one
 * chunk and one piece of memory, however slow the disk. Tenant and conversation come from the
 * credential, and an agent names only what they may see. Whatever ends an upload early removes what
 * was written; what nobody uses, and what a crash leaves, is swept: files.c.
 */
#include "flow/files.h"

#include "base/check.h"
#include "base/log_line.h"
#include "base/utf8.h"
#include "flow/assignments.h"
#include "flow/contacts.h"
#include "flow/door.h"
#include "flow/entry_codec.h"
#include "flow/file_type.h"
#include "flow/limits.h"
#include "flow/pools.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    UPLOADS_MAX = 64, /* at once, on this node */
    UPLOADS_PER_CONVERSATION = 4,
    AGAIN_MS = 2000,
    QUOTA_AGAIN_MS = 60 * 60 * 1000, /* unused uploads are gone by then */
};

struct upload {
    struct list at;
    struct door door;
    struct files *files;
    struct chat_touch touch;
    struct pool_change look;
    enum credential_role role;
    struct id_text agent;
    struct chat *chat; /* held; NULL: not known yet */
    char id[FILE_ID_LEN];
    bool is_waiting;   /* something will call back */
    bool is_gone;      /* nobody waits for the answer any more */
    bool has_begun;    /* something was put */
    bool is_last_here; /* all of the body has come */
    struct file_meta meta;
    struct crypto_stream stream;
    uint64_t taken, stored; /* plain bytes that were sealed, and where the next ones go */
    uint64_t size;          /* of all that will be stored */
    size_t held;
    char plain[FILE_CHUNK + HTTP_BODY_MAX];
    uint8_t sealed[FILE_SEALED_CHUNK];
};

struct upload_answer {
    struct slice upload, name, type;
    uint64_t bytes;
};

static const struct proto_field upload_fields[] = {
        PROTO_STR(struct upload_answer, upload, REQUIRED, 32),
        PROTO_STR(struct upload_answer, name, REQUIRED, 256),
        PROTO_STR(struct upload_answer, type, REQUIRED, 96),
        PROTO_U64(struct upload_answer, bytes, REQUIRED, UINT64_MAX),
};
static const struct proto_shape upload_shape = PROTO_SHAPE(struct upload_answer, upload_fields);

static struct blob_name name_of(const struct upload *upload)
{
    return (struct blob_name){chat_id(upload->chat), slice_make(upload->id, FILE_ID_LEN)};
}

/* ---- ends -------------------------------------------------------------------------------------
 */

static void end(struct upload *upload)
{
    struct files *files = upload->files;
    list_remove(&upload->at);
    files->upload_count--;
    if (upload->chat != NULL)
        chat_release(upload->chat);
    free(upload);
}

/* What was written of it goes, too. */
static void give_up(struct upload *upload)
{
    struct blobs *blobs = upload->files->node->blobs;
    if (upload->has_begun) {
        struct blob_name name = name_of(upload);
        blobs->ops->remove(blobs, &name, NULL, NULL);
    }
    end(upload);
}

static void refuse(struct upload *upload, int status, enum proto_error_code code, uint64_t wait_ms)
{
    if (!upload->is_gone && wait_ms > 0)
        door_refuse_later(&upload->door, status, code, wait_ms);
    else if (!upload->is_gone)
        door_refuse(&upload->door, status, code, NULL);
    give_up(upload);
}

static void refuse_by_disk(struct upload *upload, enum blob_outcome outcome)
{
    if (outcome == BLOB_FULL)
        refuse(upload, 507, PROTO_ERROR_STORE_FULL, QUOTA_AGAIN_MS / 60);
    else
        refuse(upload, 503, PROTO_ERROR_STORE_UNAVAILABLE, AGAIN_MS);
}

static struct upload *find(struct node *node, struct http_exchange exchange)
{
    LIST_EACH (at, next, &node->files->uploads) {
        struct upload *upload = LIST_ITEM(at, struct upload, at);
        if (upload->door.exchange.index == exchange.index &&
                upload->door.exchange.generation == exchange.generation)
            return upload;
    }
    return NULL;
}

void uploads_on_gone(struct node *node, struct http_exchange exchange)
{
    struct upload *upload = find(node, exchange);
    if (upload == NULL)
        return;
    upload->is_gone = true;
    if (!upload->is_waiting)
        give_up(upload);
}

/* ---- the body ---------------------------------------------------------------------------------
 */

static void go_on(struct upload *upload);

static void on_finished(void *user, const struct blob_reply *reply)
{
    struct upload *upload = user;
    upload->is_waiting = false;
    if (reply->outcome != BLOB_OK || upload->is_gone) {
        refuse_by_disk(upload, reply->outcome);
        return;
    }
    struct upload_answer answer = {slice_make(upload->id, FILE_ID_LEN),
            slice_of_string(upload->meta.name), slice_of_string(upload->meta.type),
            upload->meta.bytes};
    door_answer(&upload->door, 201, &upload_shape, &answer);
    end(upload);
}

static void on_put(void *user, const struct blob_reply *reply)
{
    struct upload *upload = user;
    upload->is_waiting = false;
    if (reply->outcome != BLOB_OK || upload->is_gone)
        refuse_by_disk(upload, reply->outcome);
    else
        go_on(upload);
}

static void put(struct upload *upload, size_t len)
{
    struct blobs *blobs = upload->files->node->blobs;
    struct blob_name name = name_of(upload);
    struct blob_piece piece = {upload->stored, upload->size, slice_make(upload->sealed, len)};
    upload->stored += len;
    upload->has_begun = upload->is_waiting = true;
    blobs->ops->put(blobs, &name, &piece, on_put, upload);
}

static void put_head(struct upload *upload)
{
    size_t held = upload->held < FILE_CHUNK ? upload->held : FILE_CHUNK;
    struct slice type = file_type(slice_make(upload->plain, held));
    snprintf(upload->meta.type, sizeof upload->meta.type, "%.*s", SLICE_ARGS(type));
    file_begin(upload->files->node, upload->chat, slice_make(upload->id, FILE_ID_LEN),
            &upload->meta, &upload->stream, upload->sealed);
    put(upload, FILE_HEAD_BYTES);
}

static void put_chunk(struct upload *upload)
{
    size_t len = upload->held < FILE_CHUNK ? upload->held : FILE_CHUNK;
    bool is_last = upload->is_last_here && len == upload->held;
    crypto_stream_seal(&upload->stream, slice_make(upload->plain, len), is_last, upload->sealed);
    upload->held -= len;
    upload->taken += len;
    memmove(upload->plain, upload->plain + len, upload->held);
    put(upload, len + STREAM_OVERHEAD);
}

/* Last of all in whatever calls it: the next piece may come, and end the upload, inside. */
static void go_on(struct upload *upload)
{
    struct node *node = upload->files->node;
    bool is_enough = upload->held >= FILE_CHUNK || (upload->is_last_here && upload->held > 0);
    if (is_enough && upload->stored == 0) {
        put_head(upload);
    } else if (is_enough) {
        put_chunk(upload);
    } else if (upload->is_last_here) {
        struct blob_name name = name_of(upload);
        upload->is_waiting = true;
        node->blobs->ops->finish(node->blobs, &name, on_finished, upload);
    } else {
        node->http->ops->read_body(node->http, upload->door.exchange);
    }
}

void uploads_on_body(
        struct node *node, struct http_exchange exchange, struct slice piece, bool is_last)
{
    struct upload *upload = find(node, exchange);
    if (upload == NULL)
        return;
    check(!upload->is_waiting && piece.len <= sizeof upload->plain - upload->held);
    memcpy(upload->plain + upload->held, piece.bytes, piece.len);
    upload->held += piece.len;
    upload->is_last_here = is_last;
    go_on(upload);
}

/* ---- before it --------------------------------------------------------------------------------
 */

static void on_measured(void *user, const struct blob_reply *reply)
{
    struct upload *upload = user;
    const struct node_settings *settings = upload->files->node->settings;
    upload->is_waiting = false;
    if (reply->outcome != BLOB_OK || upload->is_gone)
        refuse_by_disk(upload, reply->outcome);
    else if (reply->size + upload->meta.bytes > settings->upload_bytes_per_contact_max)
        refuse(upload, 429, PROTO_ERROR_QUOTA, QUOTA_AGAIN_MS);
    else
        go_on(upload);
}

static bool is_one_too_many(const struct upload *upload)
{
    unsigned count = 0;
    LIST_EACH (at, next, &upload->files->uploads)
        count += LIST_ITEM(at, struct upload, at)->chat == upload->chat;
    return count > UPLOADS_PER_CONVERSATION;
}

static void admit(struct upload *upload)
{
    struct node *node = upload->files->node;
    uint64_t wait_ms = limits_contact_wait_ms(upload->chat);
    if (wait_ms > 0 || is_one_too_many(upload)) {
        refuse(upload, 429, PROTO_ERROR_RATE_LIMITED, wait_ms > 0 ? wait_ms : AGAIN_MS);
        return;
    }
    upload->is_waiting = true;
    node->blobs->ops->measure(node->blobs, chat_id(upload->chat), on_measured, upload);
}

/* The pool was read up to its end: what it says now is the answer. */
static void on_pool_read(struct pool_change *change, enum log_outcome outcome)
{
    struct upload *upload = LIST_ITEM(change, struct upload, look);
    upload->is_waiting = false;
    if (!upload->is_gone && agent_may_see(upload->chat, id_slice(&upload->agent)))
        admit(upload);
    else if (outcome == LOG_REFUSED)
        refuse(upload, 404, PROTO_ERROR_UNKNOWN_CONVERSATION, 0);
    else
        refuse(upload, 503, PROTO_ERROR_STORE_UNAVAILABLE, AGAIN_MS);
}

static void on_touched(struct chat_touch *touch, enum log_outcome outcome)
{
    struct upload *upload = LIST_ITEM(touch, struct upload, touch);
    struct chat *chat = upload->chat;
    upload->is_waiting = false;
    if (outcome == LOG_RETRY || outcome == LOG_FULL || upload->is_gone) {
        refuse(upload, 503, PROTO_ERROR_STORE_UNAVAILABLE, AGAIN_MS);
    } else if (outcome != LOG_WAS_ALREADY || chat->key_state != CHAT_KEY_READY ||
               chat_fold(chat)->phase == PHASE_ERASED) {
        refuse(upload, 404, PROTO_ERROR_UNKNOWN_CONVERSATION, 0);
    } else if (upload->role == CREDENTIAL_AGENT && !agent_may_see(chat, id_slice(&upload->agent))) {
        upload->is_waiting = true;
        upload->look.done = on_pool_read;
        pool_look(pools_team(chat->node, chat->tenant), &upload->look);
    } else {
        admit(upload);
    }
}

static void enter(struct upload *upload, struct slice conversation)
{
    bool is_good = conversation_id_is_well_formed(conversation);
    upload->chat = is_good ? chat_hold(upload->files->node, conversation) : NULL;
    if (upload->chat == NULL) {
        refuse(upload, is_good ? 503 : 404,
                is_good ? PROTO_ERROR_BUSY : PROTO_ERROR_UNKNOWN_CONVERSATION,
                is_good ? AGAIN_MS : 0);
        return;
    }
    upload->is_waiting = true;
    upload->touch.done = on_touched;
    chat_touch(upload->chat, &upload->touch);
}

static void on_contact(void *user, enum proto_error_code fault, struct slice conversation)
{
    struct upload *upload = user;
    upload->is_waiting = false;
    if (fault != PROTO_ERROR_NONE || upload->is_gone)
        refuse(upload, 503, PROTO_ERROR_STORE_UNAVAILABLE, AGAIN_MS);
    else
        enter(upload, conversation);
}

/* ---- the request ------------------------------------------------------------------------------
 */

/* The last piece of a path, and words that can be shown. */
static bool read_name(struct slice query, char out[FILE_NAME_MAX + 1])
{
    size_t len, from = 0;
    if (!percent_decode(query_value(query, "name"), out, FILE_NAME_MAX, &len))
        return false;
    for (size_t i = 0; i < len; i++)
        if (out[i] == '/' || out[i] == '\\')
            from = i + 1;
    memmove(out, out + from, len - from);
    len -= from;
    out[len] = '\0';
    struct slice name = slice_make(out, len);
    if (len == 0)
        memcpy(out, "file", sizeof "file");
    return memchr(out, '\n', len) == NULL && text_is_clean(name) && utf8_is_valid(name);
}

static enum credential_fault check_bearer(
        struct node *node, struct slice bearer, char scratch[TOKEN_MAX], struct credential *out)
{
    bool is_ticket = bearer.len > 0 && memmem(bearer.bytes, bearer.len, ".tk1.", 5) != NULL;
    return is_ticket ? ticket_redeem(node, bearer, scratch, TOKEN_MAX, out)
                     : credential_check(node, bearer, scratch, TOKEN_MAX, out);
}

/* false: refused. */
static bool may_upload(struct door *door, const struct http_request *request,
        enum credential_fault fault, const struct credential *who)
{
    if (fault != CREDENTIAL_GOOD) {
        door_refuse(door, 401,
                fault == CREDENTIAL_EXPIRED ? PROTO_ERROR_TOKEN_EXPIRED
                                            : PROTO_ERROR_UNAUTHENTICATED,
                NULL);
        return false;
    }
    bool is_customer = who->role == CREDENTIAL_CUSTOMER;
    bool is_from_elsewhere = is_customer && request->origin.len > 0 &&
                             !directory_admits_origin(door->node, who->tenant, request->origin);
    if (is_from_elsewhere)
        door_refuse(door, 403, PROTO_ERROR_BAD_ORIGIN, NULL);
    else if (!is_customer && who->role != CREDENTIAL_AGENT)
        door_refuse(door, 403, PROTO_ERROR_FORBIDDEN, "Customers and agents may upload.");
    return !is_from_elsewhere && (is_customer || who->role == CREDENTIAL_AGENT);
}

static bool is_takeable(
        struct door *door, const struct http_request *request, char name[FILE_NAME_MAX + 1])
{
    struct node *node = door->node;
    if (request->body_len == 0)
        door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST, "The file is empty.");
    else if (request->body_len > node->settings->upload_bytes_max)
        door_refuse(door, 413, PROTO_ERROR_TOO_LARGE, "The file is larger than the limit.");
    else if (!read_name(request->query, name))
        door_refuse(door, 400, PROTO_ERROR_BAD_REQUEST, "The file's name is not well-formed.");
    else if (node->files->upload_count >= UPLOADS_MAX || node->is_draining)
        door_refuse_later(door, 429, PROTO_ERROR_RATE_LIMITED, AGAIN_MS);
    else
        return true;
    return false;
}

static void start(struct door *door, const struct http_request *request,
        const struct credential *who, const char *name)
{
    struct node *node = door->node;
    struct upload *upload = calloc(1, sizeof *upload);
    check(upload != NULL);
    upload->door = *door;
    upload->files = node->files;
    upload->role = who->role;
    upload->meta.bytes = request->body_len;
    upload->size = file_sealed_size(request->body_len);
    upload->touch.change.tenant = tenant_id_keep(node, who->tenant->id);
    memcpy(upload->meta.name, name, sizeof upload->meta.name);
    conversation_id_make(node, upload->id);
    list_append(&node->files->uploads, &upload->at);
    node->files->upload_count++;
    if (who->role == CREDENTIAL_AGENT) {
        id_set(&upload->agent, who->subject);
        enter(upload, query_value(request->query, "conversation"));
    } else if (who->reference.len > 0) {
        upload->is_waiting = true;
        contact_resolve(node, who->tenant, who->reference, who->name, on_contact, upload);
    } else {
        struct slice named = query_value(request->query, "conversation");
        enter(upload,
                named.len == 0 || slice_equal(named, who->subject) ? who->subject : SLICE_NONE);
    }
}

bool door_uploads(struct door *door, const struct http_request *request)
{
    char scratch[TOKEN_MAX], name[FILE_NAME_MAX + 1] = {0};
    struct credential who;
    if (!slice_is(request->path, HTTP_STREAMED_PATH) || door->node->blobs == NULL)
        return false;
    if (request->method != HTTP_POST) {
        door_refuse(door, 405, PROTO_ERROR_BAD_REQUEST, "This address takes POST only.");
        return true;
    }
    enum credential_fault fault = check_bearer(door->node, door_bearer(request), scratch, &who);
    if (may_upload(door, request, fault, &who) && is_takeable(door, request, name))
        start(door, request, &who, name);
    return true;
}
