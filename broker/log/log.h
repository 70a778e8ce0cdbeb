/* SPDX-License-Identifier: Apache-2.0 */
/* One append-only log: its tail on this node, and the one way to append (docs/explanation/log.md).
 *
 * A log is somebody's member: the owner embeds it beside its fold and gives a log_kind that folds
 * records and hears of new ones. A change is a request to append: its decide runs, perhaps several
 * times, on the tail, and its done exactly once, later.
 */
#ifndef WEFT_LOG_LOG_H
#define WEFT_LOG_LOG_H

#include "base/buffer.h"
#include "base/list.h"
#include "base/spares.h"
#include "log/record.h"
#include "port/random.h"
#include "port/store.h"

/* LOG_LOAD_COUNT: so many records a load reads at a time, at most. */
enum { LOG_KEY_MAX = 96, LOG_ATTEMPTS_MAX = 16, LOG_LOAD_COUNT = 128 };

struct log;
struct log_change;

enum log_decision {
    LOG_APPEND,  /* the draft's plain bytes were written */
    LOG_ALREADY, /* change->result.at names the entry that did it */
    LOG_NO,      /* a no of the domain; the change knows which */
};

enum log_outcome {
    LOG_APPENDED,    /* durable, at result.at */
    LOG_WAS_ALREADY, /* durable, at result.at */
    LOG_REFUSED,     /* decide said no on a tail newer than the request */
    LOG_RETRY,       /* unknown, or no store: try the same again later */
    LOG_FULL,        /* the store has no room: nothing was written */
    LOG_MISSING,     /* the log is absent: lost, or never was */
    LOG_QUARANTINED, /* it does not link */
    LOG_READ_ONLY,   /* written by a newer version */
};

struct log_draft {
    struct buffer plain; /* decide writes here */
    uint64_t time_ms;    /* decide sets it */
    bool is_due; /* the entry opens an obligation: due_at_ms goes into the due index first */
    uint64_t due_at_ms;
};

struct log_result {
    enum log_outcome outcome;
    struct name at;
    uint64_t time_ms;
};

/* A read on its way: fetch.c. Most of the patient ones wait for their turn. */
struct log_fetch {
    struct list at; /* while it waits; unlinked: the store was asked */
    struct log *log;
    struct store_read request;
    store_done done;
    void *user;
    uint64_t stamp;  /* of the moment at which the store was asked */
    bool is_patient; /* behind what somebody waits for now */
};

struct log_change {
    enum log_decision (*decide)(
            struct log_change *change, struct log *log, struct log_draft *draft);
    void (*done)(struct log_change *change, struct log *log);
    bool is_patient; /* the asker catches up: where the kind's loads wait, so may what this needs */
    struct log_result result;
    /* The engine's own. */
    struct list link;
    struct log *log;
    uint64_t asked_at; /* engine's stamp: a no needs a read that is newer */
    uint64_t generation;
    unsigned attempts;
};

enum log_fold {
    LOG_FOLDED,
    LOG_FOLD_UNKNOWN, /* of a newer version */
    LOG_FOLD_DAMAGED,
    LOG_FOLD_KEYLESS, /* sealed, and the key went away: it is being erased */
};

/* A record that holds a part of a snapshot. All parts that one writer wrote, in their order, make
 * the fold as it was after the entry base. */
struct log_part {
    struct name base;
    uint64_t writer; /* random: each attempt has its own */
    uint64_t index;  /* 0, 1, 2, ... */
    bool is_last;
};

struct log_kind {
    void (*clear)(struct log *log);
    enum log_fold (*apply)(struct log *log, const struct record *record);
    /* NULL: no record of this kind of log ever does. */
    bool (*holds_snapshot)(struct log *log, const struct record *record);
    /* The first record to fold after clear, which holds a snapshot. */
    enum log_fold (*restore)(struct log *log, const struct record *record);
    /* A record that this node appended, durable, in order. May be NULL. */
    void (*on_record)(struct log *log, const struct record *record);
    /* The tail was learnt from the store, is durable by now, and may be ahead of, or beside, what
     * followers hold: each must compare and read. May be NULL. */
    void (*on_moved)(struct log *log);
    /* A record that another node appended and told of: durable, folded, in order. NULL: such
     * records are read. */
    void (*on_foreign)(struct log *log, const struct record *record);
    /* The store has no such log, and somebody counted on it. May be NULL. */
    void (*on_lost)(struct log *log);
    /* Snapshots that take several entries; both NULL: there are none. false: it holds no part. */
    bool (*part_of)(struct log *log, const struct record *record, struct log_part *out_part);
    /* The next part, the first one after clear; base was written at base_ms. apply folds the same
     * records as entries that change nothing. */
    enum log_fold (*restore_part)(struct log *log, const struct record *record, uint64_t base_ms);
    /* The newest snapshot lies at most so many records back, mostly: a load reads as many. 0:
     * nobody can say, so LOG_LOAD_COUNT, which is the most. */
    size_t load_count;
    bool loads_wait; /* those that only patient changes, or nobody, asked for */
};

