/* SPDX-License-Identifier: Apache-2.0 */
/* The policy of a pool: weights of the terms of a score, and the times of the steps.
 *
 * Passed in with each decision, so that a new version is in force at once. Folding never looks at
 * it: what a policy decided is in the entries.
 */
#ifndef WEFT_CORE_ROUTE_POLICY_H
#define WEFT_CORE_ROUTE_POLICY_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct route_setup; /* setup.h */

/* A new term is a new file in terms/, a constant here and a row in terms.c. */
enum route_term {
    ROUTE_TERM_DIRECT,     /* the agent whom the case was handed to by name */
    ROUTE_TERM_SKILL,      /* how well the agent knows what is asked for */
    ROUTE_TERM_LANGUAGE,   /* the customer's language */
    ROUTE_TERM_CONTINUITY, /* the contact's last agent */
    ROUTE_TERM_WILLING,    /* less for some time after the agent declined or missed this case */
    ROUTE_TERM_LOAD,       /* share of the capacity that is free */
    ROUTE_TERM_FAIRNESS,   /* longest idle */
    ROUTE_TERM_AGE,        /* how long the customer waits; the same for all agents */
    ROUTE_TERM_CLASS,      /* the customer's class (setup.h); the same for all agents */
    ROUTE_TERM_VALUE,      /* what is at stake; the same for all agents */
    ROUTE_TERM_PROMISE,    /* how much of the time until the promise is gone; for all agents */
    ROUTE_TERM_CALM,       /* taking it interrupts none of the agent's other work */
    ROUTE_TERM_COUNT,
};

enum { ROUTE_WEIGHT_MAX = 1000000 };

struct route_policy {
    uint64_t version;
    uint32_t weights[ROUTE_TERM_COUNT]; /* thousandths for a perfect match; 0: off */
    uint64_t offer_ms;                  /* an offer's life */
    uint64_t exclusion_ms;              /* after a decline or a missed offer */
    uint32_t missed_max;                /* missed in a row until the agent is set away; 0: never */
    uint64_t direct_ms; /* how long a case waits for the agent it was handed to by name */
    /* Steps, counted from the entry that queued the request; 0: never. */
    uint64_t relax_unknown_ms; /* then musts that no agent of the pool has become preferred */
    uint64_t relax_absent_ms;  /* then musts that no agent online has */
    uint64_t relax_busy_ms;    /* then all musts */
    uint64_t prefer_ms;        /* how long a case waits for the agents that it prefers */
    uint64_t grace_ms;         /* from offline until the agent's chats are orphans */
    uint64_t wrap_up_ms;       /* after a close the agent keeps the place for so long; 0: not */
    uint64_t silence_ms;       /* a customer unanswered for so long is queued again; 0: never */
    uint64_t idle_ms;          /* a chat silent for so long weighs idle_weight; 0: never */
    uint32_t idle_weight;      /* thousandths of a chat */
    bool auto_accept;          /* no agent is asked: what would be offered is assigned */
    uint64_t fairness_ms;      /* idle time that counts in full */
    uint64_t age_ms;           /* waiting time that counts in full; twice that counts twice */
    uint64_t continuity_ms;    /* a case prefers the last agent when it comes so soon after the
                                  last one; 0: never */
    uint64_t promise_ms;       /* what a case is promised when its queue says nothing; 0: nothing */
    uint64_t value_full;       /* the value at stake that counts in full */
    const struct route_setup *setup; /* channels, classes, queues; borrowed; NULL: none named */
};

struct route_policy route_policy_default(void);

/* The names that policies, offers and explanations use. */
struct slice route_term_name(enum route_term term);
bool route_term_find(struct slice name, enum route_term *out_term);

#endif
