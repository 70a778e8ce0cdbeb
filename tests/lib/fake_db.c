/* SPDX-License-Identifier: Apache-2.0 */
/* The few Redis commands that the log store uses, on plain arrays.
 *
 * Invariant: the contents are a function of the writes in db->writes, in order, with their times.
 * Commands that change nothing leave no write. As in Redis the compare of an append is one-sided
 * (it refuses who is behind, never who is ahead), a trimmed log keeps its last id, and a removed
 * one forgets it. Members of a sorted set with equal scores are ordered by their bytes.
 */
#include "lib/fake_db.h"

#include "base/check.h"

#include <stdlib.h>

struct fake_key {
    struct map_node node;
    enum { HOLDS_NOTHING, HOLDS_LOG, HOLDS_ZSET, HOLDS_VALUE } holds;
    struct store_item *items; /* log: by seq · zset: by score, then bytes · value: one */
    size_t len, capacity;
    uint64_t last_seq;
    uint64_t expires_ms; /* 0: never */
    struct slice name;
    char name_bytes[];
};

bool fake_command_is_write(const struct fake_command *command)
{
    return command->verb != FAKE_READ && command->verb != FAKE_ZSET_RANGE &&
           command->verb != FAKE_GET && command->verb != FAKE_BARRIER;
}

struct fake_command *fake_command_copy(const struct fake_command *command)
{
    struct fake_command *copy = malloc(sizeof *copy + command->key.len + command->value.len);
    check(copy != NULL);
    *copy = *command;
    if (command->key.len > 0)
        memcpy(copy->bytes, command->key.bytes, command->key.len);
    if (command->value.len > 0)
        memcpy(copy->bytes + command->key.len, command->value.bytes, command->value.len);
    copy->key = slice_make(copy->bytes, command->key.len);
    copy->value = slice_make(copy->bytes + command->key.len, command->value.len);
    return copy;
}

const struct fake_command *fake_shelf_put(
        struct fake_shelf *shelf, const struct fake_command *command)
{
    struct fake_command *copy = fake_command_copy(command);
    copy->next = shelf->first;
    shelf->first = copy;
    return copy;
}

void fake_shelf_finish(struct fake_shelf *shelf)
{
    while (shelf->first != NULL) {
        struct fake_command *gone = shelf->first;
        shelf->first = gone->next;
        free(gone);
    }
}

static struct fake_key *find(struct fake_db *db, struct slice name, uint64_t now_ms)
{
    struct fake_key *key = MAP_ITEM(map_find(&db->keys, name), struct fake_key, node);
    if (key != NULL && key->expires_ms != 0 && now_ms >= key->expires_ms) {
        key->holds = HOLDS_NOTHING;
        key->len = 0;
        key->expires_ms = 0;
    }
    return key != NULL && key->holds != HOLDS_NOTHING ? key : NULL;
}

static struct fake_key *find_or_make(struct fake_db *db, struct slice name, uint64_t now_ms)
{
    struct fake_key *key = find(db, name, now_ms);
    if (key == NULL)
        key = MAP_ITEM(map_find(&db->keys, name), struct fake_key, node);
    if (key != NULL)
        return key;
    key = calloc(1, sizeof *key + name.len);
    check(key != NULL && name.len > 0);
    memcpy(key->name_bytes, name.bytes, name.len);
    key->name = slice_make(key->name_bytes, name.len);
    map_put(&db->keys, &key->node, key->name);
    return key;
}

static void clear(struct fake_key *key)
{
    free(key->items);
    key->items = NULL;
    key->len = key->capacity = 0;
    key->last_seq = key->expires_ms = 0;
    key->holds = HOLDS_NOTHING;
}

static void insert(struct fake_key *key, size_t at, struct store_item item)
{
    if (key->len == key->capacity) {
        key->capacity = key->capacity ? 2 * key->capacity : 4;
        key->items = realloc(key->items, key->capacity * sizeof *key->items);
        check(key->items != NULL);
    }
    memmove(key->items + at + 1, key->items + at, (key->len - at) * sizeof *key->items);
    key->items[at] = item;
    key->len++;
}