/* What all logs of a node share. */
struct log_engine {
    struct store *store;
    struct random *random;
    uint64_t stamp;
    struct list logs; /* all that are open */
    uint8_t *plain;   /* a draft while it is decided */
    uint8_t *record;
    uint8_t *opened;       /* a record while it is read */
    struct log_page *page; /* and the newest page of a log, while that is: load.h */
    struct spares flights; /* appends under way take their memory here */
    struct spares loads;   /* and loads */
    bool keeps_stored;     /* on_record brings the stored bytes: somebody else wants to have them */
    unsigned doubts_left;  /* so many more reads before the next turn */
    bool has_doubts;       /* a log may be is_doubted */
    unsigned reads, reads_max; /* patient fetches with the store */
    struct list reads_waiting; /* the others, first come first served */
};

/* Patient reads with the store at a time, of all logs of an engine. */
enum { LOG_READS_MAX = 16 };

enum log_state { LOG_COLD, LOG_LOADING, LOG_READY, LOG_BROKEN };

struct log {
    struct log_engine *engine;
    const struct log_kind *kind;
    struct slice key;        /* borrowed, as the two others are, for the log's life */
    struct slice due_key;    /* empty: this log has no due index */
    struct slice due_id;     /* members are due_id:seq */
    const uint8_t *seal_key; /* NULL: plain; borrowed from the owner */

    enum log_state state;
    enum log_outcome broken; /* LOG_BROKEN: why */
    struct log_fetch *fetch; /* of the load or refresh under way; NULL: none is */
    unsigned users;          /* completions under way: the owner may not free it before 0 */
    bool is_newborn;         /* this node made the id up and may append entry 1 */
    bool is_followed;        /* read it again, unasked, in each new generation */
    bool may_begin;          /* derived: one that is absent may be begun by anybody */
    bool is_busy;            /* a load, a refresh or an append is under way */
    bool is_doubted;         /* its end is to be looked for, when there is room */
    bool is_untold;          /* there are records that nobody was told of: no barrier held yet */
    struct name tail;
    uint64_t time_ms;
    uint64_t durable_seq; /* a barrier has held for all up to here; the tail may be ahead of it */
    uint64_t generation;  /* in which the tail was read */
    uint64_t fresh_at;    /* stamp of the newest proof that the tail is the log's end */

    struct list changes;
    uint64_t hinted_seq; /* somebody said that this entry exists */
    uint64_t hinted_at;  /* stamp: only a newer read can prove them wrong */
    struct list link;
};

/* errors: false when out of memory */
bool log_engine_init(struct log_engine *engine, struct store *store, struct random *random);
void log_engine_finish(struct log_engine *engine);
/* The store's generation changed: every tail is thrown away. */
void log_engine_on_generation(struct log_engine *engine, uint64_t generation);

/* Now and then (each second): followed logs whose reading failed are read again, and what no
 * barrier has held for yet is tried to be told again. */
void log_engine_look(struct log_engine *engine);

/* key: the log's key; due_key, due_id: the due index and this log's member prefix in it, or empty.
 * owns: borrows all three for the log's life */
void log_init(struct log *log, struct log_engine *engine, const struct log_kind *kind,
        struct slice key, struct slice due_key, struct slice due_id);
/* The log must be idle. */
void log_finish(struct log *log);
bool log_is_idle(const struct log *log);

/* Asks for an append. done runs once, later. The change is the caller's until then. Also from
 * within a decide of the same log: then it is decided after that one. */
void log_submit(struct log *log, struct log_change *change);
/* The change, submitted and not decided yet, stands for one more request, made now. */
void log_ask_again(struct log_change *change);

/* The tail was proven to be the log's end after that stamp (a change's asked_at): what is decided
 * on it without an append holds (rule 6). */
bool log_is_fresh(const struct log *log, uint64_t asked_at);

/* Begins to follow: reads the log now, unasked. Set is_followed as well. */
void log_follow(struct log *log);

/* Somebody says that there is an entry seq: reads it unless the tail has it. */
void log_hint(struct log *log, uint64_t seq);

/* Another node says that it appended this record as entry seq, that a barrier held, and on which
 * history. Folds it without a read (on_foreign) when it links to the tail, the history is that of
 * the tail's generation, that generation lives, and nothing of the log is under way. Redis's
 * compare is one-sided: a tail that is ahead of the store, or beside it, would punch a hole. So in
 * every other case this is no more than log_hint. From the loop only. */
void log_take(struct log *log, uint64_t seq, struct slice history, struct slice stored);

/* The log may have grown without anybody saying so: looks for its end, soon. At most DOUBTS_A_TURN
 * logs an engine begin to look between two turns. */
enum { LOG_DOUBTS_A_TURN = 512 };
void log_doubt(struct log *log);
/* Some ten times a second: those go on that waited for room. */
void log_engine_turn(struct log_engine *engine);

/* Reads records without folding them: for resuming sessions, history, packets.
 *
 * shape:   from..to inclusive, at most count (<= STORE_ITEMS_MAX), newest first when is_reverse
 * order:   a patient one goes after what somebody waits for now, and behind other patient ones
 * owns:    the reader is the caller's until done; records are borrowed during on_record
 * errors:  done says LOG_APPENDED for a good read (possibly of nothing), else why not */
struct log_reader {
    uint64_t from, to;
    size_t count;
    bool is_reverse, is_patient;
    void (*on_record)(struct log_reader *reader, const struct record *record);
    void (*done)(struct log_reader *reader, enum log_outcome outcome);
    struct log *log;
    struct log_fetch fetch; /* its own */
};
void log_read(struct log *log, struct log_reader *reader);

#endif
