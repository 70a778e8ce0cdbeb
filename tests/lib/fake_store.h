/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up Redis with made-up links: the store port for tests, with every fault that the rules of
 * the log (docs/explanation/log.md) must survive.
 *
 *   struct fake_server *server = fake_server_create(&clock, seed);
 *   struct store *a = fake_server_join(server), *b = fake_server_join(server);
 *   fake_server_faults(server)->cut_per_mille = 5;
 *   while (fake_clock_step(&clock)) ...
 *
 * Everything happens in virtual time: a command travels to the server, runs there, and its answer
 * travels back, each after a delay drawn from the seed, both ways first in first out on one link.
 *
 * A link dies as links do: some first commands still run, and their answers are lost; of the rest
 * some later run as orphans, in order, at any time, perhaps after commands of the next link. All
 * that was outstanding completes with STORE_UNKNOWN, in order; then on_generation(0); after a while
 * the link is up again with the next generation. Until its death is noticed the generation stays,
 * and what is sent meanwhile is lost as well.
 *
 * A failover makes a new life of the server that lacks the last writes: any that no barrier has
 * covered. Links stay with the old life until they are cut; what is written there is lost, and no
 * barrier succeeds there.
 */
#ifndef WEFT_TESTS_FAKE_STORE_H
#define WEFT_TESTS_FAKE_STORE_H

#include "lib/fake_clock.h"
#include "port/store.h"

#include <stdio.h>

/* May be changed at any time. Chances are in a thousand. All zero at first, but the delays 0..3. */
struct fake_faults {
    uint64_t delay_ms_min, delay_ms_max; /* one way */
    uint64_t detect_ms_max;              /* until the death of a link is noticed */
    uint64_t reconnect_ms_max;           /* from there until it is up again */
    unsigned cut_per_mille;              /* a command: its link dies around it */
    unsigned unknown_per_mille;          /* a command: STORE_UNKNOWN though the link lives; it
                                            ran, or did not */
    unsigned full_per_mille;             /* a write: STORE_FULL, nothing written */
    unsigned barrier_fails_per_mille;    /* a barrier: STORE_UNKNOWN */
    unsigned orphans_per_mille;          /* the death of a link: what had not run runs later */
    uint64_t orphan_ms_max;              /* delay of each orphan */
    uint64_t clock_error_ms_max;         /* of a link's estimate of the server's time */
    bool barriers_are_hollow;            /* they hold, and cover nothing: fsync everysec */
};

/* What befalls one command, the next that a test sends. */
enum fake_fate {
    FAKE_FATE_NONE,
    FAKE_FATE_UNKNOWN_RAN,   /* ran; the answer is STORE_UNKNOWN; the link lives */
    FAKE_FATE_UNKNOWN_NEVER, /* never runs; STORE_UNKNOWN; the link lives */
    FAKE_FATE_FULL,
    FAKE_FATE_CUT_RAN,   /* ran; the link dies before the answer */
    FAKE_FATE_CUT_NEVER, /* the link dies before it runs */
};

struct fake_server;

/* The clock is borrowed, and seeds nothing here. */
struct fake_server *fake_server_create(struct fake_clock *clock, uint64_t seed);
/* Nothing outstanding completes any more. */
void fake_server_destroy(struct fake_server *server);
struct fake_faults *fake_server_faults(struct fake_server *server);

/* A link of one more node. Its first generation, 1, comes later, by on_generation. Owned by the
 * server. */
struct store *fake_server_join(struct fake_server *server);
/* The link dies now; noticed later. */
void fake_store_cut(struct store *store);
/* The same, and for so long no other one comes up. */
void fake_store_cut_for(struct store *store, uint64_t ms);
/* The process at this end died: nothing outstanding completes, commands underway fare as at the
 * death of a link, on_generation is forgotten. The same store then serves the process's next
 * life, with higher generations. */
void fake_store_crash(struct store *store);
/* Decides the fate of the next command sent on this link. */
void fake_store_doom(struct store *store, enum fake_fate fate);
/* Commands that were sent and have not completed. */
size_t fake_store_outstanding(const struct store *store);

/* Kills the server: links die, new ones are refused until it is started. It keeps what it has run:
 * it syncs before it answers. */
void fake_server_kill(struct fake_server *server);
void fake_server_start(struct fake_server *server);
/* Loses the last lost_max writes at most (drawn), but none that a barrier has covered. Returns how
 * many were lost. */
size_t fake_server_fail_over(struct fake_server *server, size_t lost_max);
/* Cuts the links that still stand on an old life. */
void fake_server_demote(struct fake_server *server);

/* Behind everybody's back, at once: another writer, a lost key, a look at the final state. */
enum store_outcome fake_server_append(
        struct fake_server *server, struct slice key, uint64_t seq, struct slice record);
void fake_server_drop(struct fake_server *server, struct slice key);
/* Fills out_items, which has room for count; the slices live as long as the server. Returns how
 * many. */
size_t fake_server_read(struct fake_server *server, struct slice key, uint64_t from, size_t count,
        struct store_item *out_items);
/* Whether nothing is in this sorted set. */
bool fake_server_zset_is_empty(struct fake_server *server, struct slice key);
/* Whether a value is kept there. */
bool fake_server_holds(struct fake_server *server, struct slice key);
uint64_t fake_server_now_ms(const struct fake_server *server);
/* Somebody sets the server's clock. */
void fake_server_shift_clock(struct fake_server *server, int64_t ms);
/* The process at this end of the link stands still. */
void fake_store_stall(struct store *store, uint64_t until_ms);
/* How many commands of a kind ended so, over all links: [verb][outcome]; names beside. */
enum { FAKE_VERBS = 12, FAKE_OUTCOMES = 5 };
struct fake_tally {
    uint64_t times[FAKE_VERBS][FAKE_OUTCOMES];
};
const struct fake_tally *fake_server_tally(const struct fake_server *server);
const char *fake_verb_name(unsigned verb);
const char *fake_outcome_name(unsigned outcome);

void fake_server_trace(const struct fake_server *server, FILE *out);
void fake_server_trace_to(struct fake_server *server, FILE *out); /* each line, as it comes */
/* Writes no trace from now on: a run is then several times as fast. */
void fake_server_keep_no_trace(struct fake_server *server);
/* Adds a line of the test's own. */
void fake_server_note(struct fake_server *server, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
