/* SPDX-License-Identifier: Apache-2.0 */
/* The admin doors to conversations: list them, read the stored log, erase.
 *
 *   GET    /v1/admin/tenants/T/conversations?after=MS          -> {conversations[], more}
 *   GET    /v1/admin/conversations/C/entries?after=SEQ&limit=N -> {entries[], next, more}
 *   DELETE /v1/admin/conversations/C
 *
 * Invariant: entries are read from the store at that moment, not from a fold or a cache, so what is
 * shown is what is kept. A view shows what staff may see.
 */
#include "base/check.h"
#include "flow/chat_read.h"
#include "flow/contacts.h"
#include "flow/directory.h"
#include "flow/door.h"
#include "flow/entry_codec.h"
#include "flow/erase.h"
#include "flow/files.h"

#include <stdlib.h>

enum { ENTRIES_MAX = 50, LIST_MAX = 200 };

struct conversation_item {
    struct slice id;
    uint64_t born_ms;
};

struct list_answer {
    const struct conversation_item *conversations;
    size_t conversations_count;
    bool more;
};

struct entries_answer {
    const struct proto_entry_view *entries;
    size_t entries_count;
    uint64_t next;
    bool more;
};

static const struct proto_field item_fields[] = {
        PROTO_STR(struct conversation_item, id, REQUIRED, ID_MAX),
        PROTO_U64(struct conversation_item, born_ms, REQUIRED, UINT64_MAX),
};
static const struct proto_shape item_shape = PROTO_SHAPE(struct conversation_item, item_fields);
static const struct proto_field list_fields[] = {
        PROTO_OBJECT_LIST(struct list_answer, conversations, REQUIRED, LIST_MAX,
                struct conversation_item, &item_shape),
        PROTO_BOOL(struct list_answer, more, REQUIRED),
};
static const struct proto_shape list_shape = PROTO_SHAPE(struct list_answer, list_fields);
static const struct proto_field entries_fields[] = {
        PROTO_OBJECT_LIST(struct entries_answer, entries, REQUIRED, ENTRIES_MAX,
                struct proto_entry_view, &proto_entry_view_shape),
        PROTO_U64(struct entries_answer, next, REQUIRED, UINT64_MAX),
        PROTO_BOOL(struct entries_answer, more, REQUIRED),
};
static const struct proto_shape entries_shape = PROTO_SHAPE(struct entries_answer, entries_fields);

static uint64_t query_number(struct slice query, const char *name, uint64_t otherwise)
{
    size_t name_len = strlen(name);
    for (size_t i = 0; i + name_len + 1 < query.len; i++) {
        bool is_start = i == 0 || query.bytes[i - 1] == '&';
        if (!is_start || memcmp(query.bytes + i, name, name_len) != 0 ||
                query.bytes[i + name_len] != '=')
            continue;
        uint64_t value = 0;
        for (size_t j = i + name_len + 1; j < query.len && query.bytes[j] != '&'; j++) {
            if (query.bytes[j] < '0' || query.bytes[j] > '9' || value > UINT64_MAX / 100)
                return otherwise;
            value = value * 10 + (uint64_t)(query.bytes[j] - '0');
        }
        return value;
    }
    return otherwise;
}

/* ---- the list ---------------------------------------------------------------------------------
 */

static void on_list(void *user, const struct store_reply *reply)
{
    struct door *door = user;
    struct conversation_item items[LIST_MAX];
    if (reply->outcome != STORE_OK) {
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 500);
        free(door);
        return;
    }
    struct list_answer answer = {items, 0, reply->item_count == LIST_MAX};
    for (size_t i = 0; i < reply->item_count && i < LIST_MAX; i++)
        items[answer.conversations_count++] =
                (struct conversation_item){reply->items[i].value, reply->items[i].number};
    door_answer(door, 200, &list_shape, &answer);
    free(door);
}

static void list(struct door *door, const struct http_request *request, struct slice tenant)
{
    struct store *store = door->node->store;
    char key[128];
    struct door *pending = calloc(1, sizeof *pending);
    check(pending != NULL);
    *pending = *door;
    struct slice index = slice_make(key, contact_index_key(tenant, key));
    store->ops->zset_range(store, index, query_number(request->query, "after", 0), UINT64_MAX,
            LIST_MAX, on_list, pending);
}

/* ---- the entries ------------------------------------------------------------------------------
 */

struct entries_read {
    struct chat_read read;
    struct door door;
    struct proto_entry_view *views;
    size_t count, limit, looked_at, scratch_mark;
    uint64_t next;
    bool is_full;
};

