/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a log: the whole fold from its newest snapshot, or just what came after the tail.
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

enum { LOAD_COUNT = 128, REFRESH_COUNT = 64 };

struct load {
    struct log *log;
    uint64_t stamp;
    size_t count;
};

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
    if (why != LOG_MISSING)
        log_line(LOG_ERROR, "log.broken", "log=%.*s seq=%" PRIu64 " why=%s", SLICE_ARGS(log->key),
                log->tail.seq, why == LOG_QUARANTINED ? "does_not_link" : "newer_version");
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

static enum log_fold open_record(struct log *log, const struct store_item *item, struct record *out)
{
    enum record_fault fault = record_read(
            item->value, item->number, log->key, log->seal_key, log->engine->opened, out);
    return fault == RECORD_GOOD    ? LOG_FOLDED
           : fault == RECORD_NEWER ? LOG_FOLD_UNKNOWN
                                   : LOG_FOLD_DAMAGED;
}

static bool fold_item(struct log *log, const struct store_item *item)
{
    struct record record;
    enum log_fold fold = open_record(log, item, &record);
    if (fold == LOG_FOLDED)
        fold = log_fold_record(log, &record);
    if (fold == LOG_FOLD_UNKNOWN)
        log_break(log, LOG_READ_ONLY);
    if (fold == LOG_FOLD_DAMAGED)
        log_break(log, LOG_QUARANTINED);
    return fold == LOG_FOLDED;
}

static void start_read(
        struct log *log, uint64_t from, size_t count, bool is_reverse, store_done done)
{
    struct load *load = malloc(sizeof *load);
    check(load != NULL);
    *load = (struct load){log, ++log->engine->stamp, count};
    struct store_read request = {log->key, from, UINT64_MAX, count, is_reverse};
    log->is_busy = true;
    log->engine->store->ops->read(log->engine->store, &request, done, load);
}

/* Ends the read. Returns false, with the waiting changes answered, when there is nothing to fold.
 */
static bool is_usable(struct load *load, const struct store_reply *reply)
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

static void clear_tail(struct log *log)
{
    log->kind->clear(log);
    log->tail = (struct name){0};
    log->time_ms = 0;
}

static void on_told_durable(void *user, const struct store_reply *reply)
{
    struct log *log = user;
    if (reply->outcome != STORE_OK)
        log->is_untold = true; /* until a barrier holds, or the next generation */
    else
        log->kind->on_moved(log);
    log->users--;
}

/* Whoever appended what was read may not have waited for its barrier (rule 7). */
void log_tell(struct log *log)
{
    struct store *store = log->engine->store;
    log->is_untold = false;
    if (log->kind->on_moved == NULL)
        return;
    log->users++;
    store->ops->barrier(store, log->generation, on_told_durable, log);
}

static void become_fresh(struct load *load, bool has_moved)
{
    struct log *log = load->log;
    log->fresh_at = load->stamp;
    if (load->stamp > log->hinted_at)
        log->hinted_seq = 0; /* a hint beyond the end that was just read was wrong */
    if (has_moved)
        log_tell(log);
}

static void become_ready(struct load *load, uint64_t generation)
{
    load->log->state = LOG_READY;
    load->log->generation = generation;
    become_fresh(load, true);
}

/* ---- load -------------------------------------------------------------------------------------
 */

static void on_forward_page(void *user, const struct store_reply *reply);

/* The index of the newest record that holds a snapshot, or item_count. Newest first. */
static size_t find_snapshot(struct log *log, const struct store_reply *reply)
{
    struct record record;
    for (size_t i = 0; i < reply->item_count; i++)
        if (open_record(log, &reply->items[i], &record) == LOG_FOLDED &&
                log->kind->holds_snapshot(log, &record))
            return i;
    return reply->item_count;
}

static bool restore(struct log *log, const struct store_item *item)
{
    struct record record;
    enum log_fold fold = open_record(log, item, &record);
    if (fold == LOG_FOLDED)
        fold = log->kind->restore(log, &record);
    if (fold != LOG_FOLDED) {
        log_break(log, fold == LOG_FOLD_UNKNOWN ? LOG_READ_ONLY : LOG_QUARANTINED);
        return false;
    }
    log->tail = record.at;
    log->time_ms = record.time_ms;
    return true;
}

