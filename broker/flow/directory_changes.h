/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the directory: one value at a time, as one entry of its log. */
#ifndef WEFT_FLOW_DIRECTORY_CHANGES_H
#define WEFT_FLOW_DIRECTORY_CHANGES_H

#include "flow/directory.h"
#include "flow/directory_codec.h"

/* value is the caller's until done. LOG_REFUSED: the tenant exists already, or does not. */
struct directory_change {
    struct log_change log;
    const struct directory_value *value;
    bool may_replace; /* a tenant that exists */
    /* Not NULL: fills in what rests on what the directory says now, at each try. */
    void (*complete)(struct directory_change *change);
    void (*done)(struct directory_change *change, enum log_outcome outcome);
};

void directory_submit(struct node *node, struct directory_change *change);

/* The key's record, with its hash in value->hash; NULL: none. */
const struct directory_value *directory_key(
        const struct node *node, struct slice tenant, struct slice id);

#endif
