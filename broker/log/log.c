/* SPDX-License-Identifier: Apache-2.0 */
/* The one way to append: decide on the tail, compare-and-append, wait for the barrier, answer.
 *
 *            submit
 *               v            no tail of this generation
 *    +------> work --------------------------------------> load.c: load ----+
 *    |          | decide                                                    |
 *    |          +-- no, tail older than the request ----> load.c: refresh --+
 *    |          +-- no, fresh ------------> done(REFUSED)                   |
 *    |          +-- already --> barrier --> done(WAS_ALREADY)               |
 *    |          +-- append ---> XADD --ok--> fold -> barrier* -> done       |
 *    |                            +--refused--> load.c: refresh ------------+
 *    +----------------------------+--unknown--> done(RETRY), tail thrown away
 *
 *   * none where the store's answer says as much
 *
 * Invariant: at most one load, refresh or append of a log is under way (is_busy); the tail is of
 * the store's present generation or it is not used; a no is said only on a tail that was proved to
 * be the end after the request came (fresh_at > asked_at). Nothing here decides what is appended.
 */
#include "log/log.h"

#include "base/check.h"
#include "log/load.h"
#include "port/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A flight with the record of a message; a snapshot takes more; and as many of them as stay
 * behind after a burst. */
enum { FLIGHT_BYTES = 2048, FLIGHTS_KEPT_MAX = 1024, LOADS_KEPT_MAX = 64 };

/* An append under way, and then its barrier. */
struct flight {
    struct log *log;
    struct log_change *change;
    uint64_t stamp;
    size_t size; /* of all of it */
    struct record record;
    uint8_t plain[];
};

static void free_flight(struct log_engine *engine, struct flight *flight)
{
    spares_give_back(&engine->flights, flight, flight->size);
}

bool log_engine_init(struct log_engine *engine, struct store *store, struct random *random)
{
    *engine =
            (struct log_engine){.store = store, .random = random, .doubts_left = LOG_DOUBTS_A_TURN};
    list_init(&engine->logs);
    list_init(&engine->reads_waiting);
    engine->reads_max = LOG_READS_MAX;
    spares_init(&engine->flights, FLIGHT_BYTES, FLIGHTS_KEPT_MAX);
    spares_init(&engine->loads, sizeof(struct load), LOADS_KEPT_MAX);
    engine->plain = malloc(RECORD_PLAIN_MAX);
    engine->record = malloc(RECORD_MAX);
    engine->opened = malloc(RECORD_MAX);
    engine->page = malloc(sizeof *engine->page);
    return engine->plain && engine->record && engine->opened && engine->page;
}

void log_engine_finish(struct log_engine *engine)
{
    check(list_is_empty(&engine->logs));
    spares_finish(&engine->flights);
    spares_finish(&engine->loads);
    free(engine->plain);
    free(engine->record);
    free(engine->opened);
    free(engine->page);
}

void log_engine_on_generation(struct log_engine *engine, uint64_t generation)
{
    LIST_EACH (node, next, &engine->logs) {
        struct log *log = LIST_ITEM(node, struct log, link);
        if (log->state != LOG_LOADING)
            log->state = LOG_COLD;
        if (generation != 0 && log->is_followed && !log->is_busy)
            log_load(log);
    }
}

void log_init(struct log *log, struct log_engine *engine, const struct log_kind *kind,
        struct slice key, struct slice due_key, struct slice due_id)
{
    check(key.len <= LOG_KEY_MAX && due_id.len <= LOG_KEY_MAX);
    *log = (struct log){
            .engine = engine, .kind = kind, .key = key, .due_key = due_key, .due_id = due_id};
    list_init(&log->changes);
    list_append(&engine->logs, &log->link);
    kind->clear(log);
}

bool log_is_idle(const struct log *log)
{
    return !log->is_busy && log->users == 0 && list_is_empty(&log->changes);
}

void log_finish(struct log *log)
{
    check(log_is_idle(log));
    list_remove(&log->link);
}

static void finish(struct log *log, struct log_change *change, enum log_outcome outcome)
{
    change->result.outcome = outcome;
    list_remove(&change->link);
    change->done(change, log);
}

void log_fail_waiting(struct log *log, enum log_outcome outcome)
{
    struct list failed;
    list_init(&failed);
    LIST_EACH (node, next, &log->changes) {
        list_remove(node);
        list_append(&failed, node);
    }
    log->users++;
    while (!list_is_empty(&failed))
        finish(log, LIST_ITEM(failed.next, struct log_change, link), outcome);
    log->users--;
}

/* ---- the barrier ------------------------------------------------------------------------------
 */

static void on_already_durable(void *user, const struct store_reply *reply)
{
    struct log_change *change = user;
    struct log *log = change->log;
    bool is_durable = reply->outcome == STORE_OK;
    finish(log, change, is_durable ? LOG_WAS_ALREADY : LOG_RETRY);
    if (is_durable && log->is_untold)
        log_tell(log);
    log->users--;
}

