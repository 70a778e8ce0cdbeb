/* SPDX-License-Identifier: Apache-2.0 */
/* Who has sent how much: the dense counters that make a retry harmless (rule 8 of the log).
 *
 * A lineage is one tab of one device. Its text begins with the time of its birth, so a lineage that
 * was pushed out of the table is told from one that is new.
 */
#ifndef WEFT_CORE_CONVERSATION_LINEAGES_H
#define WEFT_CORE_CONVERSATION_LINEAGES_H

#include "base/name.h"

enum {
    LINEAGES_MAX = 48,
    LINEAGE_WINDOWS = 4, /* lineages whose last places are at hand */
    LINEAGE_WINDOW = 64, /* the published limit of unacked sends */
    LINEAGE_BIRTH_LEN = 10,
    LINEAGE_LEN = 10 + 1 + 13,
};

struct lineage_place {
    struct name at;
    uint64_t digest;
};

struct lineage {
    char id[LINEAGE_LEN];
    uint8_t window; /* 1 + index into windows; 0: none at hand */
    uint64_t highest;
    uint64_t used_seq; /* the entry of its last message */
};

struct lineages {
    uint16_t count;
    char forgotten_birth[LINEAGE_BIRTH_LEN]; /* no lineage born up to here is taken as new */
    struct lineage all[LINEAGES_MAX];
    struct lineage_place windows[LINEAGE_WINDOWS][LINEAGE_WINDOW];
};

enum lineage_answer {
    LINEAGE_NEXT,      /* append it */
    LINEAGE_ALREADY,   /* it has out_place */
    LINEAGE_OTHER,     /* another body has this number */
    LINEAGE_LONG_AGO,  /* it was taken; the place is no longer at hand */
    LINEAGE_AHEAD,     /* out_place->seq is the number to begin from */
    LINEAGE_MALFORMED, /* not of our making, or forgotten */
};

/* Writes a new lineage: LINEAGE_LEN characters. random: 8 bytes. */
void lineage_make(uint64_t now_ms, const uint8_t random[8], char out[LINEAGE_LEN]);
/* The spelling only. */
bool lineage_is_well_formed(struct slice id);
/* Of a well-formed one: milliseconds since 1970. */
uint64_t lineage_birth_ms(struct slice id);

enum lineage_answer lineages_ask(const struct lineages *lineages, struct slice id, uint64_t n,
        uint64_t digest, struct lineage_place *out_place);

/* Records that n of this lineage got this place. n must be the one that lineages_ask called next;
 * another n is ignored, as every node ignores it. */
void lineages_record(struct lineages *lineages, struct slice id, uint64_t n, uint64_t digest,
        const struct name *at);

#endif
