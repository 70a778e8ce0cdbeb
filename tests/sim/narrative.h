/* SPDX-License-Identifier: Apache-2.0 */
/* A small world whose course is told in plain sentences: what people send and see, what is appended
 * to which log, and what breaks. A story says who is there and when something breaks; everything
 * else is what the flows do. */
#ifndef WEFT_TESTS_SIM_NARRATIVE_H
#define WEFT_TESTS_SIM_NARRATIVE_H

#include "world.h"

struct narrative;

struct story {
    const char *name, *title; /* of the file, of the story */
    const char *about;        /* a sentence or two before it begins */
    uint64_t seed, ms;
    unsigned node_count, messages;
    const char *const *words; /* of Ada's phone */
    bool is_lossy, has_bot, has_agent, has_laptop, calls_back;
    /* Of the conversation's log. true: the node never hears the answer. NULL: none. */
    bool (*on_append)(struct narrative *narrative, struct sim_node *sim, uint64_t seq);
    void (*on_frame)(struct narrative *narrative, struct sim_node *sim,
            const struct proto_frame *frame, bool is_to_node);
};

struct narrative {
    struct world world;
    const struct story *story;
    FILE *out;
    uint64_t began_ms;
    struct timer timer;
    void (*deed)(struct narrative *narrative);
    struct sim_node *sim; /* that the deed is done to */
    unsigned deeds;       /* so many have been done, or are about to be */
    bool is_over;
};

/* Writes the whole story. */
void narrative_run(const struct story *story, FILE *out);

/* A sentence, with the time before it. */
void narrate(struct narrative *narrative, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Does the deed as soon as what is going on is over. */
void narrative_do(
        struct narrative *narrative, struct sim_node *sim, void (*deed)(struct narrative *));

#endif
