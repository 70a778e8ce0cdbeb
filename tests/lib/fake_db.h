/* SPDX-License-Identifier: Apache-2.0 */
/* What one Redis holds, in memory, as a function of the writes that ran on it.
 *
 * The history of the writes is kept, so a failover that loses the last of them is a replay of the
 * others. Commands are immutable, and live until the shelf that made them goes: histories, and
 * the slices of replies, borrow from them.
 */
#ifndef WEFT_TESTS_FAKE_DB_H
#define WEFT_TESTS_FAKE_DB_H

#include "base/map.h"
#include "port/store.h"

enum fake_verb {
    FAKE_APPEND,
    FAKE_READ,
    FAKE_BARRIER,
    FAKE_TRIM,
    FAKE_ZSET_ADD,
    FAKE_ZSET_REMOVE,
    FAKE_ZSET_RANGE,
    FAKE_CLAIM,
    FAKE_PUT,
    FAKE_GET,
    FAKE_TAKE,
    FAKE_REMOVE,
};

struct fake_command {
    struct fake_command *next; /* on the shelf */
    enum fake_verb verb;
    uint64_t number;    /* append: seq · zset_add: score · trim: below · put: ttl_ms */
    uint64_t from, to;  /* read, zset_range */
    size_t count;       /* read, zset_range */
    bool flag;          /* append: is_birth · read: is_reverse · zset_add: raises */
    struct slice key;   /* in bytes */
    struct slice value; /* in bytes: record, member or value */
    char bytes[];
};

struct fake_shelf {
    struct fake_command *first;
};

/* A copy, with the bytes that its key and value borrow; free it. */
struct fake_command *fake_command_copy(const struct fake_command *command);
bool fake_command_is_write(const struct fake_command *command);
/* The same, kept by the shelf: writes are replayed. */
const struct fake_command *fake_shelf_put(
        struct fake_shelf *shelf, const struct fake_command *command);
void fake_shelf_finish(struct fake_shelf *shelf);

struct fake_write {
    const struct fake_command *command;
    uint64_t at_ms;
};

struct fake_db {
    struct map keys;
    struct fake_write *writes;
    size_t write_count, write_capacity;
};

struct fake_answer {
    enum store_outcome outcome;
    struct slice value;
    struct store_item *items; /* owned; fake_answer_finish */
    size_t item_count;
};

void fake_db_init(struct fake_db *db);
void fake_db_finish(struct fake_db *db);
/* Runs the command whole, now. A barrier does nothing here. */
void fake_db_run(struct fake_db *db, const struct fake_command *command, uint64_t now_ms,
        struct fake_answer *out_answer);
/* Makes db (empty) what from was after its first write_count writes. */
void fake_db_replay(struct fake_db *db, const struct fake_db *from, size_t write_count);
void fake_answer_finish(struct fake_answer *answer);

#endif
