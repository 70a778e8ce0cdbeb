/* SPDX-License-Identifier: Apache-2.0 */
/* What others say of a log: that it has an entry, what that entry is, or only that it may have one.
 *
 *                      links, same history, generation lives, nothing under way
 *   a record was told ---------------------------------------------------------> fold, on_foreign
 *        | anything else
 *        v
 *   an entry was told --> read on from the tail --> on_moved        a doubt is a hint of tail + 1
 *
 * Invariant: what is folded here is what a read at this moment, in the tail's own generation, could
 * bring: the next record of the same course of writes. A hint that is late, doubled, of another
 * branch or of no log at all changes nothing but that the log is read.
 */
#include "log/load.h"

void log_hint(struct log *log, uint64_t seq)
{
    log->hinted_at = ++log->engine->stamp;
    if (seq > log->hinted_seq)
        log->hinted_seq = seq;
    log_work(log);
}

/* ---- records ----------------------------------------------------------------------------------
 */

/* The tail belongs to that history, and to a generation that lives. */
static bool is_of_history(const struct log *log, struct slice history)
{
    struct store *store = log->engine->store;
    uint64_t generation = store->ops->generation(store);
    return generation != 0 && log->generation == generation && history.len > 0 &&
           slice_equal(store->ops->history(store), history);
}

static bool is_next(const struct log *log, const struct record *record)
{
    return record->at.seq == log->tail.seq + 1 &&
           memcmp(record->prev, log->tail.mark, MARK_SIZE) == 0;
}

static bool open_next(struct log *log, uint64_t seq, struct slice stored, struct record *out_record)
{
    return log->state == LOG_READY && !log->is_busy && log->kind->on_foreign != NULL &&
           record_read(stored, seq, log->key, log->seal_key, log->engine->opened, out_record) ==
                   RECORD_GOOD &&
           out_record->is_sealed == (log->seal_key != NULL) && is_next(log, out_record);
}

void log_take(struct log *log, uint64_t seq, struct slice history, struct slice stored)
{
    struct record record;
    if (log->state == LOG_READY && seq <= log->tail.seq)
        return;
    if (!is_of_history(log, history) || !open_next(log, seq, stored, &record)) {
        log_hint(log, seq);
        return;
    }
    if (log_fold_record(log, &record) != LOG_FOLDED) { /* half folded, perhaps: all of it again */
        log->state = LOG_COLD;
        log_load(log);
        return;
    }
    record.stored = stored;
    log_note_durable(log, seq);
    log->users++;
    log->kind->on_foreign(log, &record);
    log->users--;
    log_work(log);
}

/* ---- doubts -----------------------------------------------------------------------------------
 */

static void look(struct log *log)
{
    log->is_doubted = false;
    log->engine->doubts_left--;
    log_hint(log, log->tail.seq + 1);
}

void log_doubt(struct log *log)
{
    struct log_engine *engine = log->engine;
    if (engine->doubts_left > 0) {
        look(log);
        return;
    }
    log->is_doubted = true;
    engine->has_doubts = true;
}

void log_engine_turn(struct log_engine *engine)
{
    engine->doubts_left = LOG_DOUBTS_A_TURN;
    if (!engine->has_doubts)
        return;
    engine->has_doubts = false;
    LIST_EACH (node, next, &engine->logs) {
        struct log *log = LIST_ITEM(node, struct log, link);
        if (log->is_doubted && engine->doubts_left == 0)
            engine->has_doubts = true;
        else if (log->is_doubted)
            look(log);
    }
}