static bool is_unborn(const struct log *log)
{
    return log->is_newborn && log->tail.seq == 0;
}

/* A newborn log, or a derived one that is not there (yet, or no longer): it begins with the next
 * append. */
static bool is_to_begin(const struct log *log, const struct store_reply *reply)
{
    struct store *store = log->engine->store;
    return (log->may_begin || is_unborn(log)) && reply->outcome == STORE_ABSENT &&
           reply->generation == store->ops->generation(store);
}

static void begin(struct load *load, uint64_t generation)
{
    struct log *log = load->log;
    log->is_busy = false;
    clear_tail(log);
    log->is_newborn = true;
    become_ready(load, generation);
    free(load);
    log_work(log);
}

static void on_newest(void *user, const struct store_reply *reply)
{
    struct load *load = user;
    struct log *log = load->log;
    if (is_to_begin(log, reply)) {
        begin(load, reply->generation);
        return;
    }
    if (!is_usable(load, reply)) {
        free(load);
        return;
    }
    clear_tail(log);
    size_t snapshot = find_snapshot(log, reply);
    size_t next = snapshot;
    bool is_good = true;
    if (snapshot < reply->item_count)
        is_good = restore(log, &reply->items[snapshot]);
    else if (reply->items[reply->item_count - 1].number != 1) {
        free(load);
        start_read(log, 1, LOAD_COUNT, false, on_forward_page);
        return;
    }
    while (is_good && next-- > 0)
        is_good = fold_item(log, &reply->items[next]);
    if (is_good)
        become_ready(load, reply->generation);
    free(load);
    log_work(log);
}

/* A long log without a snapshot in its newest page: from the beginning. */
static void on_forward_page(void *user, const struct store_reply *reply)
{
    struct load *load = user;
    struct log *log = load->log;
    bool is_good = is_usable(load, reply);
    if (!is_good) {
        free(load);
        return;
    }
    for (size_t i = 0; i < reply->item_count && is_good; i++)
        is_good = fold_item(log, &reply->items[i]);
    if (is_good && reply->item_count == LOAD_COUNT) {
        free(load);
        start_read(log, log->tail.seq + 1, LOAD_COUNT, false, on_forward_page);
        return;
    }
    if (is_good)
        become_ready(load, reply->generation);
    free(load);
    log_work(log);
}

void log_load(struct log *log)
{
    struct store *store = log->engine->store;
    uint64_t generation = store->ops->generation(store);
    if (is_unborn(log) && !log->may_begin && generation != 0) {
        log->state = LOG_READY;
        log->generation = generation;
        log_work(log);
        return;
    }
    log->state = LOG_LOADING;
    start_read(log, 0, LOAD_COUNT, true, on_newest);
}

/* ---- refresh ----------------------------------------------------------------------------------
 */

static bool begins_at_tail(struct log *log, const struct store_item *item)
{
    struct record record;
    enum log_fold fold = open_record(log, item, &record);
    return fold == LOG_FOLDED && name_equal(&record.at, &log->tail);
}

/* The tail is no longer what the log says: read it all again. */
static void forget_tail(struct load *load)
{
    struct log *log = load->log;
    log->is_busy = false;
    log->state = LOG_COLD;
    free(load);
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
    if (is_to_begin(log, reply)) {
        begin(load, reply->generation);
        return;
    }
    bool is_good = is_usable(load, reply);
    size_t first = log->tail.seq ? 1 : 0;
    for (size_t i = first; is_good && i < reply->item_count; i++)
        is_good = fold_item(log, &reply->items[i]);
    bool is_all = reply->item_count < load->count;
    if (is_good && is_all)
        become_fresh(load, reply->item_count > first);
    free(load);
    if (is_good && !is_all)
        log_refresh(log);
    else
        log_work(log);
}

void log_refresh(struct log *log)
{
    start_read(log, log->tail.seq, REFRESH_COUNT, false, on_refreshed);
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
        enum log_fold fold = open_record(log, &reply->items[i], &record);
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
    struct store *store = log->engine->store;
    struct store_read request = {
            log->key, reader->from, reader->to, reader->count, reader->is_reverse};
    reader->log = log;
    log->users++;
    store->ops->read(store, &request, on_read, reader);
}
