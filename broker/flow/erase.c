/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing one conversation, or all of a tenant.
 *
 *   load -> destroy the key -> (durable) -> read the last record -> append ERASED -> remove places
 *         |                              |  it is ERASED: go on       | refused: read again
 *         '-- no key and no log: unknown                              | full: trim, once
 *   -> trim -> a member of the due index -> barrier -> remove its files
 *
 *   the member is due --> remove places -> barrier (a node that had not heard took receipts)
 *
 * Invariant (rule 10): the key goes first; from then on no copy of the log can be read, wherever it
 * lies. ERASED stays as the log's last word, so nothing can be appended and nothing born again.
 * Every step can be repeated. It is loaded before, so that a case that was open ends: in the pool,
 * with its agent and with its bot.
 */
#include "flow/erase.h"

#include "base/check.h"
#include "flow/chat_hints.h"
#include "flow/contacts.h"
#include "flow/deliver.h"
#include "flow/due.h"
#include "flow/entry_codec.h"
#include "flow/follow_up.h"
#include "flow/pools.h"
#include "flow/sessions.h"

#include <stdio.h>
#include <stdlib.h>

enum { TRIES_MAX = 16, BATCH = 32 };

struct erasing {
    struct chat_touch touch;
    struct chat *chat; /* held; NULL: there was no room to load it */
    struct node *node;
    erase_done done;
    void *user;
    char id_bytes[CONVERSATION_ID_LEN];
    char key_bytes[64];
    struct slice key;
    unsigned tries;
    bool has_made_room;
    uint64_t last_seq;
};

static struct slice erasing_id(const struct erasing *erasing)
{
    return slice_make(erasing->id_bytes, CONVERSATION_ID_LEN);
}

static void end(struct erasing *erasing, enum erase_outcome outcome)
{
    struct chat *chat = erasing->chat;
    erasing->done(erasing->user, outcome);
    free(erasing);
    if (chat != NULL)
        chat_release(chat);
}

static void read_last(struct erasing *erasing);

static void on_files_removed(void *user, const struct blob_reply *reply)
{
    end(user, reply->outcome == BLOB_OK ? ERASE_DONE : ERASE_RETRY);
}

static void on_durable(void *user, const struct store_reply *reply)
{
    struct erasing *erasing = user;
    struct blobs *blobs = erasing->node->blobs;
    if (reply->outcome != STORE_OK)
        end(erasing, ERASE_RETRY);
    else if (blobs == NULL)
        end(erasing, ERASE_DONE);
    else
        blobs->ops->remove_shelf(blobs, erasing_id(erasing), on_files_removed, erasing);
}

static void on_due_again(void *user, const struct store_reply *reply)
{
    struct erasing *erasing = user;
    struct store *store = erasing->node->store;
    if (reply->outcome == STORE_OK)
        store->ops->barrier(store, reply->generation, on_durable, erasing);
    else
        end(erasing, ERASE_RETRY);
}

static void on_trimmed(void *user, const struct store_reply *reply)
{
    struct erasing *erasing = user;
    struct node *node = erasing->node;
    struct due_names names;
    uint64_t again_ms = node_time_ms(node) + ERASE_AGAIN_MS;
    if (reply->outcome != STORE_OK) {
        end(erasing, ERASE_RETRY);
        return;
    }
    due_name(erasing_id(erasing), erasing->last_seq, &names);
    due_note(node, erasing_id(erasing), again_ms);
    node->store->ops->zset_add(
            node->store, names.key, names.member, again_ms, ZSET_RAISE, on_due_again, erasing);
}

/* How far people have received and read. */
static void remove_places(struct node *node, struct slice id, store_done done, void *user)
{
    char cursors[64];
    size_t len = conversation_cursors_key(id, cursors);
    node->store->ops->remove(node->store, slice_make(cursors, len), done, user);
}

struct forgetting {
    struct store *store;
    store_done done;
    void *user;
};

static void on_places_gone(void *user, const struct store_reply *reply)
{
    struct forgetting *forgetting = user;
    forgetting->done(forgetting->user, reply);
    free(forgetting);
}

static void on_places_taken(void *user, const struct store_reply *reply)
{
    struct forgetting *forgetting = user;
    if (reply->outcome == STORE_OK)
        forgetting->store->ops->barrier(
                forgetting->store, reply->generation, on_places_gone, forgetting);
    else
        on_places_gone(forgetting, reply);
}

void erase_places(struct node *node, struct slice id, store_done done, void *user)
{
    struct forgetting *forgetting = malloc(sizeof *forgetting);
    check(forgetting != NULL);
    *forgetting = (struct forgetting){node->store, done, user};
    remove_places(node, id, on_places_taken, forgetting);
}

