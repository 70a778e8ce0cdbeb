/* SPDX-License-Identifier: Apache-2.0 */
/* A log kind as small as can be, on three nodes with one made-up Redis.
 *
 * An entry says a word; the fold is the list of words. "=<n>" is a snapshot: n words were said
 * before. "new" is of a kind that this version does not know. What stage_part writes is a part of a
 * snapshot: n more words were said up to its base; n above 1000: it is damaged.
 */
#ifndef WEFT_TESTS_TALLY_H
#define WEFT_TESTS_TALLY_H

#include "lib/fake_clock.h"
#include "lib/fake_store.h"
#include "log/log.h"
#include "port/crypto.h"

enum { TALLY_NODES = 3, TALLY_WORDS_MAX = 512, TALLY_WORD_MAX = 64 };

struct tally_word {
    char text[TALLY_WORD_MAX];
    struct name at;
};

struct tally {
    struct log log;
    struct tally_word words[TALLY_WORDS_MAX];
    size_t count;
    size_t before; /* said before the snapshot that was restored */
    size_t restored, applied, told, moved, parts;
    bool has_record; /* on_record was called for this one last */
    struct name last_told;
    size_t foreign;
    uint8_t stored[256]; /* of the record told last, where the engine keeps it */
    size_t stored_len;
};

struct tally_node {
    struct store *store;
    struct fake_random random;
    struct log_engine engine;
    struct tally tally;
};

struct stage {
    struct fake_clock clock;
    struct fake_server *server;
    struct tally_node nodes[TALLY_NODES];
    uint8_t key[KEY_SIZE];
};

extern const struct log_kind tally_kind;

/* Three nodes, links up; the log is not born. */
void stage_begin(struct stage *stage, uint64_t seed);
/* The log is born by the first node, with the word "born". */
void stage_begin_born(struct stage *stage, uint64_t seed);
void stage_end(struct stage *stage);
/* Until nothing is due any more. */
void stage_run(struct stage *stage);

struct tally *tally_of(struct stage *stage, size_t node);

/* A request to append a word. */
struct ask {
    struct log_change change;
    const char *word;
    bool is_once;       /* said before: already, with that place */
    uint64_t only_when; /* a no unless the fold has so many words; 0: whenever */
    size_t decided, done_count;
    uint64_t done_ms;
    struct fake_clock *clock;
};

void ask(struct stage *stage, size_t node, struct ask *ask, const char *word);
void ask_once(struct stage *stage, size_t node, struct ask *ask, const char *word);
/* Submits as filled in. */
void ask_as_is(struct stage *stage, size_t node, struct ask *ask);
/* Asks and runs until it is done. */
enum log_outcome say(struct stage *stage, size_t node, const char *word);

/* Appends behind everybody's back, as a writer with this tail would. Returns the new name. */
struct name stranger_says(struct stage *stage, struct name tail, const char *word);
/* The same with a part, of what was said up to base. */
struct tally_part {
    struct name base;
    unsigned writer, index, words;
    bool is_last;
};
struct name stranger_saves(struct stage *stage, struct name tail, const struct tally_part *part);
void stranger_writes(struct stage *stage, uint64_t seq, struct slice record);
/* How many entries the store holds; all of them must link. */
size_t stored_count(struct stage *stage);
size_t stored_count_unlinked(struct stage *stage);
bool holds_word(const struct tally *tally, const char *word);

#endif
