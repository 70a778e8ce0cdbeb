/* SPDX-License-Identifier: Apache-2.0 */
/* Words: skills, languages, agents' ids and terms' names as small numbers, so that deciding never
 * compares text. A word lives as long as something in the fold takes it. */
#ifndef WEFT_CORE_ROUTE_WORDS_H
#define WEFT_CORE_ROUTE_WORDS_H

#include "core/route/table.h"

enum { WORD_NONE = 0, WORD_BYTES_MAX = 64 };

/* A waiting request, or the first of a line of alike ones, and what is known without looking at it.
 */
struct seek_card {
    uint64_t first_queued_ms;
    uint32_t request;
    uint32_t alike; /* how many are in its line, itself among them */
    uint32_t terms; /* of the request and of a pair: those that may apply, a bit a term */
    uint32_t most;  /* scratch of deciding */
};

/* In no order. */
struct seek_list {
    struct seek_card *cards;
    uint32_t count, capacity;
};

struct word {
    char text[WORD_BYTES_MAX];
    uint8_t len;
    uint32_t takers; /* 0: free */
    uint32_t next_free;
    uint32_t agent;     /* the slot of the agent with this id, or SLOT_NONE */
    uint32_t row;       /* the grid's row of agents who have this skill, or SLOT_NONE */
    uint32_t queue_row; /* and of those who name this queue as theirs */
    uint64_t stamp;     /* scratch of seek.c, and its list of those who wait for this skill; the
                           storage stays when the number is given anew */
    struct seek_list list;
};

struct words {
    struct word *items; /* items[0] is never used */
    uint32_t count, capacity, first_free;
    uint64_t seed;
    struct table index;
};

/* Takes the word, new or known. An empty text is WORD_NONE and takes nothing. false: no memory,
 * nothing changed. */
bool words_take(struct words *words, const struct pool_memory *memory, struct slice text,
        uint32_t *out_word);
/* A BCP 47 tag in lower case, and its primary language: "de-at" and "de". false: no memory, nothing
 * changed. */
bool words_take_language(struct words *words, const struct pool_memory *memory, struct slice tag,
        uint32_t *out_tag, uint32_t *out_primary);
/* Once more for another taker. */
void words_take_again(struct words *words, uint32_t word);
void words_give_back(struct words *words, uint32_t word);
/* WORD_NONE when nobody took it. */
uint32_t words_find(const struct words *words, struct slice text);
/* Borrowed until the next take. */
struct slice words_text(const struct words *words, uint32_t word);
void words_clear(struct words *words);
void words_finish(struct words *words, const struct pool_memory *memory);

#endif
