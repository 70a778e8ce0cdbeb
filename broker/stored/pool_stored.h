/* SPDX-License-Identifier: Apache-2.0 */
/* How pool entries lie in a record: for pool_codec.c, which writes them, and pool_decode.c, which
 * reads them, only.
 *
 * Members are added, never reused; what is absent is zero. The kinds' numbers are stored:
 * POOL_ROUTER is 1 and the order of enum pool_kind never changes. */
#ifndef WEFT_STORED_POOL_STORED_H
#define WEFT_STORED_POOL_STORED_H

#include "proto/codec.h"

struct stored_level {
    struct slice n;
    uint64_t v;
};

struct stored_value {
    bool has_r, has_f, has_s, has_y, has_o, has_d, has_e, has_p, has_i, has_va, has_pr, has_we,
            has_fl, has_wt, has_bs;
    uint64_t k; /* kind */
    struct slice c;
    struct name r;        /* request: conversation, name */
    struct slice a;       /* agent */
    uint64_t f;           /* first queued */
    struct slice g, l, t; /* language, last agent, to agent */
    const struct stored_level *q;
    size_t q_count; /* requirements: v is 1 for must, plus 2 for each level that it asks for */
    uint64_t s;     /* status */
    uint64_t y;     /* capacity */
    const struct stored_level *w;
    size_t w_count; /* skills */
    const struct slice *u;
    size_t u_count; /* languages */
    struct slice m; /* agent's name */
    const struct stored_level *x;
    size_t x_count; /* exclusions */
    struct name o;  /* offer */
    uint64_t d;     /* deadline */
    uint64_t e;     /* until */
    const struct stored_level *z;
    size_t z_count;      /* terms */
    uint64_t p;          /* policy version */
    struct slice b;      /* reason */
    uint64_t i;          /* incarnation */
    struct slice policy; /* a policy's text */
    const uint64_t *n;
    size_t n_count; /* offered: chance, gap */
    const uint64_t *h;
    size_t h_count; /* pace: mean, samples, last, was waited */
    const uint64_t *j;
    size_t j_count; /* kept agent: since, idle since, missed, is removed */
    const uint64_t *v;
    size_t v_count;          /* kept request: state, queued, since, weighed */
    struct slice qu, ch, cl; /* queue, channel, class */
    uint64_t va;             /* value at stake */
    uint64_t pr;             /* promised moment */
    const struct slice *pf;
    size_t pf_count; /* preferred agents */
    uint64_t we;     /* what the case weighs */
    uint64_t fl;     /* FLAG_… */
    const struct slice *aq;
    size_t aq_count; /* the agent's queues */
    const struct stored_level *ac;
    size_t ac_count; /* what channels weigh for the agent */
    uint64_t wt;     /* weighed */
    struct slice sh; /* shift */
    struct name bs;  /* part: base */
    const uint64_t *pn;
    size_t pn_count; /* part: writer, index, is last, digest */
    struct slice pb; /* part: bytes; not in exports */
};

enum {
    FLAG_INTERRUPTIBLE = 1,
    FLAG_STRANDED = 2,
    FLAG_AUTO_ACCEPT = 4,
    FLAG_OVER = 8,
    MUST_BITS = 1,
    PART_NUMBERS = 4,
};

/* A record holds the values only; a line of an export says which record it was. */
struct stored_batch {
    struct name at;
    uint64_t t;
    const struct stored_value *v;
    size_t v_count;
};

extern const struct proto_shape pool_batch_shape, pool_line_shape;

#endif
