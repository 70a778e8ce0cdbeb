/* SPDX-License-Identifier: Apache-2.0 */
/* The world of sim_log: three nodes with one conversation's log, its senders, a bot and readers.
 *
 * A rule of docs/explanation/log.md is put out of force from outside: by a store that lies to the
 * engine (log_bend.c), or by senders and readers that do not keep to it. The code under test stays
 * as it is.
 */
#ifndef WEFT_TESTS_SIM_LOG_WORLD_H
#define WEFT_TESTS_SIM_LOG_WORLD_H

#include "base/arena.h"
#include "core/conversation/conversation.h"
#include "lib/fake_clock.h"
#include "lib/fake_store.h"
#include "log/log.h"
#include "port/crypto.h"

enum {
    WORLD_NODES = 3,
    SENDERS = 3,
    SENDS = 7,
    UNACKED_MAX = 3,
    TURNS_MAX = 8,
    WORLD_LOG_MAX = 512,
    WORLD_SCRATCH = 256 * 1024,
};

enum rule {
    RULE_ALL_KEPT,
    RULE_ONE_IN_FLIGHT,
    RULE_LINK_GENERATION,
    RULE_MARK_CHECK,
    RULE_TOKEN_MARKS,
    RULE_UNKNOWN_IS_RETRY,
    RULE_NO_FROM_FRESH,
    RULE_BARRIER,
    RULE_BARRIER_DUPLICATE,
    RULE_DENSE_COUNTER,
    RULE_HEAL,
};

enum violation {
    NOT_DENSE = 1 << 0,    /* a hole, or an entry that does not link */
    DUPLICATE = 1 << 1,    /* one number of a sender, twice */
    ACKED_ABSENT = 1 << 2, /* acked, and not there */
    OTHER_PLACE = 1 << 3,  /* acked at one place, and there or acked again at another */
    PHANTOM = 1 << 4,      /* said to be not written, and there */
    STUCK = 1 << 5,        /* a sender that never got its answer */
    ORDER = 1 << 6,        /* a sender's words out of order */
    DIVERGED = 1 << 7,     /* a reader who holds another past than the log */
    BROKEN_LOG = 1 << 8,   /* quarantined, missing, read-only */
    FALSE_NO = 1 << 9,     /* told to send again what was acked before */
    LOST_TURN = 1 << 10,   /* an answer to words of a lost branch */
    TWO_COMMITS = 1 << 11, /* a turn with two commits */
    OTHER_BODY = 1 << 12,  /* told that other words have this number */
};

struct world;
struct log_node;

/* A store that passes everything on, but for the rule that is out of force. */
struct bend {
    struct store base;
    struct store *link;
    struct log_node *node;
    bool is_after_append; /* the barrier asked for now is that of an append */
    uint64_t failed_generation;
};

struct reader {
    struct log_reader reader;
    struct log_node *node;
    struct name view[WORLD_LOG_MAX];
    size_t count;
    struct name at;
    bool is_reading, is_behind, is_checked;
    size_t seen, resets;
};

struct log_node {
    struct world *world;
    struct bend bend;
    struct fake_random random;
    struct log_engine engine;
    struct log log;
    struct conversation fold;
    struct arena scratch;
    uint8_t scratch_bytes[WORLD_SCRATCH];
    struct reader reader;
    uint64_t life; /* of the server, that its link stands on */
    bool is_saving;
    size_t index;
};

struct sending {
    struct name at;
    bool is_open, is_acked, was_unknown;
    size_t underway;  /* attempts without an answer; those of a node that crashed stay for ever */
    unsigned version; /* of the words: other ones, once it was said that they were not written */
};

struct sender {
    char lineage[LINEAGE_LEN];
    struct sending sends[SENDS + 1]; /* by number */
    uint64_t next, acked_most;
};

struct world {
    uint64_t seed;
    enum rule off;
    bool is_durable; /* barriers hold; else a failover may lose what was acked (everysec) */
    struct fake_clock clock;
    struct fake_random random;
    struct fake_server *server;
    uint64_t lives;
    struct log_node nodes[WORLD_NODES];
    struct sender senders[SENDERS];
    struct name turns[TURNS_MAX]; /* that the bot has heard of and not answered */
    size_t turn_count;
    uint64_t hint;
    unsigned violations;
    uint8_t key[KEY_SIZE];
    size_t crashes, failovers, lost, refused;
};

/* log_world.c */
void world_begin(struct world *world, uint64_t seed, bool is_durable, enum rule off);
void world_run(struct world *world); /* the faults, then rest; sets violations */
void world_end(struct world *world);
enum log_decision log_node_draft(
        struct log_node *node, const struct decision *decision, struct log_draft *draft);
bool log_node_read(struct log_node *node, const struct record *record, struct entry *out);

/* log_bend.c */
void bend_begin(struct bend *bend, struct log_node *node, struct store *link);

/* log_senders.c */
void senders_begin(struct world *world);
void sender_acts(struct world *world);
void bot_acts(struct world *world);
void bot_hears(struct world *world, const struct name *turn);
bool senders_are_done(const struct world *world);
uint64_t sent_digest(size_t sender, uint64_t n, unsigned version);

/* log_readers.c */
void reader_hears(struct reader *reader, const struct record *record);
void reader_looks(struct reader *reader);

/* log_judge.c */
unsigned world_judge(struct world *world);
const char *violation_name(unsigned violation);

#endif
