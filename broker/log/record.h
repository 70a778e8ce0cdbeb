/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of an entry: version, prev, time, and the sealed or plain bytes. */
#ifndef WEFT_LOG_RECORD_H
#define WEFT_LOG_RECORD_H

#include "base/name.h"

enum {
    RECORD_SEALED_MAPS = 1, /* as RECORD_SEALED; not written since entries are no maps any more */
    RECORD_PLAIN = 2,
    RECORD_SEALED = 3, /* so a node that reads maps alone takes the log for newer (rule 14) */
    RECORD_OVERHEAD_MAX = 1 + MARK_SIZE + 8 + 40,
    RECORD_PLAIN_MAX = 192 * 1024,
    RECORD_MAX = RECORD_PLAIN_MAX + RECORD_OVERHEAD_MAX,
};

struct record {
    struct name at;
    uint8_t prev[MARK_SIZE];
    uint64_t time_ms;
    bool is_sealed; /* plain ones can be written by whoever can write to the store */
    struct slice plain;
    struct slice stored; /* as it is in the store; empty unless somebody keeps it */
};

enum record_fault {
    RECORD_GOOD,
    RECORD_MALFORMED, /* too short, or the seal does not hold */
    RECORD_NEWER,     /* a version that this node does not know */
    RECORD_KEYLESS,   /* sealed, and there is no key any more */
};

/* Writes record->plain as entry record->at.seq of the log under this key, and sets the mark in
 * record->at, and is_sealed. log_key is bound into the seal.
 *
 * shape:   key NULL: plain. random is 24 bytes: the nonce, or (its first 8) the mark
 * owns:    out has room for plain.len + RECORD_OVERHEAD_MAX bytes
 * returns: the length written */
size_t record_write(struct record *record, struct slice log_key, const uint8_t *key,
        const uint8_t random[24], uint8_t *out);

/* Reads a stored record. out_plain has room for bytes.len or RECORD_MAX, whichever is less;
 * out_record->plain points into it. Its place is set also when it cannot be read. */
enum record_fault record_read(struct slice bytes, uint64_t seq, struct slice log_key,
        const uint8_t *key, uint8_t *out_plain, struct record *out_record);

#endif
