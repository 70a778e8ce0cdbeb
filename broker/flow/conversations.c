/* SPDX-License-Identifier: Apache-2.0 */
/* The table of open conversations, and their ids.
 *
 * Invariant: a chat that is held, followed or under way in the log is never freed; of the others at
 * most as many as the settings allow are kept, the least recently used goes first. A chat holds no
 * truth: freeing one costs a read.
 */
#include "flow/conversations.h"

#include "base/base32.h"
#include "base/check.h"
#include "flow/chat.h"
#include "flow/chat_fold.h"
#include "flow/chat_hints.h"

#include <stdlib.h>

struct conversations {
    struct map by_id;
    struct list unused; /* the least recently used first */
};

bool conversations_create(struct node *node)
{
    node->conversations = calloc(1, sizeof *node->conversations);
    if (node->conversations == NULL || !kept_entry_create(node))
        return false;
    list_init(&node->conversations->unused);
    return true;
}

bool conversation_id_is_well_formed(struct slice id)
{
    return id.len == CONVERSATION_ID_LEN && base32_is_text(id);
}

unsigned conversation_buckets(const struct node *node)
{
    unsigned count = node->settings->due_buckets;
    check(count <= CONVERSATION_BUCKETS);
    return count == 0 ? CONVERSATION_BUCKETS : count;
}

void conversation_bucket_name(unsigned bucket, char out[2])
{
    check(bucket < CONVERSATION_BUCKETS);
    out[0] = base32_digits[bucket >> 5];
    out[1] = base32_digits[bucket & 31];
}

unsigned conversation_bucket(struct slice id)
{
    check(conversation_id_is_well_formed(id));
    unsigned high = base32_values[(uint8_t)id.bytes[0]], low = base32_values[(uint8_t)id.bytes[1]];
    return (high - 1) << 5 | (low - 1);
}

void conversation_id_make(struct node *node, char out[CONVERSATION_ID_LEN])
{
    uint8_t random[CONVERSATION_ID_LEN];
    node->random->fill(node->random, random, sizeof random);
    for (size_t i = 0; i < CONVERSATION_ID_LEN; i++)
        out[i] = base32_digits[random[i] & 31];
    unsigned bucket = (random[0] & 31u) << 5 | (random[1] & 31u);
    conversation_bucket_name(bucket % conversation_buckets(node), out);
}

static size_t bucket_key(struct slice id, const char *rest, char out[64])
{
    struct buffer key = buffer_make(out, 64);
    buffer_put_char(&key, '{');
    buffer_put(&key, id.bytes, 2);
    buffer_put_char(&key, '}');
    buffer_put_slice(&key, slice_of_string(rest));
    return key.len;
}

size_t conversation_log_key(struct slice id, char out[64])
{
    size_t len = bucket_key(id, "c:", out);
    memcpy(out + len, id.bytes, id.len);
    return len + id.len;
}

size_t conversation_topic(struct slice id, char out[64])
{
    size_t len = bucket_key(id, "h:", out);
    memcpy(out + len, id.bytes, id.len);
    return len + id.len;
}

size_t conversation_due_key(struct slice id, char out[64])
{
    return bucket_key(id, "due", out);
}

size_t conversation_cursors_key(struct slice id, char out[64])
{
    size_t len = bucket_key(id, "cur:", out);
    memcpy(out + len, id.bytes, id.len);
    return len + id.len;
}

static void free_chat(struct chat *chat)
{
    struct conversations *all = chat->node->conversations;
    map_remove(&all->by_id, &chat->by_id);
    list_remove(&chat->unused);
    chat_listen_no_more(chat);
    readers_finish(&chat->readers);
    chat_finish(chat);
    chat_fold_finish(chat);
    free((char *)chat->seen_agent.bytes);
    free(chat);
}

static bool is_free_to_go(const struct chat *chat)
{
    return chat->holds == 0 && list_is_empty(&chat->followers) && chat_is_idle(chat);
}

static bool make_room(struct node *node)
{
    struct conversations *all = node->conversations;
    if (all->by_id.len < node->settings->conversations_hot_max)
        return true;
    LIST_EACH (at, next, &all->unused) {
        struct chat *chat = LIST_ITEM(at, struct chat, unused);
        if (is_free_to_go(chat)) {
            free_chat(chat);
            return true;
        }
    }
    return false;
}

struct chat *chat_find(struct node *node, struct slice id)
{
    return MAP_ITEM(map_find(&node->conversations->by_id, id), struct chat, by_id);
}

static void name_keys(struct chat *chat, struct slice id)
{
    char key[64];
    check(conversation_log_key(id, key) == sizeof chat->log_key);
    memcpy(chat->log_key, key, sizeof chat->log_key);
    check(conversation_due_key(id, key) == sizeof chat->due_key);
    memcpy(chat->due_key, key, sizeof chat->due_key);
}

static struct chat *chat_make(struct node *node, struct slice id)
{
    struct chat *chat = make_room(node) ? calloc(1, sizeof *chat) : NULL;
    if (chat == NULL)
        return NULL;
    chat->node = node;
    name_keys(chat, id);
    list_init(&chat->unused);
    list_init(&chat->in_use);
    chat_init(chat);
    map_put(&node->conversations->by_id, &chat->by_id, chat_id(chat));
    return chat;
}

void chat_hold_again(struct chat *chat)
{
    list_remove(&chat->unused);
    chat_fold_used(chat);
    chat->holds++;
}

struct chat *chat_hold(struct node *node, struct slice id)
{
    check(conversation_id_is_well_formed(id));
    struct chat *chat = chat_find(node, id);
    if (chat == NULL)
        chat = chat_make(node, id);
    if (chat != NULL)
        chat_hold_again(chat);
    return chat;
}

struct chat *chat_hold_newborn(
        struct node *node, struct slice id, struct slice tenant, const uint8_t key[KEY_SIZE])
{
    struct chat *chat = chat_hold(node, id);
    if (chat == NULL)
        return NULL;
    chat_give_key(chat, tenant, key);
    chat->log.is_newborn = true;
    chat->key_sure_in = node->store->ops->generation(node->store);
    return chat;
}

void chat_release(struct chat *chat)
{
    check(chat->holds > 0);
    chat->holds--;
    chat_settle(chat);
}

void chat_settle(struct chat *chat)
{
    if (chat->holds == 0 && list_is_empty(&chat->followers)) {
        list_remove(&chat->unused);
        list_append(&chat->node->conversations->unused, &chat->unused);
    }
}
