/* SPDX-License-Identifier: Apache-2.0 */
/* What is said in a conversation, as its log says it, and whether those who look see just that. */
#ifndef WEFT_TESTS_SIM_JUDGE_WORDS_H
#define WEFT_TESTS_SIM_JUDGE_WORDS_H

#include "core/conversation/entry.h"
#include "world.h"

/* An entry that customers see. */
struct row {
    struct name at;
    enum part_kind kind; /* of the part that counts; 0: it has neither words nor a target */
    enum author_kind author;
    size_t target;   /* EDITED, DELETED, REACTED: the row that is meant */
    size_t gone_by;  /* words: the row that deleted them, or has newer ones; 0: none */
    bool is_deleted; /* words */
    bool has_file;   /* words */
    unsigned device; /* who did it, and under which number; number 0: none of the devices */
    uint64_t n;
    char text[48];
};

struct words {
    struct row rows[LOG_MAX]; /* from 1 on */
    size_t count;
};

/* The next entry of the log that customers see, as it is stored. NULL: it may stand there. */
const char *words_read(
        struct words *words, struct world *world, const struct entry *entry, struct arena *scratch);
/* Do the device's view and what it leafed through show them as they hold in the end? */
const char *words_judge_views(const struct words *words, const struct device *device);
/* Was somebody shown words who had asked after it was acked that they are gone? */
const char *words_judge_heard(const struct words *words, const struct world *world);

/* Whoever asked then may have asked an old master that is cut off. */
bool is_asked_of_old(const struct world *world, uint64_t asked_ms);

#endif
