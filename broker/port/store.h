/* SPDX-License-Identifier: Apache-2.0 */
/* The log store: what flows ask of Redis, and of the fake that stands in for it.
 *
 * Every request completes exactly once, always later, never inside the call, and in the order of
 * the calls as far as one generation goes. A generation is one life of the link (rule 2 of
 * docs/explanation/log.md): whatever was read in one generation is worthless in the next. While
 * the link is down the generation is 0 and requests complete with STORE_UNKNOWN on the next turn
 * of the loop; so do requests beyond the number that an implementation holds at once.
 *
 * Slices in a request are borrowed until the call returns; slices in a reply until done returns.
 */
#ifndef WEFT_PORT_STORE_H
#define WEFT_PORT_STORE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum store_outcome {
    STORE_OK,
    STORE_REFUSED, /* append: something is at or above this place; claim: taken, value says by whom
                    */
    STORE_ABSENT,  /* definite: there is no such key */
    STORE_FULL,    /* definite: out of memory or disk, nothing was written */
    STORE_UNKNOWN, /* may have happened, may happen yet, may never happen */
};

enum { STORE_ITEMS_MAX = 256 };

struct store_item {
    uint64_t number;    /* read: seq · zset_range: score */
    struct slice value; /* read: the record · zset_range: the member */
};

struct store_reply {
    enum store_outcome outcome;
    uint64_t generation; /* in which the request was sent; 0 when it was not */
    struct slice value;  /* get, take, claim */
    const struct store_item *items;
    size_t item_count;
};

typedef void (*store_done)(void *user, const struct store_reply *reply);

/* Appends record as entry seq. XADD key NOMKSTREAM seq-0 e record; with is_birth (seq 1 only)
 * without NOMKSTREAM. */
struct store_append {
    struct slice key;
    uint64_t seq;
    bool is_birth;
    struct slice record;
};

/* Reads entries from..to inclusive (to UINT64_MAX: the end), 1 <= count <= STORE_ITEMS_MAX;
 * is_reverse: the newest first. STORE_OK without items when there are none of these. Of the whole
 * log (from <= 1, to the end) STORE_ABSENT says so: the key is missing or empty. */
struct store_read {
    struct slice key;
    uint64_t from, to;
    size_t count;
    bool is_reverse;
};

enum zset_rule { ZSET_SET, ZSET_RAISE /* never lowers a score */ };

struct store;

struct store_ops {
    uint64_t (*generation)(struct store *store);
    /* Names the one course of writes that this generation belongs to: two nodes whose generations
     * have the same name read and write the same past, for as long as both last. Empty while the
     * generation is 0. Borrowed until the generation changes. */
    struct slice (*history)(struct store *store);
    /* Estimate of Redis TIME, milliseconds since 1970; 0 before the first connection. */
    uint64_t (*now_ms)(struct store *store);
    void (*append)(struct store *, const struct store_append *, store_done, void *user);
    void (*read)(struct store *, const struct store_read *, store_done, void *user);
    /* Completes OK once everything answered OK on this generation so far is as durable as the
     * configured durability says; UNKNOWN when the generation ended before, or when the replicas
     * that count did not hold it in time: it may be so soon, and asking again is right. Says
     * nothing about requests that are still outstanding, and may complete before them. */
    void (*barrier)(struct store *, uint64_t generation, store_done, void *user);
    /* Drops the entries below; OK also when there are none, or no such key. The same holds for
     * zset_remove and remove. */
    void (*trim)(struct store *, struct slice key, uint64_t below, store_done, void *user);
    void (*zset_add)(struct store *, struct slice key, struct slice member, uint64_t score,
            enum zset_rule, store_done, void *user);
    void (*zset_remove)(
            struct store *, struct slice key, struct slice member, store_done, void *user);
    /* Members with from <= score <= to, lowest first. OK with no items when there are none. */
    void (*zset_range)(struct store *, struct slice key, uint64_t from, uint64_t to, size_t count,
            store_done, void *user);
    /* Sets key to value unless it has one: OK, or REFUSED with the value it has. */
    void (*claim)(struct store *, struct slice key, struct slice value, store_done, void *user);
    void (*put)(struct store *, struct slice key, struct slice value,
            uint64_t ttl_ms /* 0: for ever */, store_done, void *user);
    void (*get)(struct store *, struct slice key, store_done, void *user);
    /* Gets and removes in one step: of two takers one gets it, the other ABSENT. */
    void (*take)(struct store *, struct slice key, store_done, void *user);
    void (*remove)(struct store *, struct slice key, store_done, void *user);
};

/* done may be NULL where the caller does not care. */
struct store {
    const struct store_ops *ops;
    /* What is answered OK is then as durable as a barrier could make it: whoever holds the answer
     * of an append, and its generation still lives, need not ask for one. Never changes. */
    bool answers_are_durable;
    /* Called later, never inside a call, whenever the generation changes. When one ends,
     * generation() is 0 first, then what is outstanding completes, then this is called with 0. */
    void (*on_generation)(void *user, uint64_t generation);
    void *on_generation_user;
};

#endif
