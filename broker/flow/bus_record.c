/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as hints.
 *
 *   BUS_RECORD   seq 8 · history text · the record's bytes, as they are stored
 *   BUS_LOOK     seq 8
 *
 * Invariant: told only after the appender's barrier, on the generation in which it appended, and
 * with that generation's history. What the other side may make of it is log_take's to decide.
 */
#include "flow/bus_record.h"

#include "flow/bus_body.h"

static void tell_seq(struct node *node, struct slice topic, uint64_t seq)
{
    char bytes[8];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    bus_put_u64(&body, seq);
    bus_tell(node, topic, BUS_LOOK, buffer_slice(&body));
}

void bus_tell_record(
        struct node *node, struct slice topic, struct log *log, const struct record *record)
{
    char bytes[BUS_BODY_MAX];
    struct buffer body = buffer_make(bytes, sizeof bytes);
    if (!bus_is_heard(node))
        return;
    bus_put_u64(&body, record->at.seq);
    bus_put_text(&body, log->engine->store->ops->history(log->engine->store));
    buffer_put_slice(&body, record->stored);
    if (record->stored.len == 0 || body.overflowed)
        tell_seq(node, topic, record->at.seq);
    else
        bus_tell(node, topic, BUS_RECORD, buffer_slice(&body));
}

bool bus_take_record(struct log *log, const struct bus_hint *hint)
{
    struct bus_reader reader = {.left = hint->body};
    uint64_t seq = bus_read_u64(&reader);
    if (hint->kind == BUS_LOOK && bus_read_all(&reader)) {
        log_hint(log, seq);
        return true;
    }
    struct slice history = bus_read_text(&reader);
    struct slice stored = bus_read_rest(&reader);
    if (hint->kind != BUS_RECORD || !bus_read_all(&reader))
        return false;
    log_take(log, seq, history, stored);
    return true;
}
