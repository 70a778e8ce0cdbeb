/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a log: what came after the tail, and what all reading has in common. The whole fold from
 * its newest snapshot is seek.c's.
 *
 * Invariant: every record folded links to the one before it (rule 3) and was read in the generation
 * that the tail belongs to (rule 2). A log that does not link, that is absent or that holds what
 * this node does not know is broken for the generation: it answers, and is never appended to.
 */
#include "log/load.h"

#include "base/check.h"
#include "base/log_line.h"

#include <inttypes.h>
#include <stdlib.h>

enum { REFRESH_COUNT = 64 };

void log_break(struct log *log, enum log_outcome why)
{
    struct store *store = log->engine->store;
    log->state = LOG_BROKEN;
    log->broken = why;
    log->generation = store->ops->generation(store);
    if (why == LOG_MISSING && log->kind->on_lost != NULL) {
        log->users++;
        log->kind->on_lost(log);
        log->users--;
    }
}

/* A key that goes while the log is being read is an erasure, and nothing for an operator to mend.
 */
void log_break_at(struct log *log, enum log_fold fold)
{
    bool is_erasure = fold == LOG_FOLD_KEYLESS, is_newer = fold == LOG_FOLD_UNKNOWN;
    log_break(log, is_newer ? LOG_READ_ONLY : LOG_QUARANTINED);
    if (is_erasure)
        log_line(LOG_INFO, "log.keyless", "log=%.*s seq=%" PRIu64, SLICE_ARGS(log->key),
                log->tail.seq);
    else
        log_line(LOG_ERROR, "log.broken", "log=%.*s seq=%" PRIu64 " why=%s", SLICE_ARGS(log->key),
                log->tail.seq, is_newer ? "newer_version" : "does_not_link");
}

enum log_fold log_fold_record(struct log *log, const struct record *record)
{
    if (record->at.seq != log->tail.seq + 1 || memcmp(record->prev, log->tail.mark, MARK_SIZE) != 0)
        return LOG_FOLD_DAMAGED;
    enum log_fold fold = log->kind->apply(log, record);
    if (fold == LOG_FOLDED) {
        log->is_newborn = false; /* absent means lost from now on */
        log->tail = record->at;
        log->time_ms = record->time_ms > log->time_ms ? record->time_ms : log->time_ms;
    }
    return fold;
}

enum log_fold log_open_record(
        struct log *log, const struct store_item *item, uint8_t *room, struct record *out)
{
    enum record_fault fault =
            record_read(item->value, item->number, log->key, log->seal_key, room, out);
    return fault == RECORD_GOOD      ? LOG_FOLDED
           : fault == RECORD_NEWER   ? LOG_FOLD_UNKNOWN
           : fault == RECORD_KEYLESS ? LOG_FOLD_KEYLESS
                                     : LOG_FOLD_DAMAGED;
}

bool log_fold_opened(struct log *log, enum log_fold fold, const struct record *record)
{
    if (fold == LOG_FOLDED)
        fold = log_fold_record(log, record);
    if (fold != LOG_FOLDED)
        log_break_at(log, fold);
    return fold == LOG_FOLDED;
}

bool log_fold_item(struct log *log, const struct store_item *item)
{
    struct record record;
    enum log_fold fold = log_open_record(log, item, log->engine->opened, &record);
    return log_fold_opened(log, fold, &record);
}

struct load *load_create(struct log *log)
{
    struct load *load = spares_take(&log->engine->loads, sizeof *load);
    check(load != NULL);
    *load = (struct load){.log = log};
    return load;
}

void load_free(struct load *load)
{
    if (load->log->fetch == &load->fetch)
        load->log->fetch = NULL;
    spares_give_back(&load->log->engine->loads, load, sizeof *load);
}

/* A refresh that nobody waits for is news that was hinted at: it does not wait. */
static bool is_patient(const struct log *log)
{
    bool is_patient =
            log->kind->loads_wait && (log->state != LOG_READY || !list_is_empty(&log->changes));
    LIST_EACH (node, next, &log->changes)
        is_patient = is_patient && LIST_ITEM(node, struct log_change, link)->is_patient;
    return is_patient;
}

void load_read(struct load *load, uint64_t from, uint64_t to, bool is_reverse, store_done done)
{
    struct log *log = load->log;
    load->fetch = (struct log_fetch){.log = log,
            .request = {log->key, from, to, load->count, is_reverse},
            .done = done,
            .user = load,
            .is_patient = is_patient(log)};
    log->is_busy = true;
    log->fetch = &load->fetch;
    log_fetch(&load->fetch);
}

bool load_is_usable(struct load *load, const struct store_reply *reply)
{
    struct log *log = load->log;
    struct store *store = log->engine->store;
    uint64_t generation = store->ops->generation(store);
    log->is_busy = false;
    if (reply->outcome == STORE_OK && reply->generation == generation && generation != 0)
        return true; /* possibly of nothing: a range beyond the end */
    log->state = LOG_COLD;
    if (reply->outcome == STORE_ABSENT && reply->generation == generation) {
        log_break(log, LOG_MISSING);
        log_fail_waiting(log, LOG_MISSING);
    } else {
        log_fail_waiting(log, LOG_RETRY);
    }
    return false;
}

void log_note_durable(struct log *log, uint64_t seq)
{
    log->durable_seq = seq > log->durable_seq ? seq : log->durable_seq;
}

/* A barrier for all that was there when it was asked for. */
struct telling {
    struct log *log;
    uint64_t seq;
};

static void on_told_durable(void *user, const struct store_reply *reply)
{
    struct telling *telling = user;
    struct log *log = telling->log;
    if (reply->outcome != STORE_OK) {
        log->is_untold = true; /* until a barrier holds, or the next generation */
    } else {
        log_note_durable(log, telling->seq);
        log->kind->on_moved(log);
    }
    log->users--;
    free(telling);
}