static void answer_already(struct log *log, struct log_change *change)
{
    list_remove(&change->link);
    log->users++;
    struct store *store = log->engine->store;
    store->ops->barrier(store, log->generation, on_already_durable, change);
}

static void end_flight(struct flight *flight, bool is_durable)
{
    struct log *log = flight->log;
    struct log_engine *engine = log->engine;
    struct log_change *change = flight->change;
    change->result.at = flight->record.at;
    change->result.time_ms = flight->record.time_ms;
    if (is_durable)
        log_note_durable(log, flight->record.at.seq);
    if (is_durable && log->kind->on_record != NULL)
        log->kind->on_record(log, &flight->record);
    finish(log, change, is_durable ? LOG_APPENDED : LOG_RETRY);
    if (!is_durable)
        log->is_untold = true;
    else if (log->is_untold)
        log_tell(log);
    log->users--;
    free_flight(engine, flight);
}

static void on_append_durable(void *user, const struct store_reply *reply)
{
    end_flight(user, reply->outcome == STORE_OK);
}

/* ---- the append -------------------------------------------------------------------------------
 */

static void after_append_ok(struct flight *flight, uint64_t generation)
{
    struct log *log = flight->log;
    if (log->state == LOG_READY && log->generation == generation) {
        enum log_fold fold = log_fold_record(log, &flight->record);
        check(fold == LOG_FOLDED); /* we wrote it ourselves */
        log->fresh_at = flight->stamp;
    }
    log->users++;
    struct store *store = log->engine->store;
    if (store->answers_are_durable && store->ops->generation(store) == generation)
        end_flight(flight, true);
    else
        store->ops->barrier(store, generation, on_append_durable, flight);
}

static void after_append_failed(struct flight *flight, enum store_outcome outcome)
{
    struct log *log = flight->log;
    struct log_change *change = flight->change;
    free_flight(log->engine, flight);
    bool is_behind = outcome == STORE_REFUSED || (outcome == STORE_ABSENT && log->may_begin);
    if (is_behind && ++change->attempts < LOG_ATTEMPTS_MAX) {
        list_prepend(&log->changes, &change->link);
        log_refresh(log);
        return;
    }
    if (outcome == STORE_UNKNOWN)
        log->state = LOG_COLD;
    if (outcome == STORE_ABSENT)
        log_break(log, LOG_MISSING);
    log->users++;
    finish(log, change,
            outcome == STORE_FULL     ? LOG_FULL
            : outcome == STORE_ABSENT ? LOG_MISSING
                                      : LOG_RETRY);
    log->users--;
}

static void on_appended(void *user, const struct store_reply *reply)
{
    struct flight *flight = user;
    struct log *log = flight->log;
    log->is_busy = false;
    if (reply->outcome == STORE_OK)
        after_append_ok(flight, reply->generation);
    else
        after_append_failed(flight, reply->outcome);
    log_work(log);
}

/* A member of the due index on its way: written again while the store does not take it. */
struct due_member {
    struct log *log;
    uint64_t generation, due_at_ms;
    unsigned attempts;
    size_t len;
    char text[LOG_KEY_MAX + 24];
};

static void add_due_member(struct due_member *member);

/* The store was full, or it said nothing, just then. The entry is there, or will be. */
static void on_due_added(void *user, const struct store_reply *reply)
{
    struct due_member *member = user;
    struct log *log = member->log;
    struct store *store = log->engine->store;
    bool is_same_life = store->ops->generation(store) == member->generation;
    log->users--;
    if (reply->outcome != STORE_OK && is_same_life && ++member->attempts < LOG_ATTEMPTS_MAX)
        add_due_member(member);
    else
        free(member);
}

static void add_due_member(struct due_member *member)
{
    struct log *log = member->log;
    struct store *store = log->engine->store;
    log->users++;
    store->ops->zset_add(store, log->due_key, slice_make(member->text, member->len),
            member->due_at_ms, ZSET_SET, on_due_added, member);
}

/* Due first (rule 11). Pipelined on the same link, so it is never behind the append. */
static void add_due(struct log *log, uint64_t seq, uint64_t due_at_ms)
{
    struct due_member *member = malloc(sizeof *member);
    check(member != NULL);
    *member =
            (struct due_member){.log = log, .generation = log->generation, .due_at_ms = due_at_ms};
    int len = snprintf(
            member->text, sizeof member->text, "%.*s:%" PRIu64, SLICE_ARGS(log->due_id), seq);
    member->len = (size_t)len;
    add_due_member(member);
}

