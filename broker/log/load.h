/* SPDX-License-Identifier: Apache-2.0 */
/* How a tail is read, checked and thrown away. Private to broker/log. */
#ifndef WEFT_LOG_LOAD_H
#define WEFT_LOG_LOAD_H

#include "log/log.h"

/* Does what the first waiting change needs next. (log.c) */
void log_work(struct log *log);
/* Ends all waiting changes; call it from a completion only. (log.c) */
void log_fail_waiting(struct log *log, enum log_outcome outcome);

/* Reads the log anew, from its newest snapshot on. (seek.c) */
void log_load(struct log *log);
/* Reads what came after the tail, and proves that the tail is still there. */
void log_refresh(struct log *log);
/* No appends in this generation, for this reason. */
void log_break(struct log *log, enum log_outcome why);
/* The same, and tells operators: what was read there cannot be folded. */
void log_break_at(struct log *log, enum log_fold fold);
/* A barrier has held for all up to this entry. */
void log_note_durable(struct log *log, uint64_t seq);
/* Waits for a barrier, then tells that the tail has moved. */
void log_tell(struct log *log);
/* Ends the waiting changes of a broken log, later. */
void log_refuse_broken(struct log *log);
/* Checks the chain and folds. The tail moves only on LOG_FOLDED. */
enum log_fold log_fold_record(struct log *log, const struct record *record);
/* The same of a record that was opened thus; breaks the log when that cannot be. */
bool log_fold_opened(struct log *log, enum log_fold fold, const struct record *record);
/* The same of a record as it is stored. */
bool log_fold_item(struct log *log, const struct store_item *item);
/* room: as many bytes as the item has, at most RECORD_MAX; out_record borrows from it */
enum log_fold log_open_record(
        struct log *log, const struct store_item *item, uint8_t *room, struct record *out_record);

/* The newest page of a log, opened: what is longer together than LOG_PAGE_BYTES is opened again. */
enum { LOG_PAGE_BYTES = 128 * 1024 };
struct log_page {
    struct record records[LOG_LOAD_COUNT];
    bool is_open[LOG_LOAD_COUNT];
    size_t used;
    uint8_t bytes[LOG_PAGE_BYTES];
};

/* Asks the store, or waits for its turn. All but the stamp is filled in, and the fetch stays until
 * done, which is called once, later. (fetch.c) */
void log_fetch(struct log_fetch *fetch);
/* Somebody waits for it now: if it still waits for its turn, it goes. */
void log_fetch_hurry(struct log_fetch *fetch);

/* A load or a refresh under way: some reads, one after the other. */
struct load {
    struct log *log;
    struct log_fetch fetch; /* the newest of them */
    size_t count;           /* records that a read asks for */
    /* Of a load. */
    bool is_older;         /* the newest page was read */
    uint64_t restored_seq; /* the record to restore when it comes; 0: none */
    struct log_part part;  /* the last one of the snapshot that is being read */
    uint64_t part_seq;     /* and where it lies; 0: none is */
    bool has_base;
    uint64_t base_ms, parts_read;
};

struct load *load_create(struct log *log);
void load_free(struct load *load);
void load_read(struct load *load, uint64_t from, uint64_t to, bool is_reverse, store_done done);
/* Ends the read. Returns false, with the waiting changes answered, when there is nothing to fold.
 */
bool load_is_usable(struct load *load, const struct store_reply *reply);
/* The fold and the tail are as if nothing had been read. */
void load_clear(struct log *log);
/* The log is not there and may be begun. */
bool load_is_to_begin(const struct log *log, const struct store_reply *reply);
/* Begins it: everything is cleared, and it is ready. Frees the load. */
void load_begin(struct load *load, uint64_t generation);
void load_become_ready(struct load *load, uint64_t generation);

#endif
