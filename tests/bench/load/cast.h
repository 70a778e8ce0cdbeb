/* SPDX-License-Identifier: Apache-2.0 */
/* The customers and agents (or bots) of the workloads in which people talk. */
#ifndef WEFT_BENCH_CAST_H
#define WEFT_BENCH_CAST_H

#include "load.h"

enum { UNACKED_MAX = 64 };

struct customer {
    struct line line;
    char conversation[ID_ROOM], lineage[LINEAGE_ROOM], owner[NAME_ROOM];
    uint64_t n, agent_n, acked_n;
    uint64_t sent_ns[UNACKED_MAX]; /* by n */
    uint64_t answered_ns;          /* the newest of the customer's words that were answered */
    uint32_t agent;
    bool is_here;
};

struct answer {
    uint64_t due_ns;
    uint32_t customer;
};

struct agent {
    struct line line;
    char lineage[LINEAGE_ROOM];
    uint32_t unacked;
    struct bytes held_back; /* answers: what the window of unacked sends has no room for */
};

struct cast {
    struct customer *customers;
    struct agent *agents;
    uint32_t agents_here, customers_here, customers_called, assigned, errors;
};

extern struct cast cast;

void cast_begin(void);            /* first of all */
void cast_call_agents(char kind); /* a agents, b bots: all are welcome when it returns */
void cast_call_customers(void);
/* Whoever has no agent says something, and an agent accepts each: nothing to do without routing.
 * After both were called, customers first: an agent who had a case in an earlier round is told of
 * it when they come, and then its customer has to be known. */
void cast_assign(void);
void cast_greet(struct line *line);
/* Who is there, offers, assignments, errors. Workloads pass all news on. */
void cast_on_news(struct line *line, const struct news *news);
struct customer *cast_customer(struct slice conversation); /* NULL: not one of ours */

void cast_customer_says(struct customer *customer, uint64_t due_ns);
/* Answers the words that were due then, once; as soon as the agent's window has room. */
void cast_agent_answers(struct customer *customer, uint64_t due_ns);
/* 200 bytes that say who speaks and when it was due. Static, until the next call. */
struct slice cast_text(char speaker, uint64_t due_ns);
/* When it was due, if this speaker said it in this run, else 0. */
uint64_t cast_due_ns(struct slice text, char speaker);

#endif