static void on_places_removed(void *user, const struct store_reply *reply)
{
    struct erasing *erasing = user;
    struct store *store = erasing->node->store;
    if (reply->outcome == STORE_OK)
        store->ops->trim(store, erasing->key, erasing->last_seq, on_trimmed, erasing);
    else
        end(erasing, ERASE_RETRY);
}

static void trim(struct erasing *erasing, uint64_t last_seq)
{
    erasing->last_seq = last_seq;
    remove_places(erasing->node, erasing_id(erasing), on_places_removed, erasing);
}

static void on_room_made(void *user, const struct store_reply *reply)
{
    if (reply->outcome == STORE_OK)
        read_last(user);
    else
        end(user, ERASE_RETRY);
}

/* A full store takes no ERASED; but without their key the records below the last are noise. */
static void make_room(struct erasing *erasing)
{
    struct store *store = erasing->node->store;
    erasing->has_made_room = true;
    store->ops->trim(store, erasing->key, erasing->last_seq - 1, on_room_made, erasing);
}

static void on_appended(void *user, const struct store_reply *reply)
{
    struct erasing *erasing = user;
    if (reply->outcome == STORE_OK) {
        chat_tell_look(erasing->node, erasing_id(erasing), erasing->last_seq);
        trim(erasing, erasing->last_seq);
    } else if (reply->outcome == STORE_REFUSED && erasing->tries++ < TRIES_MAX)
        read_last(erasing);
    else if (reply->outcome == STORE_FULL && !erasing->has_made_room)
        make_room(erasing);
    else
        end(erasing, ERASE_RETRY);
}

static void append_erased(struct erasing *erasing, const struct record *last)
{
    struct node *node = erasing->node;
    uint8_t random[SEAL_NONCE_SIZE], record_bytes[512];
    char plain_bytes[256];
    struct buffer plain = buffer_make(plain_bytes, sizeof plain_bytes);
    struct entry entry = {.author.kind = AUTHOR_SYSTEM};
    entry_add(&entry, PART_ERASED);
    entry_encode(&entry, &plain);
    uint64_t now_ms = node_time_ms(node);
    struct record record = {.at.seq = last->at.seq + 1,
            .time_ms = now_ms > last->time_ms ? now_ms : last->time_ms,
            .plain = buffer_slice(&plain)};
    memcpy(record.prev, last->at.mark, MARK_SIZE);
    node->random->fill(node->random, random, sizeof random);
    size_t len = record_write(&record, erasing->key, NULL, random, record_bytes);
    struct store_append request = {
            erasing->key, record.at.seq, false, slice_make(record_bytes, len)};
    erasing->last_seq = record.at.seq;
    node->store->ops->append(node->store, &request, on_appended, erasing);
}

static bool is_erased(struct erasing *erasing, const struct record *record)
{
    struct arena *scratch = &erasing->node->scratch;
    size_t mark = scratch->used;
    struct entry entry;
    bool is_it = entry_decode(record->plain, scratch, &entry) == ENTRY_GOOD &&
                 entry_part(&entry, PART_ERASED) != NULL;
    scratch->used = mark;
    return is_it;
}

static void on_last(void *user, const struct store_reply *reply)
{
    struct erasing *erasing = user;
    struct record last;
    if (reply->outcome == STORE_ABSENT) {
        end(erasing, ERASE_UNKNOWN);
        return;
    }
    if (reply->outcome != STORE_OK) {
        end(erasing, ERASE_RETRY);
        return;
    }
    enum record_fault fault = record_read(reply->items[0].value, reply->items[0].number,
            erasing->key, NULL, erasing->node->logs.opened, &last);
    if (fault == RECORD_GOOD && is_erased(erasing, &last))
        trim(erasing, last.at.seq);
    else if (fault == RECORD_NEWER) /* nothing links to what cannot be read */
        end(erasing, ERASE_RETRY);
    else
        append_erased(erasing, &last);
}

static void read_last(struct erasing *erasing)
{
    struct store *store = erasing->node->store;
    struct store_read request = {erasing->key, 0, UINT64_MAX, 1, true};
    store->ops->read(store, &request, on_last, erasing);
}

/* Whoever is in the conversation on this node leaves it now. */
static void close_sessions(struct chat *chat)
{
    LIST_EACH (at, next, &chat->followers) {
        struct subscription *sub = LIST_ITEM(at, struct subscription, of_chat);
        if (sub->session->role == CREDENTIAL_CUSTOMER) {
            session_error(sub->session, SLICE_NONE, PROTO_ERROR_CONVERSATION_ERASED, NULL);
            session_close(sub->session, PROTO_CLOSE_REVOKED, "erased");
        }
    }
}

/* Until now this node has taken receipts, perhaps after the others had removed all of them. */
void erase_here(struct chat *chat)
{
    close_sessions(chat);
    deliver_erased(chat);
    remove_places(chat->node, chat_id(chat), NULL, NULL);
    chat_forget(chat);
}