static void on_record(struct chat_read *chat_read, const struct record *record)
{
    struct entries_read *read = LIST_ITEM(chat_read, struct entries_read, read);
    struct chat *chat = read->read.chat;
    struct arena *scratch = &chat->node->scratch;
    struct entry entry;
    if (read->views == NULL) {
        read->scratch_mark = scratch->used;
        read->views = arena_take(scratch, ENTRIES_MAX * sizeof *read->views);
        check(read->views != NULL);
    }
    read->is_full = read->is_full || scratch->used > scratch->capacity / 4;
    if (read->is_full || !chat_read_entry(chat, record, &entry))
        return;
    read->looked_at++;
    read->next = record->at.seq;
    if (entry_is_visible(&entry, true) &&
            entry_view(&entry, chat_id(chat), true, scratch, &read->views[read->count]))
        file_links_set(chat->node, &read->views[read->count++]);
}

static void on_read(struct chat_read *chat_read, enum log_outcome outcome)
{
    struct entries_read *read = LIST_ITEM(chat_read, struct entries_read, read);
    struct arena *scratch = &read->read.chat->node->scratch;
    if (outcome == LOG_APPENDED) {
        struct entries_answer answer = {read->views, read->count, read->next,
                read->is_full || read->looked_at == read->limit};
        door_answer(&read->door, 200, &entries_shape, &answer);
    } else {
        door_refuse_outcome(&read->door, outcome, read->read.refusal);
    }
    if (read->views != NULL)
        scratch->used = read->scratch_mark;
    free(read);
}

static void show(struct door *door, const struct http_request *request, struct slice id)
{
    struct chat *chat = chat_hold(door->node, id);
    if (chat == NULL) {
        door_refuse_later(door, 503, PROTO_ERROR_BUSY, 500);
        return;
    }
    struct entries_read *read = calloc(1, sizeof *read);
    check(read != NULL);
    uint64_t limit = query_number(request->query, "limit", ENTRIES_MAX);
    uint64_t after = query_number(request->query, "after", 0);
    read->door = *door;
    read->limit = limit == 0 || limit > ENTRIES_MAX ? ENTRIES_MAX : (size_t)limit;
    read->next = after;
    read->read = (struct chat_read){.from = after + 1,
            .to = UINT64_MAX,
            .count = read->limit,
            .is_fresh = true,
            .on_record = on_record,
            .done = on_read};
    chat_read(chat, &read->read);
    chat_release(chat);
}

/* ---- erasure ----------------------------------------------------------------------------------
 */

static void on_erased(void *user, enum erase_outcome outcome)
{
    struct door *door = user;
    if (outcome == ERASE_DONE)
        door_answer(door, 204, NULL, NULL);
    else if (outcome == ERASE_UNKNOWN)
        door_refuse(door, 404, PROTO_ERROR_UNKNOWN_CONVERSATION, NULL);
    else
        door_refuse_later(door, 503, PROTO_ERROR_STORE_UNAVAILABLE, 1000);
    free(door);
}

static void erase(struct door *door, struct slice id)
{
    struct door *pending = calloc(1, sizeof *pending);
    check(pending != NULL);
    *pending = *door;
    erase_conversation(door->node, id, on_erased, pending);
}

/* ---- ways -------------------------------------------------------------------------------------
 */

static void for_conversation(
        struct door *door, const struct http_request *request, struct slice rest)
{
    struct slice id =
            slice_make(rest.bytes, rest.len < CONVERSATION_ID_LEN ? rest.len : CONVERSATION_ID_LEN);
    struct slice what = slice_make(rest.bytes + id.len, rest.len - id.len);
    if (!conversation_id_is_well_formed(id))
        door_refuse(door, 404, PROTO_ERROR_UNKNOWN_CONVERSATION, NULL);
    else if (slice_is(what, "/entries") && request->method == HTTP_GET)
        show(door, request, id);
    else if (what.len == 0 && request->method == HTTP_DELETE)
        erase(door, id);
    else
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, NULL);
}

/* "/v1/admin/tenants/T/conversations": T, or empty. */
static struct slice listed_tenant(struct slice path)
{
    struct slice head = SLICE_OF("/v1/admin/tenants/"), tail = SLICE_OF("/conversations");
    if (!slice_starts_with(path, head) || path.len <= head.len + tail.len)
        return SLICE_NONE;
    struct slice end = slice_make(path.bytes + path.len - tail.len, tail.len);
    return slice_equal(end, tail)
                   ? slice_make(path.bytes + head.len, path.len - head.len - tail.len)
                   : SLICE_NONE;
}

bool door_records(struct door *door, const struct http_request *request)
{
    struct slice head = SLICE_OF("/v1/admin/conversations/");
    struct slice tenant = listed_tenant(request->path);
    bool is_one = slice_starts_with(request->path, head);
    if (!is_one && tenant.len == 0)
        return false;
    if (!door_is_admin(door, request))
        return true;
    if (is_one)
        for_conversation(door, request,
                slice_make(request->path.bytes + head.len, request->path.len - head.len));
    else if (request->method != HTTP_GET || directory_tenant(door->node, tenant) == NULL)
        door_refuse(door, 404, PROTO_ERROR_NOT_FOUND, "There is no such tenant.");
    else
        list(door, request, tenant);
    return true;
}