static struct flight *make_flight(
        struct log *log, struct log_change *change, const struct log_draft *draft)
{
    size_t stored_max = log->engine->keeps_stored ? draft->plain.len + RECORD_OVERHEAD_MAX : 0;
    size_t size = sizeof(struct flight) + draft->plain.len + stored_max;
    struct flight *flight = spares_take(&log->engine->flights, size);
    if (flight == NULL)
        return NULL;
    flight->size = size;
    memcpy(flight->plain, draft->plain.bytes, draft->plain.len);
    flight->log = log;
    flight->change = change;
    flight->stamp = ++log->engine->stamp;
    flight->record = (struct record){.at.seq = log->tail.seq + 1,
            .time_ms = draft->time_ms > log->time_ms ? draft->time_ms : log->time_ms,
            .plain = slice_make(flight->plain, draft->plain.len)};
    memcpy(flight->record.prev, log->tail.mark, MARK_SIZE);
    return flight;
}

static void keep_stored(struct flight *flight, struct slice stored)
{
    if (!flight->log->engine->keeps_stored)
        return;
    uint8_t *room = flight->plain + flight->record.plain.len;
    memcpy(room, stored.bytes, stored.len);
    flight->record.stored = slice_make(room, stored.len);
}

static void append(struct log *log, struct log_change *change, const struct log_draft *draft)
{
    struct log_engine *engine = log->engine;
    struct flight *flight = make_flight(log, change, draft);
    uint8_t random[SEAL_NONCE_SIZE];
    check(flight != NULL); /* a node without a kilobyte is better restarted */
    engine->random->fill(engine->random, random, sizeof random);
    size_t len = record_write(&flight->record, log->key, log->seal_key, random, engine->record);
    keep_stored(flight, slice_make(engine->record, len));
    if (draft->is_due && log->due_key.len > 0)
        add_due(log, flight->record.at.seq, draft->due_at_ms);
    struct store_append request = {log->key, flight->record.at.seq,
            log->is_newborn && log->tail.seq == 0, slice_make(engine->record, len)};
    list_remove(&change->link);
    log->is_busy = true;
    engine->store->ops->append(engine->store, &request, on_appended, flight);
}

/* ---- the work ---------------------------------------------------------------------------------
 */

/* Runs decide on the first change. Returns false when the log is busy or broken from now on. */
static bool decide_first(struct log *log)
{
    struct log_change *change = LIST_ITEM(log->changes.next, struct log_change, link);
    struct log_draft draft = {.plain = buffer_make(log->engine->plain, RECORD_PLAIN_MAX)};
    log->is_busy = true; /* what is submitted meanwhile waits */
    enum log_decision decision = change->decide(change, log, &draft);
    log->is_busy = false;
    switch (decision) {
    case LOG_APPEND:
        check(!draft.plain.overflowed);
        append(log, change, &draft);
        return false;
    case LOG_ALREADY:
        answer_already(log, change);
        return true;
    case LOG_NO:
        if (!log_is_fresh(log, change->asked_at)) {
            log_refresh(log);
            return false;
        }
        log->users++;
        finish(log, change, LOG_REFUSED);
        log->users--;
        return true;
    }
    return false;
}

void log_work(struct log *log)
{
    while (!log->is_busy && !list_is_empty(&log->changes)) {
        struct store *store = log->engine->store;
        uint64_t generation = store->ops->generation(store);
        if (log->state == LOG_BROKEN && log->generation == generation) {
            log_refuse_broken(log);
            return;
        }
        if (log->state != LOG_READY || log->generation != generation || generation == 0) {
            log_load(log);
            return;
        }
        if (!decide_first(log))
            return;
    }
    if (!log->is_busy && log->state == LOG_READY && log->hinted_seq > log->tail.seq)
        log_refresh(log);
}

void log_engine_look(struct log_engine *engine)
{
    if (engine->store->ops->generation(engine->store) == 0)
        return;
    LIST_EACH (node, next, &engine->logs) {
        struct log *log = LIST_ITEM(node, struct log, link);
        if (log->is_followed && log->state == LOG_COLD && !log->is_busy)
            log_load(log);
        else if (log->is_untold && log->state == LOG_READY)
            log_tell(log);
    }
}

bool log_is_fresh(const struct log *log, uint64_t asked_at)
{
    return log->fresh_at > asked_at;
}

void log_submit(struct log *log, struct log_change *change)
{
    change->log = log;
    change->attempts = 0;
    change->result = (struct log_result){0};
    change->asked_at = ++log->engine->stamp;
    list_append(&log->changes, &change->link);
    if (log->fetch != NULL && !change->is_patient)
        log_fetch_hurry(log->fetch);
    log_work(log);
}

void log_ask_again(struct log_change *change)
{
    change->asked_at = ++change->log->engine->stamp;
}

void log_follow(struct log *log)
{
    if (log->state == LOG_COLD && !log->is_busy)
        log_load(log);
}