static void on_key_destroyed(void *user, enum keystore_outcome outcome, struct slice wrapped)
{
    struct erasing *erasing = user;
    struct chat *chat = chat_find(erasing->node, erasing_id(erasing));
    (void)wrapped;
    if (outcome == KEYSTORE_UNKNOWN) {
        end(erasing, ERASE_RETRY);
        return;
    }
    if (chat != NULL) {
        erase_here(chat);
        follow_up(chat);
    }
    read_last(erasing);
}

static void destroy_key(struct erasing *erasing)
{
    struct keystore *keystore = erasing->node->keystore;
    keystore->ops->destroy(keystore, erasing_id(erasing), on_key_destroyed, erasing);
}

static void on_loaded(struct chat_touch *touch, enum log_outcome outcome)
{
    struct erasing *erasing = LIST_ITEM(touch, struct erasing, touch);
    if (outcome == LOG_RETRY || outcome == LOG_READ_ONLY) /* a newer node can */
        end(erasing, ERASE_RETRY);
    else
        destroy_key(erasing);
}

void erase_conversation(struct node *node, struct slice id, erase_done done, void *user)
{
    struct erasing *erasing = calloc(1, sizeof *erasing);
    check(erasing != NULL && conversation_id_is_well_formed(id));
    erasing->node = node;
    erasing->done = done;
    erasing->user = user;
    memcpy(erasing->id_bytes, id.bytes, id.len);
    erasing->key = slice_make(erasing->key_bytes, conversation_log_key(id, erasing->key_bytes));
    erasing->touch.done = on_loaded;
    erasing->chat = chat_hold(node, id);
    if (erasing->chat != NULL)
        chat_touch(erasing->chat, &erasing->touch);
    else
        destroy_key(erasing);
}

/* ---- a tenant ---------------------------------------------------------------------------------
 */

struct tenant_erasing {
    struct node *node;
    struct slice tenant;
    erase_done done;
    void *user;
    unsigned underway;
    bool has_failed, is_last;
    char index_bytes[128];
    struct slice index;
};

struct one_of_tenant {
    struct tenant_erasing *all;
    char id_bytes[CONVERSATION_ID_LEN];
};

static void next_batch(struct tenant_erasing *all);

static void end_tenant(struct tenant_erasing *all, enum erase_outcome outcome)
{
    all->done(all->user, outcome);
    free(all);
}

static void on_one(void *user, enum erase_outcome outcome)
{
    struct one_of_tenant *one = user;
    struct tenant_erasing *all = one->all;
    struct store *store = all->node->store;
    struct slice id = slice_make(one->id_bytes, CONVERSATION_ID_LEN);
    if (outcome == ERASE_RETRY)
        all->has_failed = true;
    else
        store->ops->zset_remove(store, all->index, id, NULL, NULL);
    free(one);
    if (--all->underway > 0)
        return;
    if (all->has_failed)
        end_tenant(all, ERASE_RETRY);
    else
        next_batch(all);
}

void erase_tenant_rest(struct node *node, struct slice tenant)
{
    struct session *session = NULL;
    while ((session = session_next(node, session)) != NULL)
        if (session->has_entered && slice_equal(session->tenant, tenant))
            session_close(session, PROTO_CLOSE_REVOKED, "tenant_removed");
    pools_remove(node, tenant);
}

static void on_batch(void *user, const struct store_reply *reply)
{
    struct tenant_erasing *all = user;
    if (reply->outcome != STORE_OK) {
        end_tenant(all, ERASE_RETRY);
        return;
    }
    if (reply->item_count == 0) {
        end_tenant(all, ERASE_DONE);
        return;
    }
    all->underway = (unsigned)reply->item_count;
    for (size_t i = 0; i < reply->item_count; i++) {
        struct one_of_tenant *one = calloc(1, sizeof *one);
        check(one != NULL && conversation_id_is_well_formed(reply->items[i].value));
        one->all = all;
        memcpy(one->id_bytes, reply->items[i].value.bytes, CONVERSATION_ID_LEN);
        erase_conversation(all->node, slice_make(one->id_bytes, CONVERSATION_ID_LEN), on_one, one);
    }
}

static void next_batch(struct tenant_erasing *all)
{
    struct store *store = all->node->store;
    store->ops->zset_range(store, all->index, 0, UINT64_MAX, BATCH, on_batch, all);
}

void erase_tenant(struct node *node, struct slice tenant, erase_done done, void *user)
{
    struct tenant_erasing *all = calloc(1, sizeof *all);
    check(all != NULL);
    *all = (struct tenant_erasing){.node = node, .tenant = tenant, .done = done, .user = user};
    all->index = slice_make(all->index_bytes, contact_index_key(tenant, all->index_bytes));
    next_batch(all);
}