static void take_out(struct fake_key *key, size_t at, size_t count)
{
    key->len -= count;
    memmove(key->items + at, key->items + at + count, (key->len - at) * sizeof *key->items);
}

static void note_write(struct fake_db *db, const struct fake_command *command, uint64_t now_ms)
{
    if (db->write_count == db->write_capacity) {
        db->write_capacity = db->write_capacity ? 2 * db->write_capacity : 64;
        db->writes = realloc(db->writes, db->write_capacity * sizeof *db->writes);
        check(db->writes != NULL);
    }
    db->writes[db->write_count++] = (struct fake_write){command, now_ms};
}

static bool run_append(struct fake_db *db, const struct fake_command *command, uint64_t now_ms,
        struct fake_answer *answer)
{
    struct fake_key *key = find(db, command->key, now_ms);
    if (key == NULL && !command->flag) {
        answer->outcome = STORE_ABSENT;
        return false;
    }
    if (key == NULL)
        key = find_or_make(db, command->key, now_ms);
    check(key->holds == HOLDS_NOTHING || key->holds == HOLDS_LOG);
    if (command->number <= key->last_seq) {
        answer->outcome = STORE_REFUSED;
        return false;
    }
    key->holds = HOLDS_LOG;
    key->last_seq = command->number;
    insert(key, key->len, (struct store_item){command->number, command->value});
    return true;
}

static bool run_read(struct fake_db *db, const struct fake_command *command, uint64_t now_ms,
        struct fake_answer *answer)
{
    const struct fake_key *key = find(db, command->key, now_ms);
    bool is_log = command->verb == FAKE_READ;
    bool is_whole_log = is_log && command->from <= 1 && command->to == UINT64_MAX;
    if (key == NULL || key->len == 0) {
        answer->outcome = is_whole_log ? STORE_ABSENT : STORE_OK;
        return false;
    }
    check(key->holds == (is_log ? HOLDS_LOG : HOLDS_ZSET));
    answer->items = malloc(command->count * sizeof *answer->items);
    check(answer->items != NULL);
    for (size_t i = 0; i < key->len && answer->item_count < command->count; i++) {
        const struct store_item *item = &key->items[command->flag ? key->len - 1 - i : i];
        if (item->number >= command->from && item->number <= command->to)
            answer->items[answer->item_count++] = *item;
    }
    return false;
}

static bool run_trim(struct fake_db *db, const struct fake_command *command, uint64_t now_ms)
{
    struct fake_key *key = find(db, command->key, now_ms);
    size_t count = 0;
    while (key != NULL && count < key->len && key->items[count].number < command->number)
        count++;
    if (count > 0)
        take_out(key, 0, count);
    return count > 0;
}

static bool is_member_before(const struct store_item *item, uint64_t score, struct slice member)
{
    if (item->number != score)
        return item->number < score;
    size_t shorter = item->value.len < member.len ? item->value.len : member.len;
    int order = shorter ? memcmp(item->value.bytes, member.bytes, shorter) : 0;
    return order != 0 ? order < 0 : item->value.len < member.len;
}

static size_t find_member(const struct fake_key *key, struct slice member)
{
    size_t at = 0;
    while (at < key->len && !slice_equal(key->items[at].value, member))
        at++;
    return at;
}

static bool run_zset_add(struct fake_db *db, const struct fake_command *command, uint64_t now_ms)
{
    struct fake_key *key = find_or_make(db, command->key, now_ms);
    check(key->holds == HOLDS_NOTHING || key->holds == HOLDS_ZSET);
    key->holds = HOLDS_ZSET;
    size_t old = find_member(key, command->value), at = 0;
    if (old < key->len) {
        uint64_t score = key->items[old].number;
        if (score == command->number || (command->flag && score > command->number))
            return false;
        take_out(key, old, 1);
    }
    while (at < key->len && is_member_before(&key->items[at], command->number, command->value))
        at++;
    insert(key, at, (struct store_item){command->number, command->value});
    return true;
}