/* Whoever appended what was read may not have waited for its barrier (rule 7). */
void log_tell(struct log *log)
{
    struct store *store = log->engine->store;
    log->is_untold = false;
    if (log->kind->on_moved == NULL)
        return;
    struct telling *telling = malloc(sizeof *telling);
    check(telling != NULL);
    *telling = (struct telling){log, log->tail.seq};
    log->users++;
    store->ops->barrier(store, log->generation, on_told_durable, telling);
}

static void become_fresh(struct load *load, bool has_moved)
{
    struct log *log = load->log;
    log->fresh_at = load->fetch.stamp;
    if (load->fetch.stamp > log->hinted_at)
        log->hinted_seq = 0; /* a hint beyond the end that was just read was wrong */
    if (has_moved)
        log_tell(log);
}

void load_become_ready(struct load *load, uint64_t generation)
{
    load->log->state = LOG_READY;
    load->log->generation = generation;
    become_fresh(load, true);
}

void load_clear(struct log *log)
{
    log->kind->clear(log);
    log->tail = (struct name){0};
    log->time_ms = log->durable_seq = 0;
}

/* A newborn log, or a derived one that is not there (yet, or no longer): it begins with the next
 * append. */
bool load_is_to_begin(const struct log *log, const struct store_reply *reply)
{
    struct store *store = log->engine->store;
    bool is_unborn = log->is_newborn && log->tail.seq == 0;
    return (log->may_begin || is_unborn) && reply->outcome == STORE_ABSENT &&
           reply->generation == store->ops->generation(store);
}

void load_begin(struct load *load, uint64_t generation)
{
    struct log *log = load->log;
    log->is_busy = false;
    load_clear(log);
    log->is_newborn = true;
    load_become_ready(load, generation);
    load_free(load);
    log_work(log);
}

/* ---- refresh ----------------------------------------------------------------------------------
 */

static bool begins_at_tail(struct log *log, const struct store_item *item)
{
    struct record record;
    enum log_fold fold = log_open_record(log, item, log->engine->opened, &record);
    return fold == LOG_FOLDED && name_equal(&record.at, &log->tail);
}

/* The tail is no longer what the log says: read it all again. */
static void forget_tail(struct load *load)
{
    struct log *log = load->log;
    log->is_busy = false;
    log->state = LOG_COLD;
    load_free(load);
    log_load(log);
}

static bool is_past_changed(struct load *load, const struct store_reply *reply)
{
    struct log *log = load->log;
    if (reply->outcome == STORE_ABSENT || reply->item_count == 0)
        return log->tail.seq != 0; /* nothing from the tail on, not even the tail */
    return reply->generation != log->generation ||
           (log->tail.seq != 0 && !begins_at_tail(log, &reply->items[0]));
}

static void on_refreshed(void *user, const struct store_reply *reply)
{
    struct load *load = user;
    struct log *log = load->log;
    bool is_answered = reply->outcome == STORE_OK || reply->outcome == STORE_ABSENT;
    if (is_answered && is_past_changed(load, reply)) {
        forget_tail(load);
        return;
    }
    if (load_is_to_begin(log, reply)) {
        load_begin(load, reply->generation);
        return;
    }
    bool is_good = load_is_usable(load, reply);
    size_t first = log->tail.seq ? 1 : 0;
    for (size_t i = first; is_good && i < reply->item_count; i++)
        is_good = log_fold_item(log, &reply->items[i]);
    bool is_all = reply->item_count < load->count;
    if (is_good && is_all)
        become_fresh(load, reply->item_count > first);
    load_free(load);
    if (is_good && !is_all)
        log_refresh(log);
    else
        log_work(log);
}

void log_refresh(struct log *log)
{
    struct load *load = load_create(log);
    load->count = REFRESH_COUNT;
    load_read(load, log->tail.seq, UINT64_MAX, false, on_refreshed);
}

/* ---- a broken log -----------------------------------------------------------------------------
 */

static void on_turn(void *user, const struct store_reply *reply)
{
    (void)reply;
    struct log *log = user;
    log->is_busy = false;
    log_fail_waiting(log, log->state == LOG_BROKEN ? log->broken : LOG_RETRY);
    log_work(log);
}

void log_refuse_broken(struct log *log)
{
    log->is_busy = true;
    log->engine->store->ops->barrier(log->engine->store, 0, on_turn, log);
}

/* ---- reading along ----------------------------------------------------------------------------
 */

static void on_read(void *user, const struct store_reply *reply)
{
    struct log_reader *reader = user;
    struct log *log = reader->log;
    enum log_outcome outcome = reply->outcome == STORE_OK       ? LOG_APPENDED
                               : reply->outcome == STORE_ABSENT ? LOG_MISSING
                                                                : LOG_RETRY;
    for (size_t i = 0; outcome == LOG_APPENDED && i < reply->item_count; i++) {
        struct record record;
        enum log_fold fold = log_open_record(log, &reply->items[i], log->engine->opened, &record);
        if (fold == LOG_FOLDED)
            reader->on_record(reader, &record);
        else
            outcome = fold == LOG_FOLD_UNKNOWN ? LOG_READ_ONLY : LOG_QUARANTINED;
    }
    reader->done(reader, outcome);
    log->users--;
}

void log_read(struct log *log, struct log_reader *reader)
{
    reader->log = log;
    reader->fetch = (struct log_fetch){.log = log,
            .request = {log->key, reader->from, reader->to, reader->count, reader->is_reverse},
            .done = on_read,
            .user = reader,
            .is_patient = reader->is_patient};
    log->users++;
    log_fetch(&reader->fetch);
}
