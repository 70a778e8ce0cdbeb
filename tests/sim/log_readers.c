/* SPDX-License-Identifier: Apache-2.0 */
/* Readers by cursor, as docs/reference/protocol.md has them: one at each node.
 *
 * Invariant: what a reader holds is the log up to its cursor, as far as it can know: it takes an
 * entry only behind the one that the entry names, and begins anew when its own last entry is not in
 * the log any more. (Rule mark_check out of force: it goes by numbers.)
 */
#include "log_world.h"

#include "base/check.h"

static bool goes_by_marks(const struct reader *reader)
{
    return reader->node->world->off != RULE_MARK_CHECK;
}

static bool follows(const struct reader *reader, const struct record *record)
{
    return record->at.seq == reader->at.seq + 1 &&
           (!goes_by_marks(reader) || memcmp(record->prev, reader->at.mark, MARK_SIZE) == 0);
}

static void take(struct reader *reader, const struct record *record)
{
    check(reader->count < WORLD_LOG_MAX);
    reader->view[reader->count++] = record->at;
    reader->at = record->at;
    reader->seen++;
}

void reader_hears(struct reader *reader, const struct record *record)
{
    if (reader->is_reading)
        reader->is_behind = true;
    else if (follows(reader, record))
        take(reader, record);
    else if (goes_by_marks(reader) || record->at.seq > reader->at.seq)
        reader_looks(reader);
}

static void on_record(struct log_reader *log_reader, const struct record *record)
{
    struct reader *reader = LIST_ITEM(log_reader, struct reader, reader);
    if (record->at.seq == reader->at.seq)
        reader->is_checked = name_equal(&record->at, &reader->at) || !goes_by_marks(reader);
    else if (reader->is_checked && follows(reader, record))
        take(reader, record);
}

static void on_read(struct log_reader *log_reader, enum log_outcome outcome)
{
    struct reader *reader = LIST_ITEM(log_reader, struct reader, reader);
    reader->is_reading = false;
    if (outcome == LOG_QUARANTINED || outcome == LOG_MISSING)
        reader->node->world->violations |= BROKEN_LOG;
    if (outcome != LOG_APPENDED)
        return;
    bool is_lost = !reader->is_checked;
    if (is_lost && goes_by_marks(reader)) {
        reader->at = (struct name){0};
        reader->count = 0;
        reader->resets++;
    }
    if (reader->is_behind || reader->seen > 0 || (is_lost && goes_by_marks(reader)))
        reader_looks(reader);
}

void reader_looks(struct reader *reader)
{
    if (reader->is_reading) {
        reader->is_behind = true;
        return;
    }
    reader->is_reading = true;
    reader->is_behind = false;
    reader->is_checked = reader->at.seq == 0;
    reader->seen = 0;
    reader->reader = (struct log_reader){.from = reader->at.seq,
            .to = UINT64_MAX,
            .count = 32,
            .on_record = on_record,
            .done = on_read};
    log_read(&reader->node->log, &reader->reader);
}
