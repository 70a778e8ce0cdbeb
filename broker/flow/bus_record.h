/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as hints: told by the node that appended them, taken by those that hold the log. */
#ifndef WEFT_FLOW_BUS_RECORD_H
#define WEFT_FLOW_BUS_RECORD_H

#include "flow/bus.h"
#include "log/log.h"

/* From log_kind.on_record: the record is durable. With its bytes where they fit a hint, else its
 * seq alone. Does nothing while this node is alone. */
void bus_tell_record(
        struct node *node, struct slice topic, struct log *log, const struct record *record);
/* Takes a BUS_RECORD or BUS_LOOK to the log. false: it is neither, or cannot be read. */
bool bus_take_record(struct log *log, const struct bus_hint *hint);

#endif