static bool run_zset_remove(struct fake_db *db, const struct fake_command *command, uint64_t now_ms)
{
    struct fake_key *key = find(db, command->key, now_ms);
    size_t at = key ? find_member(key, command->value) : 0;
    if (key == NULL || at == key->len)
        return false;
    take_out(key, at, 1);
    if (key->len == 0)
        clear(key);
    return true;
}

static bool run_put(struct fake_db *db, const struct fake_command *command, uint64_t now_ms)
{
    struct fake_key *key = find_or_make(db, command->key, now_ms);
    clear(key);
    key->holds = HOLDS_VALUE;
    insert(key, 0, (struct store_item){0, command->value});
    if (command->verb == FAKE_PUT && command->number > 0)
        key->expires_ms = now_ms + command->number;
    return true;
}

/* claim, get, take and remove: what they answer, and then do, hangs on whether there is a value. */
static bool run_on_value(struct fake_db *db, const struct fake_command *command, uint64_t now_ms,
        struct fake_answer *answer)
{
    struct fake_key *key = find(db, command->key, now_ms);
    bool reads = command->verb != FAKE_REMOVE;
    if (key == NULL && command->verb == FAKE_CLAIM)
        return run_put(db, command, now_ms);
    if (key == NULL) {
        answer->outcome = reads ? STORE_ABSENT : STORE_OK;
        return false;
    }
    check(!reads || key->holds == HOLDS_VALUE);
    if (reads)
        answer->value = key->items[0].value;
    if (command->verb == FAKE_CLAIM)
        answer->outcome = STORE_REFUSED;
    if (command->verb == FAKE_CLAIM || command->verb == FAKE_GET)
        return false;
    clear(key);
    return true;
}

static bool run(struct fake_db *db, const struct fake_command *command, uint64_t now_ms,
        struct fake_answer *answer)
{
    switch (command->verb) {
    case FAKE_APPEND:
        return run_append(db, command, now_ms, answer);
    case FAKE_READ:
    case FAKE_ZSET_RANGE:
        return run_read(db, command, now_ms, answer);
    case FAKE_BARRIER:
        return false;
    case FAKE_TRIM:
        return run_trim(db, command, now_ms);
    case FAKE_ZSET_ADD:
        return run_zset_add(db, command, now_ms);
    case FAKE_ZSET_REMOVE:
        return run_zset_remove(db, command, now_ms);
    case FAKE_PUT:
        return run_put(db, command, now_ms);
    case FAKE_CLAIM:
    case FAKE_GET:
    case FAKE_TAKE:
    case FAKE_REMOVE:
        return run_on_value(db, command, now_ms, answer);
    }
    return false;
}

void fake_db_init(struct fake_db *db)
{
    *db = (struct fake_db){0};
}

void fake_db_finish(struct fake_db *db)
{
    struct map_node *node = map_next(&db->keys, NULL);
    while (node != NULL) {
        struct fake_key *key = MAP_ITEM(node, struct fake_key, node);
        node = map_next(&db->keys, node);
        map_remove(&db->keys, &key->node);
        clear(key);
        free(key);
    }
    map_finish(&db->keys);
    free(db->writes);
    *db = (struct fake_db){0};
}

void fake_db_run(struct fake_db *db, const struct fake_command *command, uint64_t now_ms,
        struct fake_answer *out_answer)
{
    *out_answer = (struct fake_answer){.outcome = STORE_OK};
    if (run(db, command, now_ms, out_answer))
        note_write(db, command, now_ms);
}

void fake_db_replay(struct fake_db *db, const struct fake_db *from, size_t write_count)
{
    check(db->write_count == 0 && write_count <= from->write_count);
    for (size_t i = 0; i < write_count; i++) {
        struct fake_answer answer;
        fake_db_run(db, from->writes[i].command, from->writes[i].at_ms, &answer);
        fake_answer_finish(&answer);
    }
}

void fake_answer_finish(struct fake_answer *answer)
{
    free(answer->items);
    answer->items = NULL;
    answer->item_count = 0;
}
